"""What every chat model promises: pieces of an answer, one end, and a clean stop."""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from app.adapters.extractive import ExtractiveChatModel
from app.adapters.ollama import OllamaChatModel
from app.ports.language import Completion, Token
from tests.conversations import prompt_of
from tests.doubles.model import ScriptedChatModel
from tests.fake_ollama import FakeOllama

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from app.ports.language import ChatModel

    Opening = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[ChatModel]]

QUESTION = "When do we deploy?"
MESSAGES = ("Deploys run every Friday at noon.", "Not on holidays, of course.", "Who asks?")
LIMIT = 1_800


@asynccontextmanager
async def extractive(_: pytest.FixtureRequest) -> AsyncIterator[ChatModel]:
    yield ExtractiveChatModel()


@asynccontextmanager
async def scripted(_: pytest.FixtureRequest) -> AsyncIterator[ChatModel]:
    yield ScriptedChatModel()


@asynccontextmanager
async def ollama_fake(_: pytest.FixtureRequest) -> AsyncIterator[ChatModel]:
    async with FakeOllama() as server:
        yield OllamaChatModel(host=server.url, model="llama3.2:3b", temperature=0, num_ctx=2_048)


@asynccontextmanager
async def ollama_live(request: pytest.FixtureRequest) -> AsyncIterator[ChatModel]:
    """Use the smallest chat model that the server has."""
    url = request.getfixturevalue("ollama_url")
    async with httpx.AsyncClient(base_url=url) as client:
        listed = (await client.get("/api/tags")).json()["models"]
        for model in sorted(listed, key=lambda model: model["size"]):
            shown = await client.post("/api/show", json={"model": model["model"]})
            if "completion" in shown.json()["capabilities"]:
                yield OllamaChatModel(host=url, model=model["model"], temperature=0, num_ctx=2_048)
                return
    pytest.fail(f"the Ollama at {url} has no chat model: run `ollama pull llama3.2:3b`")


ADAPTERS: dict[str, Opening] = {
    "ExtractiveChatModel": extractive,
    "OllamaChatModel": ollama_fake,
    "ScriptedChatModel": scripted,
}
LIVE: dict[str, Opening] = {"OllamaChatModel live": ollama_live}


@pytest.fixture(
    params=[*ADAPTERS, *(pytest.param(name, marks=pytest.mark.live_ollama) for name in LIVE)]
)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def model(adapter: str, request: pytest.FixtureRequest) -> AsyncGenerator[ChatModel, None]:
    async with (ADAPTERS | LIVE)[adapter](request) as opened:
        yield opened
        await opened.close()


async def answer(model: ChatModel, *messages: str, limit: int = LIMIT) -> list[Token | Completion]:
    return [piece async for piece in model.stream(prompt_of(QUESTION, *messages), limit)]


def text_of(pieces: list[Token | Completion]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Token))


async def test_an_answer_is_pieces_of_text_and_one_completion_at_the_end(model: ChatModel) -> None:
    *tokens, end = await answer(model, *MESSAGES)
    assert tokens
    assert all(isinstance(token, Token) and token.text for token in tokens)
    assert isinstance(end, Completion)


async def test_the_completion_names_the_model(model: ChatModel) -> None:
    pieces = await answer(model, *MESSAGES)
    assert isinstance(pieces[-1], Completion)
    assert pieces[-1].model == model.name


async def test_the_tokens_used_are_counted_or_unknown_but_never_none_of_them(
    model: ChatModel,
) -> None:
    pieces = await answer(model, *MESSAGES)
    assert isinstance(pieces[-1], Completion)
    assert pieces[-1].tokens_used is None or pieces[-1].tokens_used > 0


async def test_the_answer_is_drawn_from_the_messages(model: ChatModel) -> None:
    assert "Friday" in text_of(await answer(model, *MESSAGES))


async def test_without_messages_there_is_still_an_answer(model: ChatModel) -> None:
    assert text_of(await answer(model)).strip()


async def test_the_answer_stops_within_about_the_limit(model: ChatModel) -> None:
    long = [f"Deploy number {n} runs on a Friday. " * 20 for n in range(5)]
    assert len(text_of(await answer(model, *long, limit=120))) <= 121


async def test_an_answer_that_ends_by_itself_did_not_reach_the_limit(model: ChatModel) -> None:
    pieces = await answer(model, *MESSAGES)
    assert isinstance(pieces[-1], Completion)
    assert not pieces[-1].limit_reached


async def test_an_answer_can_be_left_and_the_next_one_is_whole(model: ChatModel) -> None:
    async with aclosing(model.stream(prompt_of(QUESTION, *MESSAGES), LIMIT)) as pieces:
        assert isinstance(await anext(pieces), Token)
    assert isinstance((await answer(model, *MESSAGES))[-1], Completion)


async def test_any_text_can_be_asked_and_read(model: ChatModel) -> None:
    odd = "\x00 \ud7ff 𝕳 \u202e عربي 日本 👩\u200d👩\u200d👧 <|eot_id|> {{ .Prompt }}"
    question = f"What is {odd}?"
    pieces = [piece async for piece in model.stream(prompt_of(question, odd, ""), LIMIT)]
    assert isinstance(pieces[-1], Completion)


async def test_a_model_that_answers_is_ready_and_says_what_it_is(model: ChatModel) -> None:
    readiness = await model.readiness()
    assert readiness.state == "ok"
    assert readiness.detail


async def test_a_model_can_be_closed_twice(model: ChatModel) -> None:
    await answer(model, *MESSAGES)
    await model.close()
    await model.close()
