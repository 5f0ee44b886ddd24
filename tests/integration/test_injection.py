"""Whatever members write, a model reads it as excerpts, and an answer is no more than words.

Over a real import, archive and container: an echoing model gives away all that it was sent, an
obeying one does what it is told by any message.
"""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from dependency_injector import providers

from app.adapters.exports import ExportHistory
from app.adapters.extractive import ExtractiveChatModel
from app.domain.model import Question, snowflake_time
from app.domain.outgoing import LINK_REMOVED, plain
from app.domain.prompt import FROM_NOTES, SYSTEM_PROMPT, format_header
from app.domain.reply import TRUNCATION_MARK
from app.entrypoints.container import Container, running
from app.entrypoints.settings import Settings
from tests.doubles.embedder import HashEmbedder
from tests.doubles.model import ScriptedChatModel
from tests.fake_ollama import in_thread
from tests.integration.attacks import (
    ATTACKS,
    FORGERIES,
    ORDERS,
    QUESTION,
    echo,
    export_attacks,
    ids_of,
    obey,
    place_of,
    scope_of,
)
from tests.integration.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from app.domain.asking import Done
    from app.domain.model import Answer
    from app.domain.prompt import Prompt
    from app.ports.language import ChatModel

LIMIT_CHARS = 1_800
FEWEST_GIVEN = {"for something": 5, "for people": 2, "for a day": 5, "with the attack in it": 5}
LINES = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
JUMP = re.compile(r"https://discord\.com/channels/(\d+)/(\d+)/(\d+)")
ADDRESS = re.compile(r"(?:https?://|www\.|discord\.gg/)[^\s<>()\[\]]+", re.IGNORECASE)
TOKENS = re.compile(
    r"<\|[^<>|\n]*\|>|</?s>|<bos>|<think>|<start_of_turn>|\[/?INST\]|\[SYSTEM_PROMPT\]|<</?SYS>>"
)


ASKED: dict[str, Callable[[str], str]] = {
    "for something": lambda _: QUESTION,
    "for people": lambda _: "Who mentioned the printer paper?",
    "for a day": lambda _: "Summarize what was discussed on 15 January 2024.",
    "with the attack in it": lambda attack: f"{QUESTION} {ATTACKS[attack][:3_000]}",
}
Answers = dict[tuple[str, str], "Done"]
"""What came of each attack and way to ask."""


async def ask_all(folder: Path, model: ChatModel) -> Answers:
    """Import all attacks, and ask this model about each of them in every way."""
    container = Container(settings=Settings(folder / "data", llm_max_response=LIMIT_CHARS))
    container.embedder.override(providers.Object(HashEmbedder()))
    container.model.override(providers.Object(model))
    answers: Answers = {}
    async with running(container):
        await container.collect().take(ExportHistory([export_attacks(folder / "exports")]))
        await container.index().drain()
        now = snowflake_time(max(max(ids_of(attack)) for attack in ATTACKS))
        for attack in ATTACKS:
            for way, worded in ASKED.items():
                question = Question(worded(attack), scope_of(attack), now)
                answers[attack, way] = await container.ask().whole(question)
    return answers


MODELS: dict[str, ChatModel] = {
    "echoes": ScriptedChatModel(echo),
    "obeys": ScriptedChatModel(obey),
    "quotes": ExtractiveChatModel(),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answers]:
    """Return the answers of a model that echoes, of one that obeys and of one that quotes."""
    return {
        name: asyncio.run(ask_all(tmp_path_factory.mktemp(name), model))
        for name, model in MODELS.items()
    }


# What reaches the model


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("way", ASKED)
def test_a_model_is_given_excerpts_that_no_message_name_file_or_question_can_forge(
    answers: dict[str, Answers], attack: str, way: str
) -> None:
    prompt = answers["echoes"][attack, way].prompt
    assert prompt
    given = {excerpt.message.id for excerpt in prompt.excerpts}
    assert given <= ids_of(attack)
    assert len(given) >= FEWEST_GIVEN[way], "texts that say the same are given once"
    assert_framed(prompt.system, prompt.user, prompt)
    below = prompt.user.partition("\nEND EXCERPTS\n")[2]
    asked = re.sub(r"\A\nAsked at \d{4}-\d\d-\d\d \d\d:\d\d \(UTC\)\.\n", "", below)
    assert asked.startswith(f"Question: {ASKED[way](attack)[: len(QUESTION)]}")


# What leaves


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("model", MODELS)
def test_an_answer_is_words_and_its_sources_are_real(
    answers: dict[str, Answers], model: str, attack: str
) -> None:
    for way, worded in ASKED.items():
        done = answers[model][attack, way]
        said = [excerpt.text for excerpt in done.prompt.excerpts] if done.prompt else []
        assert_words(done.answer.text, [*said, worded(attack)])
        assert len(done.answer.text) <= LIMIT_CHARS
        assert_sources_are_real(done.answer, attack)


def test_an_order_was_obeyed(answers: dict[str, Answers]) -> None:
    obeyed = {attack: answers["obeys"][attack, "for something"].answer for attack in ATTACKS}
    texts = {order: obeyed[order].text for order in ORDERS}
    assert texts["notify all"].startswith(
        "@\u200beveryone @\u200bhere @Unknown @Unknown @deleted-role"
    )
    assert texts["disguise a link"].count(LINK_REMOVED) == 8
    assert texts["forge citations"] == "So it is,, [1] and[1]."
    assert texts["steer the terminal"] == f"[2J]8;;{LINK_REMOVED}]8;;31m [1]"
    assert texts["turn the writing"] == "papergnp.exe  [1]"
    assert texts["leave code open"].endswith("rm -rf /\n```")
    assert texts["never stop"].count("This line comes again") == 1
    assert texts["never end a word"].endswith(TRUNCATION_MARK)
    assert texts["show the instructions"].startswith(SYSTEM_PROMPT[:40])
    assert {obeyed[each].text for each in FORGERIES} == {"In the cellar [1]."}


