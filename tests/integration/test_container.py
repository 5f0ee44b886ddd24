"""Swapping parts: every provider gives way to its double, behind every entry point."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from dependency_injector import providers

from app.domain.indexing import Index
from app.domain.model import Scope
from app.entrypoints.cli.program import main
from app.entrypoints.container import Container
from app.entrypoints.library import DiscordLLMHandler, MessageContext
from tests.doubles.archive import MemoryMessageArchive
from tests.doubles.clock import FrozenClock
from tests.doubles.embedder import HashEmbedder
from tests.doubles.index import MemoryVectorIndex
from tests.doubles.model import ScriptedChatModel
from tests.engine import message_id, pages, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from app.entrypoints.settings import Settings

SAID = said(1, "install firefox with apt")
QUESTION = "how do I install firefox?"


def an_archive() -> MemoryMessageArchive:
    archive = MemoryMessageArchive()
    asyncio.run(archive.store(pages(SAID)[0]))
    return archive


def an_index() -> MemoryVectorIndex:
    """Return an index that knows the message by the vector of the double."""
    embedder = HashEmbedder()
    index = MemoryVectorIndex(embedder.identity)
    asyncio.run(Index(an_archive(), index, embedder, Scope.everything()).drain())
    return index


DOUBLES: dict[str, Callable[[], object]] = {
    "archive": an_archive,
    "clock": lambda: FrozenClock(datetime(2024, 6, 1, tzinfo=UTC)),
    "embedder": HashEmbedder,
    "extractive": lambda: ScriptedChatModel(name="double of extractive"),
    "model": lambda: ScriptedChatModel(name="double of model"),
    "ollama": lambda: ScriptedChatModel(name="double of ollama"),
    "vectors": an_index,
}
COMPOSED = {"ask", "collect", "forget", "index", "search"}
"""Use cases: made of the parts above, and the same whichever those are."""
GIVEN = {"closing", "settings"}


@pytest.fixture(autouse=True)
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out; no Ollama answers at this address."""
    monkeypatch.chdir(tmp_path)
    for name in ("LLM_MODEL_NAME", "LLM_PRESET", "CHROMA_URL", "DATABASE_URL", "DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("LLM_BACKEND", "extractive")


@pytest.fixture
def swapped() -> Iterator[Callable[[str], None]]:
    """Return what puts a part's double in its place, until the end of the test."""

    def swap(name: str) -> None:
        getattr(Container, name).override(providers.Object(DOUBLES[name]()))

    yield swap
    for name in DOUBLES:
        getattr(Container, name).reset_override()


def filled(settings: Settings) -> Container:
    """Build the container, and tell its archive the message, whichever archive it is."""
    container = Container(settings=settings)

    async def fill() -> None:
        archive = container.archive()
        await archive.open()
        await archive.store(pages(SAID)[0])
        await archive.close()

    asyncio.run(fill())
    return container


def test_every_provider_has_a_double_or_is_made_of_those_that_have() -> None:
    assert set(Container.providers) == DOUBLES.keys() | COMPOSED | GIVEN


@pytest.mark.parametrize("name", DOUBLES)
def test_the_command_line_answers_whichever_part_is_swapped(
    name: str,
    swapped: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if name == "ollama":
        monkeypatch.setenv("LLM_BACKEND", "ollama")
    if name == "vectors":
        swapped("embedder")  # its vectors are of that double
    swapped(name)
    with pytest.raises(SystemExit) as ended:
        main(["--data-dir", str(tmp_path / "data"), "ask", QUESTION, "--json"], filled)
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0
    assert [citation["message_id"] for citation in answer["citations"]] == [str(message_id(1))]
    if name in {"extractive", "model", "ollama"}:
        assert answer["model_used"] == f"double of {name}"


@pytest.mark.parametrize(("name", "backend"), [("extractive", "extractive"), ("ollama", "ollama")])
def test_the_library_answers_with_the_model_that_is_swapped_in(
    name: str,
    backend: str,
    swapped: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LLM_BACKEND", backend)
    swapped(name)
    context = MessageContext(SAID.content, "ana", "general", SAID.created_at, str(SAID.id))
    response = DiscordLLMHandler().generate_response_sync(QUESTION, [context])
    assert response.success
    assert SAID.content in response.content
