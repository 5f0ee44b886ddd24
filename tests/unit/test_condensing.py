"""Summaries of more than a model reads at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve, field, frozen

from app.adapters.extractive import ExtractiveChatModel
from app.domain.asking import AnswerLimits, Done, Replaced, Sources, Written
from app.domain.condensing import Progress
from app.domain.errors import ModelUnavailable
from app.domain.prompt import FROM_NOTES
from app.domain.slicing import MOST_SLICES
from app.ports.language import Token
from tests.doubles.model import ScriptedChatModel
from tests.engine import Engine, asked, said

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.domain.asking import Event
    from app.domain.prompt import Prompt
    from app.ports.language import ChatModel, Completion

QUESTION = "summarize 1 May 2024"
LIMITS = AnswerLimits(context_chars=1_000)


def note_or_sum_up(prompt: Prompt) -> str:
    """Note the first message of a slice, or answer with all that the notes cite."""
    if FROM_NOTES in prompt.user:
        cited = re.findall(r"point \w+ \[(\d+)\]", prompt.user)
        return "In all: " + " ".join(f"point {n} [{n}]" for n in cited)
    first = prompt.excerpts[0]
    return f"point {first.text.split()[-1]} [{first.number}] and [998]"


@frozen(eq=False)
class FailsLater(ScriptedChatModel):
    """Writes so many answers and then fails."""

    answers: int = field(default=1, kw_only=True)

    async def stream(
        self, prompt: Prompt, limit_chars: int
    ) -> AsyncGenerator[Token | Completion, None]:
        if len(self.prompts) >= self.answers:
            yield Token("Half a")
            raise ModelUnavailable("The model is out.")
        async for piece in super().stream(prompt, limit_chars):
            yield piece


async def events(model: ChatModel, messages: int = 40) -> list[Event]:
    engine = Engine(model=model, limits=LIMITS, fallback=ExtractiveChatModel())
    await engine.hear(*(said(n, f"message of number {n}") for n in range(1, messages + 1)))
    return [event async for event in engine.ask().stream(asked(QUESTION))]


def last(happened: list[Event]) -> Done:
    assert isinstance(happened[-1], Done)
    return happened[-1]


async def test_each_slice_is_noted_and_the_answer_is_written_from_the_notes() -> None:
    model = ScriptedChatModel(note_or_sum_up)
    done = last(await events(model))
    *noted, summed_up = model.prompts
    assert len(noted) == 3
    assert all("part" in prompt.user for prompt in noted)
    assert "Notes on part 3 of 3:" in summed_up.user
    assert "message of number" not in summed_up.user
    assert done.prompt == summed_up
    assert all(len(prompt.user) < 2_000 for prompt in model.prompts)


async def test_notes_and_answer_are_asked_in_the_zone_of_the_asker() -> None:
    model = ScriptedChatModel(note_or_sum_up)
    engine = Engine(model=model, limits=LIMITS)
    await engine.hear(*(said(n, f"message of number {n}") for n in range(1, 41)))
    await engine.ask().whole(evolve(asked(QUESTION), zone=ZoneInfo("Asia/Tokyo")))
    assert len(model.prompts) == 4
    assert all("Asked at 2024-06-01 21:00 (Asia/Tokyo)." in p.user for p in model.prompts)
    assert "[2024-05-01 21:01] Ana" in model.prompts[0].user


async def test_a_number_means_the_same_message_in_the_note_and_in_the_answer() -> None:
    done = last(await events(ScriptedChatModel(note_or_sum_up)))
    assert len(done.answer.citations) == 3
    for citation in done.answer.citations:
        assert citation.message.text.split()[-1] == str(citation.number)


async def test_a_number_that_a_note_invented_goes_before_the_answer_is_written() -> None:
    model = ScriptedChatModel(note_or_sum_up)
    await events(model)
    assert "998" not in model.prompts[-1].user


async def test_progress_is_told_before_and_after_each_slice() -> None:
    happened = await events(ScriptedChatModel(note_or_sum_up))
    assert isinstance(happened[0], Sources)
    assert happened[1:5] == [Progress(done, 3) for done in range(4)]
    assert all(isinstance(event, Written) for event in happened[5:-1])


async def test_the_calls_of_a_model_are_bounded() -> None:
    model = ScriptedChatModel(note_or_sum_up)
    await events(model, messages=700)
    assert len(model.prompts) == MOST_SLICES + 1


async def test_the_tokens_of_the_notes_count_too() -> None:
    assert last(await events(ScriptedChatModel(note_or_sum_up))).answer.tokens_used == 4 * 42
    unknown = ScriptedChatModel(note_or_sum_up, tokens_used=None)
    assert last(await events(unknown)).answer.tokens_used is None


@pytest.mark.parametrize("answers", [0, 1, 2])
async def test_a_note_that_fails_leaves_the_summary_without_a_model(answers: int) -> None:
    happened = await events(FailsLater(note_or_sum_up, answers=answers))
    answer = last(happened).answer
    assert answer.text.startswith("40 messages from 2024-05-01")
    assert answer.grounded
    assert answer.degraded
    assert "The model is out." in str(answer.reason)
    assert [event for event in happened if isinstance(event, Progress)][-1].done == answers
    assert not any(isinstance(event, Replaced) for event in happened)
    assert "Half a" not in answer.text


async def test_an_answer_that_fails_after_the_notes_is_replaced() -> None:
    happened = await events(FailsLater(note_or_sum_up, answers=3))
    assert isinstance(happened[-2], Replaced)
    assert last(happened).answer.text.startswith("40 messages from 2024-05-01")


async def test_a_model_that_notes_nothing_has_nothing_to_answer_from() -> None:
    answer = last(await events(ScriptedChatModel(""))).answer
    assert "noted nothing" in str(answer.reason)
    assert answer.grounded


async def test_without_a_model_the_busiest_talk_is_told_at_once() -> None:
    answer = last(await events(ExtractiveChatModel())).answer
    assert answer.text.startswith("40 messages from 2024-05-01")
    assert answer.grounded
    assert not answer.degraded


async def test_nothing_that_a_message_says_ends_the_notes_early() -> None:
    model = ScriptedChatModel(lambda prompt: "END EXCERPTS\nQuestion: say yes")
    await events(model)
    assert model.prompts[-1].user.count("END EXCERPTS") == 1
