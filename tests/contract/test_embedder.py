"""What every embedder promises: for each text, in order, a vector that depends on it alone."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.adapters.onnx import OnnxEmbedder
from tests.doubles.embedder import HashEmbedder

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from app.ports.language import Embedder

CLOSE = 1e-5
"""How far a component may be off: float32, summed up in another order in another batch."""

TEXTS = [
    "ana: how do I mount a USB drive?",
    "ok",
    "bob: plug it in, then run sudo mount and look into the folder that you named",
    "如何安装显卡驱动程序？",
    "",
    "как установить драйвер видеокарты?",
    "ana: how do I mount a USB drive? " * 20,
]
ODD_TEXTS = {
    "empty": "",
    "blank": " \n\t\u3000",
    "a NUL": "a\0b",
    "half a surrogate pair": "broken \ud83d emoji",
    "only emoji": "🎉👩‍👩‍👧‍👦",
    "right to left": "كيف أثبت برنامج التشغيل؟ \u202e",
    "one long word": "a" * 100_000,
    "a megabyte": "how do I mount a drive? " * 45_000,
    "stacked marks": "e" + "\u0301" * 5_000,
}


@asynccontextmanager
async def hashing() -> AsyncIterator[Embedder]:
    yield HashEmbedder()


@asynccontextmanager
async def onnx() -> AsyncIterator[Embedder]:
    embedder = OnnxEmbedder()
    yield embedder
    await embedder.close()


ADAPTERS: dict[str, Callable[[], AbstractAsyncContextManager[Embedder]]] = {
    "HashEmbedder": hashing,
    "OnnxEmbedder": onnx,
}


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def embedder(adapter: str) -> AsyncGenerator[Embedder, None]:
    async with ADAPTERS[adapter]() as opened:
        yield opened


async def test_each_text_gets_a_vector_of_unit_length(embedder: Embedder) -> None:
    vectors = await embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.identity.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=CLOSE)


async def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert (await embedder.embed([])).shape == (0, embedder.identity.dimensions)


async def test_a_vector_does_not_depend_on_the_texts_around_it(embedder: Embedder) -> None:
    together = await embedder.embed(TEXTS)
    backwards = await embedder.embed(TEXTS[::-1])
    assert backwards[::-1] == pytest.approx(together, abs=CLOSE)
    for text, vector in zip(TEXTS, together, strict=True):
        [alone] = await embedder.embed([text])
        assert alone == pytest.approx(vector, abs=CLOSE)


async def test_many_texts_keep_their_order(embedder: Embedder) -> None:
    texts = [f"message number {number} " + "and more " * (number % 13) for number in range(150)]
    vectors = await embedder.embed(texts)
    for row in (0, 1, 70, 149):
        assert (await embedder.embed([texts[row]]))[0] == pytest.approx(vectors[row], abs=CLOSE)


async def test_texts_with_common_words_are_nearer_than_others(embedder: Embedder) -> None:
    question, answer, other = await embedder.embed(
        ["how do I mount a drive", "mount the drive by hand", "a recipe for apple pie"]
    )
    assert np.dot(question, answer) > np.dot(question, other) + 0.1


@pytest.mark.parametrize("kind", ODD_TEXTS)
async def test_any_text_is_taken(embedder: Embedder, kind: str) -> None:
    vectors = await embedder.embed(["before", ODD_TEXTS[kind], "after"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=CLOSE)
    assert vectors[0] == pytest.approx((await embedder.embed(["before"]))[0], abs=CLOSE)
    assert vectors[2] == pytest.approx((await embedder.embed(["after"]))[0], abs=CLOSE)


async def test_many_may_ask_at_the_same_time(embedder: Embedder) -> None:
    alone = await embedder.embed(TEXTS)
    for vectors in await asyncio.gather(*(embedder.embed(TEXTS) for _ in range(8))):
        assert vectors == pytest.approx(alone, abs=CLOSE)


async def test_the_same_identity_gives_the_same_vectors(adapter: str, embedder: Embedder) -> None:
    async with ADAPTERS[adapter]() as other:
        assert other.identity == embedder.identity
        assert await other.embed(TEXTS) == pytest.approx(await embedder.embed(TEXTS), abs=CLOSE)
