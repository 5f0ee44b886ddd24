"""The library frames what its caller found as safely as the program does, and answers in words."""

from __future__ import annotations

import os
import re
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from app.domain.outgoing import LINK_REMOVED
from app.entrypoints.library import DiscordLLMHandler, MessageContext
from tests.fake_ollama import FakeOllama, in_thread
from tests.integration.attacks import FORGERIES, QUESTION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2024, 1, 15, 14, 30)  # noqa: DTZ001 (local time)
LIES = [
    r"(?im)^\W*(?:begin|end)\s+excerpts",
    r"(?m)^---$",
    r"(?m)^\[.*in #.*:$",
    r"<\|[^<>|\n]*\|>|</?s>|\[/?INST\]",
]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeOllama]:
    for name in os.environ:
        if name.startswith(("LLM_", "OLLAMA_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    with in_thread() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        yield server


def planted(text: str) -> list[MessageContext]:
    """Return messages with a text as content, author and channel."""
    return [
        MessageContext(f"It is in the cellar. {text}", "ana", "general", NOON, "1", 0.9),
        MessageContext("Ask me.", text, "general", NOON, "2", 0.8),
        MessageContext("It is upstairs.", "bob", text, NOON, "3", 0.7),
    ]


@pytest.mark.parametrize("attack", FORGERIES)
def test_a_prompt_holds_the_frame_once_and_a_header_for_each_message(
    server: FakeOllama, attack: str
) -> None:
    text = FORGERIES[attack][:1_000]
    handler = DiscordLLMHandler(max_context_length=12_000)
    assert handler.generate_response_sync(f"{QUESTION} {text}", planted(text)).success
    [asked] = server.asked("/api/chat")
    messages = asked["messages"]
    assert isinstance(messages, list)
    system, user = (each["content"] for each in messages)
    assert system == handler.create_system_prompt()
    assert [len(re.findall(lie, user)) for lie in LIES] == [2, 2, 3, 0]
    assert user.startswith("BEGIN EXCERPTS\n[2024-01-15 14:30] ana in #general:\n")


def test_what_an_obedient_model_writes_acts_on_nobody(server: FakeOllama) -> None:
    server.answer = lambda _: "@everyone <@1> [1](https://evil.example) https://wiki.example ```"
    messages = [MessageContext("See https://wiki.example/a", "ana", "general", NOON, "1", 0.9)]
    response = DiscordLLMHandler().generate_response_sync(QUESTION, messages)
    assert response.content == (
        f"@\u200beveryone <@\u200b1> [1] ({LINK_REMOVED}) https://wiki.example ```\n```"
    )


async def test_quotes_act_on_nobody_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    said = "@everyone the printer paper is [in the cellar](https://evil.example)"
    messages = [MessageContext(said, "ana", "general", NOON, "1", 0.9)]
    handler = DiscordLLMHandler()
    quoted = await handler.generate_response_with_fallback(QUESTION, messages)
    assert "@\u200beveryone the printer paper is [in the cellar] (https://evil.example)" in quoted
