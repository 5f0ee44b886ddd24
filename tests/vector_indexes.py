"""The places where a vector index can live, and entries to put into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import numpy as np
from attrs import define, field, frozen

from app.adapters.chroma.index import ChromaVectorIndex
from app.adapters.chroma.location import InMemory, Location, OnDisk
from app.domain.model import snowflake_at
from app.domain.vectors import EmbeddingIdentity
from app.ports.storage import Entry
from tests.doubles.index import MemoryVectorIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from pathlib import Path

    from chromadb.config import System

    from app.domain.errors import IndexUnavailable
    from app.domain.vectors import Vector
    from app.ports.storage import VectorIndex
    from tests.chroma_server import ChromaServer

DIMENSIONS = 16
IDENTITY = EmbeddingIdentity("test", "one", "1" * 64, DIMENSIONS)
OTHER_IDENTITY = EmbeddingIdentity("test", "two", "2" * 64, DIMENSIONS)
START = datetime(2024, 5, 1, 12, tzinfo=UTC)
GUILD, OTHER_GUILD = 101, 202
CHANNEL, AUTHOR = 7, 9


class Place(Protocol):
    """Somewhere that keeps vectors while indexes on it come and go."""

    async def index(self, identity: EmbeddingIdentity = IDENTITY) -> VectorIndex:
        """Return an open index on the place; the one that was handed out before is closed."""
        ...

    async def close(self) -> None:
        """Close the last index and free the place."""
        ...


@define
class InDictionary(Place):
    """The memory twin."""

    _twin: MemoryVectorIndex = field(factory=lambda: MemoryVectorIndex(IDENTITY))

    async def index(self, identity: EmbeddingIdentity = IDENTITY) -> VectorIndex:
        self._twin = MemoryVectorIndex(identity, self._twin.servers)
        return self._twin

    async def close(self) -> None:
        """Nothing to free."""


@define
class InChroma(Place):
    """Chroma, wherever it runs."""

    location: Location
    _index: ChromaVectorIndex | None = None

    async def index(self, identity: EmbeddingIdentity = IDENTITY) -> ChromaVectorIndex:
        if self._index is not None:
            await self._index.close()
        self._index = ChromaVectorIndex(self.location, identity)
        await self._index.open()
        return self._index

    async def close(self) -> None:
        if self._index is not None:
            await self._index.close()


@define
class KeptInMemory(Location):
    """One Chroma in memory, which stays when an index on it is closed."""

    tenant: str = InMemory().tenant
    database: str = InMemory().database
    is_shared = False
    can_restart = False
    _system: System | None = None

    def connect(self) -> System:
        if self._system is None:
            self._system = InMemory().connect()
        return self._system

    def restart(self, system: System) -> System:
        return system

    def disconnect(self, system: System) -> None:
        """Keep it."""

    def explain(self, error: Exception) -> IndexUnavailable:
        return InMemory().explain(error)


def in_dictionary(*_: object) -> Place:
    return InDictionary()


def in_memory(*_: object) -> Place:
    return InChroma(KeptInMemory())


def on_disk(folder: Path, *_: object) -> Place:
    return InChroma(OnDisk(folder))


def on_server(_: Path, server: ChromaServer) -> Place:
    return InChroma(server.new_database())


def message_id(number: int) -> int:
    """Return the id of message `number`, which is written that many minutes after `START`."""
    return snowflake_at(START + timedelta(minutes=number)) + number


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def some_vectors(count: int, seed: int = 0, dimensions: int = DIMENSIONS) -> Vector:
    """Return random directions, shape (count, dimensions)."""
    vectors = np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)
    unit: Vector = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def towards(*weights: float) -> Vector:
    """Return a unit vector, given its first components up to a factor."""
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[: len(weights)] = weights
    unit: Vector = vector / np.linalg.norm(vector)
    return unit


def entry(number: int, vector: Vector, *, channel: int = CHANNEL, author: int = AUTHOR) -> Entry:
    return Entry(message_id(number), channel, author, vector)


def entries(vectors: Vector, first: int = 0) -> list[Entry]:
    """Return messages numbered from `first`, one for each vector."""
    return [entry(first + row, vector) for row, vector in enumerate(vectors)]


async def in_batches(*batches: Sequence[Entry]) -> AsyncIterator[Sequence[Entry]]:
    for batch in batches:
        yield batch


@frozen
class Exact:
    """What the nearest are, worked out one by one."""

    entries: Iterable[Entry]

    def nearest(self, vector: Vector) -> list[tuple[int, float]]:
        """Return ids and cosines, best first."""
        scored = ((e.message_id, float(np.dot(e.vector, vector))) for e in self.entries)
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))
