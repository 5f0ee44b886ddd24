"""How long a search takes in a running process, at two sizes, apart from embedding the question."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from app.domain.model import Scope
from app.domain.searching import Search
from app.domain.vectors import is_worth_a_vector
from app.entrypoints.container import Container, running
from app.entrypoints.settings import Settings
from app.ports.storage import Entry
from benchmarks.asked import container_for
from benchmarks.figures import Figure, Result, median, p95, under
from benchmarks.replicating import copied_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from app.domain.model import Message
    from app.domain.ranking import Ranked
    from app.domain.searching import Found, _Pool, _Wanted
    from app.domain.vectors import Vector
    from benchmarks.figures import Goal
    from benchmarks.material import Material, Query
    from benchmarks.naive import NaivePipeline
    from benchmarks.rig import Imported, Rig

COPIES = 10
LIMIT = 10
NOISE = 0.4
"""Length of the random vector added to a real one to make that of a message's copy.

The sum's cosine with the original is about .93.
"""
_WINDOW = 1_024
_WARMING = 20


def run(rig: Rig) -> Result:
    """Ask every question of the bench, at its size and at ten times the size."""
    small, large = rig.indexed(), rig.archived(COPIES)
    naive = [_milliseconds_of_naive(rig.naive(), query) for query in rig.material.queries]
    at_small = asyncio.run(_milliseconds(small.data_dir, rig.material))
    fusion = asyncio.run(_milliseconds(small.data_dir, rig.material, _FusionAlone))
    at_large = asyncio.run(_milliseconds(_filled(rig, large), rig.material))
    size = f"{small.messages:,} messages"
    figures = [
        _figure(f"{size}, {scope}", taken, "Chroma alone", naive, under(10))
        for scope, taken in at_small.items()
    ]
    figures += [
        _figure(f"{size}, {scope}, not reordered", taken, "reordered", at_small[scope], under(10))
        for scope, taken in fusion.items()
    ]
    figures += [
        _figure(f"{large.messages:,} messages, {scope}", taken, size, at_small[scope], under(35))
        for scope, taken in at_large.items()
    ]
    return Result(tuple(figures))


def _figure(
    what: str, taken: list[float], against: str, baseline: list[float], goal: Goal
) -> Figure:
    spread = f"p95 {p95(taken):.1f} ms"
    return Figure(what, median(taken), "ms", against, median(baseline), goal, spread)


def _milliseconds_of_naive(pipeline: NaivePipeline, query: Query) -> float:
    vector = pipeline.embedding.embed([query.question.text])[0]
    started = time.perf_counter()
    pipeline.nearest(query.guild_id, vector, LIMIT)
    return (time.perf_counter() - started) * 1_000


class _FusionAlone(Search):
    """The search up to its fused order: without reading and weighing the conversation around."""

    async def _reorder(
        self,
        best: Sequence[Ranked],
        wanted: _Wanted,
        pool: _Pool,  # noqa: ARG002 - as the search has it
    ) -> list[Found]:
        return await self._read(best[:LIMIT], wanted.scope)


async def _milliseconds(
    data_dir: Path, material: Material, kind: type[Search] = Search
) -> dict[str, list[float]]:
    """Return how long each search took, by what it was narrowed to."""
    taken: dict[str, list[float]] = {"one server": [], "one server, up to asked_at": []}
    async with running(container_for(data_dir)) as container:
        parts = container.search()
        search = kind(parts.archive, parts.index, parts.embedder, parts.clock)
        for query in material.queries[:_WARMING]:
            await search.find(query.question, LIMIT)
        for query in material.queries:
            whole = Scope.everything().in_guilds([query.guild_id])
            for name, scope in zip(taken, (whole, query.question.scope), strict=True):
                question = evolve(query.question, scope=scope)
                started = time.perf_counter()
                found = await search.find(question, LIMIT)
                seconds = time.perf_counter() - started - found.seconds_embedding
                taken[name].append(seconds * 1_000)
    return taken


def _filled(rig: Rig, large: Imported) -> Path:
    """Return the tenfold archive with vectors: the naive pipeline's, with noise for the copies.

    They are put straight into the index. To embed the copies' texts would take ten minutes
    and change nothing that is timed here.
    """
    filled, done = rig.folder / "filled", rig.folder / "filled.done"
    if not done.exists():
        vectors = {
            copied_id(said.id, copy): vector
            for said, vector in zip(rig.material.utterances, rig.naive().vectors, strict=True)
            for copy in range(COPIES)
        }
        asyncio.run(_fill(rig.copied(large.data_dir, filled.name), vectors))
        done.touch()
    return filled


async def _fill(data_dir: Path, vectors: Mapping[int, Vector]) -> None:
    """Carry out the marks as the program does, with these vectors and noise."""
    chance = np.random.default_rng(0)
    async with running(Container(settings=Settings(data_dir=data_dir))) as container:
        archive, index = container.archive(), container.vectors()
        while marks := await archive.waiting(Scope.everything(), _WINDOW):
            entries: dict[int, list[Entry]] = defaultdict(list)
            for message in (mark.message for mark in marks):
                if message is not None and is_worth_a_vector(message.text):
                    entries[message.guild_id].append(_entry(message, vectors[message.id], chance))
            for guild_id, batch in entries.items():
                await index.put(guild_id, batch)
            await archive.settle(marks)


def _entry(message: Message, vector: Vector, chance: np.random.Generator) -> Entry:
    noise = chance.standard_normal(len(vector))
    near = vector + NOISE * noise / np.linalg.norm(noise)
    unit = (near / np.linalg.norm(near)).astype(np.float32)
    return Entry(message.id, message.channel.id, message.author.id, unit)
