"""Choosing between two models by whether the first can serve."""

import pytest

from app.adapters.preferred import CHOICE_SECONDS, PreferredChatModel
from app.domain.errors import ModelUnavailable
from app.domain.prompt import Prompt
from app.ports.language import ChatModel, Completion, Readiness, Token
from tests.doubles.clock import FrozenClock
from tests.doubles.model import BrokenChatModel, ScriptedChatModel

PROMPT = Prompt("", "", "why?")
DOWN = BrokenChatModel(ModelUnavailable("No Ollama answers at http://gone: start it."))


async def answer(model: ChatModel) -> tuple[str, Completion]:
    pieces = [piece async for piece in model.stream(PROMPT, 100)]
    assert isinstance(pieces[-1], Completion)
    return "".join(piece.text for piece in pieces if isinstance(piece, Token)), pieces[-1]


async def test_the_first_model_answers_where_it_is_ready() -> None:
    model = PreferredChatModel(
        ScriptedChatModel("first"), ScriptedChatModel("second"), FrozenClock()
    )
    text, completion = await answer(model)
    assert text == "first"
    assert completion.note is None


async def test_the_second_answers_where_the_first_is_down_and_says_why() -> None:
    model = PreferredChatModel(DOWN, ScriptedChatModel("second", name="quotes"), FrozenClock())
    text, completion = await answer(model)
    assert text == "second"
    assert completion.model == "quotes"
    assert completion.note == (
        "answered with quotes, because no Ollama answers at http://gone"
        " (`discord-indexer doctor` says what to do)"
    )
    assert model.name == "quotes"
    readiness = await model.readiness()
    assert readiness.state == "ok"
    assert readiness.detail == "quotes, because no Ollama answers at http://gone"


@pytest.mark.parametrize(
    ("detail", "cause"),
    [
        ("No Ollama answers at http://gone:1: start it.", "no Ollama answers at http://gone:1"),
        (
            "Ollama at http://a:1 does not have llama3.2:3b: run `ollama pull llama3.2:3b`",
            "Ollama at http://a:1 does not have llama3.2:3b",
        ),
        (
            "What answers at http://a does not speak it.",
            "what answers at http://a does not speak it",
        ),
        ("Nottingham", "Nottingham"),
        ("", ""),
    ],
)
def test_a_detail_says_its_cause_without_the_remedy(detail: str, cause: str) -> None:
    assert Readiness("down", detail).cause == cause


async def test_a_choice_holds_for_a_while_and_is_then_made_anew() -> None:
    clock = FrozenClock()
    model = PreferredChatModel(DOWN, ScriptedChatModel("second"), clock)
    await answer(model)
    model.first = ScriptedChatModel("first")
    clock.pass_by(CHOICE_SECONDS - 1)
    assert (await answer(model))[0] == "second"
    clock.pass_by(2)
    assert (await answer(model))[0] == "first"
