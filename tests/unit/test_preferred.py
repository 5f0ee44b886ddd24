"""Choosing between two models by whether the first can serve."""

from app.adapters.preferred import CHOICE_SECONDS, PreferredChatModel
from app.domain.errors import ModelUnavailable
from app.domain.prompt import Prompt
from app.ports.language import ChatModel, Completion, Token
from tests.doubles.clock import FrozenClock
from tests.doubles.model import BrokenChatModel, ScriptedChatModel

PROMPT = Prompt("", "", "why?")
DOWN = BrokenChatModel(ModelUnavailable("There is no Ollama."))


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
    assert completion.note == "There is no Ollama"
    assert model.name == "quotes"
    readiness = await model.readiness()
    assert readiness.state == "ok"
    assert readiness.detail == "quotes, since There is no Ollama"


async def test_a_choice_holds_for_a_while_and_is_then_made_anew() -> None:
    clock = FrozenClock()
    model = PreferredChatModel(DOWN, ScriptedChatModel("second"), clock)
    await answer(model)
    model.first = ScriptedChatModel("first")
    clock.pass_by(CHOICE_SECONDS - 1)
    assert (await answer(model))[0] == "second"
    clock.pass_by(2)
    assert (await answer(model))[0] == "first"