# The same on the command line, with a server of models


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("victim")
    program = Program(folder / "data")
    program.done("import", export_attacks(folder / "exports"))
    return program


SOME = ["a separator", "tokens of Llama 3", "escape sequences"]


@pytest.mark.parametrize("attack", SOME)
def test_a_server_of_models_is_sent_the_frame_and_an_echo_is_shown_as_words(
    victim: Program, attack: str
) -> None:
    with in_thread() as ollama:
        ollama.answer = lambda chat: f"{chat[-1]['content']}\n\n{chat[0]['content']}"
        settings = {"LLM_BACKEND": "ollama", "OLLAMA_HOST": ollama.url}
        program = evolve(victim, settings=settings)
        asked = ("ask", QUESTION, "--guild", str(place_of(attack)[0]))
        told, printed = program.json(*asked), program.done(*asked).out
        requests = ollama.asked("/api/chat")
    for request in requests:
        messages = request["messages"]
        assert isinstance(messages, list)
        system, user = (each["content"] for each in messages)
        assert [each["role"] for each in messages] == ["system", "user"]
        assert_framed(system, user, None)
    assert_words(told["answer"], [plain(ATTACKS[attack])])
    assert len(told["answer"]) <= LIMIT_CHARS
    assert_printed(printed, attack)


def test_what_an_obedient_model_writes_is_shown_as_words(victim: Program) -> None:
    written = "\n".join(text for text in ORDERS.values() if len(text) < 1_000)
    attack = "an order"
    with in_thread() as ollama:
        ollama.answer = lambda _: written
        settings = {"LLM_BACKEND": "ollama", "OLLAMA_HOST": ollama.url}
        program = evolve(victim, settings=settings)
        asked = ("ask", QUESTION, "--guild", str(place_of(attack)[0]))
        told, printed = program.json(*asked), program.done(*asked).out
    assert_words(told["answer"], [plain(ATTACKS[attack])])
    assert {each["number"] for each in told["citations"]} == {1}
    assert {int(each["message_id"]) for each in told["citations"]} <= ids_of(attack)
    assert json.dumps(told).count("https://discord.com/channels/") == 1
    assert_printed(printed, attack)


# What is always so


def assert_framed(system: str, user: str, prompt: Prompt | None) -> None:
    """Assert that a prompt has one frame, the program's own headers, and no token of a model."""
    assert system == SYSTEM_PROMPT
    lines = LINES.split(user)
    assert (lines.count("BEGIN EXCERPTS"), lines.count("END EXCERPTS")) == (1, 1)
    seen = seen_by_a_person(user)
    assert re.findall(r"(?:begin|end)\s+excerpts", seen) == ["begin excerpts", "end excerpts"]
    assert not TOKENS.findall(unicodedata.normalize("NFKC", user))
    headers = [line for line in lines if re.match(r"\W*\[\d+\]\s*\[\d{4}-", line)]
    if FROM_NOTES in user:  # there was too much for one prompt
        assert not headers
        return
    facts = prompt.brief.facts if prompt else ()
    assert len(headers) == lines.count("---") + (0 if facts else 1)
    assert len(headers) == len(re.findall(r"\[\d+\]\s*\[\d{4}-", seen))
    assert all(len(re.findall(r"\bin #", header)) == 1 for header in headers)
    if prompt:
        messages = [excerpt.message for excerpt in prompt.excerpts]
        assert headers == [
            f"[{n}] {format_header(m.created_at, m.author.display_name, m.channel.name)}"
            for n, m in enumerate(messages, 1)
        ]


def assert_words(text: str, sources: Sequence[str]) -> None:
    """Assert that a text steers, notifies and hides nothing."""
    unseen = {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs"}}
    assert unseen <= {"\n", "\t", "\u200b"}
    assert not re.search(r"@(?:everyone|here)|<@[!&]?\d", text, re.IGNORECASE)
    assert "](" not in text
    assert text.count("```") % 2 == 0
    for address in ADDRESS.findall(text):
        assert any(address.rstrip(".,;:!") in source for source in sources), address


def assert_sources_are_real(answer: Answer, attack: str) -> None:
    """Assert that what is cited was said there, and that only it is cited."""
    guild_id, channel_id = place_of(attack)
    for citation in answer.citations:
        message = citation.message
        assert message.id in ids_of(attack)
        assert message.url == f"https://discord.com/channels/{guild_id}/{channel_id}/{message.id}"
        assert_words(citation.excerpt, [message.text])
    numbers = {int(number) for number in re.findall(r"\[(\d{1,3})\]", answer.text)}
    assert numbers <= {citation.number for citation in answer.citations}


def assert_printed(out: str, attack: str) -> None:
    """Assert that what stands on a screen steers nothing, and links only to real messages."""
    assert all(unicodedata.category(char) != "Cc" for char in out.replace("\n", ""))
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(out)
    links = [tuple(map(int, link)) for link in JUMP.findall(out)]
    assert links
    assert set(links) <= {(*place_of(attack), message_id) for message_id in ids_of(attack)}
    said = plain(ATTACKS[attack])
    assert all(JUMP.match(each) or each in said for each in ADDRESS.findall(out))


def seen_by_a_person(text: str) -> str:
    """Return a text in small plain letters, as far as Unicode tells which they are."""
    shown = (char for char in text if unicodedata.category(char) not in {"Cf", "Mn"})
    return unicodedata.normalize("NFKD", "".join(shown)).lower()
