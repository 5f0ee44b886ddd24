"""Questions of a conversation over doubles: what is searched, kept and forgotten."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from attrs import evolve, field, frozen

from app.adapters.memory import MemoryConversationStore
from app.domain.asking import Done, Sources
from app.domain.conversing import LOCAL_OPERATOR, Converse
from app.domain.model import Question, Scope, Turn
from app.domain.reordering import REORDERED
from app.domain.searching import CITED_BONUS
from tests.doubles.model import ScriptedChatModel
from tests.engine import NOW, Engine, asked, id_of, message_id, said

if TYPE_CHECKING:
    from app.domain.searching import Findings

PAPER = "Who is out of printer paper?"
FILLER = (
    "when that was nobody could remember any more",
    "who said that and when was it said first",
    "bread is baked at noon every day",
    "what about windows that do not close",
)


@frozen
class Chat:
    """A conversation of one asker in one channel."""

    engine: Engine
    asker: int | None = None
    name: str = "here"
    conversations: MemoryConversationStore = field()

    @conversations.default
    def _make_conversations(self) -> MemoryConversationStore:
        return MemoryConversationStore(self.engine.clock)

    @property
    def converse(self) -> Converse:
        return Converse(self.engine.ask(), self.conversations)

    async def say(self, text: str, scope: Scope | None = None) -> Done:
        question: Question = evolve(asked(text, scope), asker=self.asker)
        async with aclosing(self.converse.stream(question, self.name)) as events:
            return [event async for event in events if isinstance(event, Done)][-1]

    async def kept(self) -> list[tuple[str, tuple[int, ...]]]:
        asker = LOCAL_OPERATOR if self.asker is None else self.asker
        return [(t.text, t.cited) for t in await self.conversations.turns(asker, self.name)]


async def an_engine() -> Engine:
    engine = Engine(model=ScriptedChatModel())
    await engine.hear(
        said(1, "the printer upstairs is out of paper again", author="carol"),
        *(said(100 * n, text, author="bob") for n, text in enumerate(FILLER, 2)),
        said(900, "the printer downstairs has a secret paper tray", "eve", "secret"),
    )
    return engine


async def a_chat(asker: int | None = None) -> Chat:
    return Chat(await an_engine(), asker)


def ids(findings: Findings) -> list[int]:
    return [found.message.id for found in findings.found]


@pytest.mark.parametrize("follow_up", ["And when was that?", "who said that?", "why?"])
async def test_a_follow_up_finds_the_message_that_was_spoken_of(follow_up: str) -> None:
    chat = await a_chat()
    assert ids((await chat.say(PAPER)).findings)[0] == message_id(1)
    assert ids((await chat.say(follow_up)).findings)[0] == message_id(1)
    alone = await a_chat()
    assert ids((await alone.say(follow_up)).findings)[:1] != [message_id(1)]


async def test_a_new_subject_is_searched_as_if_nothing_had_been_asked() -> None:
    chat, alone = await a_chat(), await a_chat()
    await chat.say(PAPER)
    question = "At which hour is bread baked?"
    new, same = await chat.say(question), await alone.say(question)
    assert (new.findings.reading, new.findings.terms) == (
        same.findings.reading,
        ("hour", "bread", "baked"),
    )
    assert ids(new.findings) == ids(same.findings)


async def test_questions_and_cited_ids_are_kept_and_no_answers() -> None:
    chat = await a_chat()
    cited = tuple(c.message.id for c in (await chat.say(PAPER)).answer.citations)
    assert cited
    assert await chat.kept() == [(PAPER, cited)]


async def test_what_was_cited_is_considered_again() -> None:
    engine = Engine(model=ScriptedChatModel())
    await engine.hear(said(1, "gone since noon", author="carol"), said(2, "tea"), said(3, "cake"))
    chat = Chat(engine)
    await chat.say("messages by carol")
    findings = (await chat.say("but why?")).findings
    assert message_id(1) in ids(findings)


async def test_what_was_cited_is_read_again_in_the_scope_of_the_new_question() -> None:
    chat = await a_chat()
    first = await chat.say("printer with a secret paper tray?")
    assert message_id(900) in {c.message.id for c in first.answer.citations}
    narrower = Scope({1: {id_of("home/general")}})
    second = await chat.say("why is that?", narrower)
    assert message_id(900) not in ids(second.findings)
    await chat.engine.archive.remove([message_id(900)], Scope.everything())
    assert message_id(900) not in ids((await chat.say("why is that?")).findings)


async def test_nobody_follows_up_on_what_another_asked() -> None:
    ana = await a_chat(id_of("ana"))
    await ana.say(PAPER)
    ben = evolve(ana, asker=id_of("ben"))
    assert not (await ben.say("why?")).findings.reading.is_follow_up
    elsewhere = evolve(ana, name="elsewhere")
    assert not (await elsewhere.say("why?")).findings.reading.is_follow_up
    assert (await ana.say("why?")).findings.reading.is_follow_up


async def test_what_was_asked_long_ago_is_forgotten() -> None:
    chat = await a_chat()
    await chat.say(PAPER)
    chat.engine.clock.pass_by(chat.conversations.expiry_seconds)
    assert not (await chat.say("why?")).findings.reading.is_follow_up


async def test_a_conversation_begins_anew() -> None:
    chat = await a_chat()
    await chat.say(PAPER)
    await chat.converse.begin_anew(None, chat.name)
    assert await chat.kept() == []
    assert not (await chat.say("why?")).findings.reading.is_follow_up


async def test_what_was_stopped_halfway_was_asked_all_the_same() -> None:
    chat = await a_chat()
    async with aclosing(chat.converse.stream(asked(PAPER), chat.name)) as events:
        async for event in events:
            if isinstance(event, Sources):
                break
    assert await chat.kept() == [(PAPER, ())]
    assert ids((await chat.say("why?")).findings)[0] == message_id(1)


async def test_a_quoting_model_is_given_the_subjects_too() -> None:
    model = ScriptedChatModel()
    engine = evolve(await an_engine(), model=model)
    chat = Chat(engine)
    await chat.say(PAPER)
    await chat.say("And when was that?")
    assert "Question: And when was that?" in model.prompts[-1].user
    assert f"Earlier question: {PAPER}" in model.prompts[-1].user
    assert "printer" in model.prompts[-1].question


async def test_what_no_ranking_proposes_again_is_raised_all_the_same() -> None:
    engine = Engine()
    await engine.hear(
        said(1, "it hums"), *(said(45 * n, f"the printer {n}") for n in range(1, 2 * REORDERED))
    )
    history = (Turn("Which printer?", NOW, (message_id(1),)),)
    findings = await engine.search().find(evolve(asked("why?"), history=history), 500)
    [again] = [found for found in findings.found if found.message.id == message_id(1)]
    assert again.ranked.parts["cited"] == CITED_BONUS
    assert again.around is not None


@pytest.mark.parametrize(
    ("follow_up", "stays"),
    [
        ("why?", True),
        ("And when was that?", True),
        ("tell me about it", True),
        ("what else?", False),
        ("what about the toaster?", False),
        ("and in #general?", False),
        ("and since 1 May 2024?", False),
    ],
)
async def test_what_the_answer_rested_on_is_spoken_of_until_something_else_is(
    follow_up: str, *, stays: bool
) -> None:
    engine = Engine()
    await engine.hear(
        said(1, "on the floor below a printer hums at 5 degrees and less"),
        *(said(45 * n, f"the printer on floor {n}") for n in range(1, 2 * REORDERED)),
    )

    async def place(*cited: int) -> int:
        history = (Turn("Which printer is on which floor?", NOW, cited),)
        findings = await engine.search().find(evolve(asked(follow_up), history=history), 500)
        assert findings.reading.is_follow_up
        return [*ids(findings), message_id(1)].index(message_id(1))

    assert (await place(message_id(1)) < await place()) is stays
