"""How well storing vectors hides behind making them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from attrs import frozen

from app.domain.model import Scope
from app.domain.vectors import is_worth_a_vector
from app.entrypoints.container import Container, running
from app.entrypoints.settings import Settings
from benchmarks.bare import BareEmbedding
from benchmarks.figures import Figure, Result, ratio_at_least

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.rig import Rig

GOALS = {1: ratio_at_least(0.92), 2: ratio_at_least(0.80)}
_READ_AT_ONCE = 1_000


@frozen
class _Texts:
    """What there is to embed: each distinct text once, and how many messages that serves."""

    distinct: tuple[str, ...]
    worthy: int
    messages: int


def run(rig: Rig) -> Result:
    """Drain the whole archive with one thread and with two; embed the same texts bare."""
    archived = rig.archived().data_dir
    texts = asyncio.run(_texts(archived))
    counts = f"{texts.worthy:,} of {texts.messages:,} messages get a vector"
    repeated = Figure(
        "messages whose text was embedded before",
        texts.worthy - len(texts.distinct),
        "",
        "messages with a vector",
        texts.worthy,
        spread=counts,
    )
    figures = [f for threads in GOALS for f in _with_threads(rig, archived, texts, threads)]
    return Result((*figures, repeated))


def _with_threads(rig: Rig, archived: Path, texts: _Texts, threads: int) -> list[Figure]:
    """Measure in the order bare, alone, drain, alone, bare: half of the texts each time but once.

    So what slows the machine down for a while slows all three down.
    """
    bare = BareEmbedding.load(threads)
    settings = Settings(data_dir=rig.copied(archived, "draining"), embed_threads=threads)
    first, second = texts.distinct[::2], texts.distinct[1::2]
    bare.embed(first[:100])
    bare_seconds = _bare_seconds(bare, first)
    alone_seconds = asyncio.run(_alone_seconds(settings, first))
    drain_seconds = asyncio.run(_drain_seconds(settings))
    alone_seconds += asyncio.run(_alone_seconds(settings, second))
    bare_seconds += _bare_seconds(bare, second)
    distinct, rate = len(texts.distinct), "texts/s"
    what = f"embedding and storing, {threads} thread{'s' if threads > 1 else ''}"
    ours = distinct / drain_seconds
    served = f"{texts.messages / drain_seconds:,.0f} messages/s"
    return [
        Figure(
            what,
            ours,
            rate,
            "onnxruntime alone, batches of 1,024 tokens",
            distinct / bare_seconds,
            GOALS[threads],
            served,
        ),
        Figure(
            what, ours, rate, "the program's embedder, nothing stored", distinct / alone_seconds
        ),
    ]


async def _texts(data_dir: Path) -> _Texts:
    async with running(Container(settings=Settings(data_dir=data_dir))) as container:
        archive, everything = container.archive(), Scope.everything()
        distinct: dict[str, None] = {}
        last = worthy = count = 0
        while ids := await archive.ids(everything, _READ_AT_ONCE, last):
            last = ids[-1]
            messages = await archive.read(ids, everything)
            kept = [m.indexed_text for m in messages if is_worth_a_vector(m.text)]
            count, worthy = count + len(messages), worthy + len(kept)
            distinct.update(dict.fromkeys(kept))
        return _Texts(tuple(distinct), worthy, count)


def _bare_seconds(bare: BareEmbedding, texts: Sequence[str]) -> float:
    started = time.perf_counter()
    bare.embed(texts)
    return time.perf_counter() - started


async def _alone_seconds(settings: Settings, texts: Sequence[str]) -> float:
    embedder = Container(settings=settings).embedder()
    await embedder.embed(["the model is loaded with the first text"])
    started = time.perf_counter()
    await embedder.embed(texts)
    return time.perf_counter() - started


async def _drain_seconds(settings: Settings) -> float:
    async with running(Container(settings=settings)) as container:
        await container.embedder().embed(["the model is loaded with the first text"])
        await container.vectors().open()
        started = time.perf_counter()
        await container.index().drain()
        return time.perf_counter() - started
