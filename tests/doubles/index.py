"""The vector index as a dictionary, every answer exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field, frozen

from app.domain.errors import IndexMismatch, IndexUnavailable
from app.domain.model import Hit, snowflake_time
from app.ports.storage import VectorIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence

    from app.domain.model import Scope
    from app.domain.vectors import EmbeddingIdentity, Vector
    from app.ports.storage import Entry


@frozen
class _Held:
    """The vectors of one server."""

    identity: EmbeddingIdentity
    entries: dict[int, Entry] = field(factory=dict)
    changed: set[int] = field(factory=set)
    """Messages that were put or removed while these vectors were being built."""

    def put(self, entries: Sequence[Entry]) -> None:
        self.entries.update({entry.message_id: entry for entry in entries})

    def remove(self, message_ids: Collection[int]) -> None:
        for message_id in message_ids:
            self.entries.pop(message_id, None)


@define
class MemoryVectorIndex(VectorIndex):
    """Holds vectors in `servers`, which several indexes may share."""

    _identity: EmbeddingIdentity
    servers: dict[int, _Held] = field(factory=dict)
    _rebuilding: dict[int, _Held] = field(factory=dict, init=False)

    @property
    def identity(self) -> EmbeddingIdentity:
        return self._identity

    async def open(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def put(self, guild_id: int, entries: Sequence[Entry]) -> None:
        held = self.servers.setdefault(guild_id, _Held(self.identity))
        if held.identity != self.identity:
            raise IndexMismatch(f"The vectors are not of {self.identity}: run `reindex`.")
        held.put(entries)
        if building := self._rebuilding.get(guild_id):
            building.put(entries)
            building.changed.update(entry.message_id for entry in entries)

    async def remove(self, guild_id: int, message_ids: Collection[int]) -> None:
        if held := self.servers.get(guild_id):
            held.remove(message_ids)
        if building := self._rebuilding.get(guild_id):
            building.remove(message_ids)
            building.changed.update(message_ids)

    async def drop(self, guild_id: int) -> None:
        self.servers.pop(guild_id, None)
        self._rebuilding.pop(guild_id, None)

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        hits = [
            Hit(entry.message_id, guild_id, float(np.dot(entry.vector, vector)))
            for guild_id, held in self._current(scope)
            for entry in held.entries.values()
            if _admits(scope, guild_id, entry)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.message_id))[: max(0, limit)]

    async def similarities(
        self, vector: Vector, message_ids: Mapping[int, Collection[int]], scope: Scope
    ) -> dict[int, float]:
        return {
            message_id: float(np.dot(entry.vector, vector))
            for guild_id, wanted in message_ids.items()
            if (held := self.servers.get(guild_id)) and held.identity == self.identity
            for message_id in wanted
            if (entry := held.entries.get(message_id)) and _admits(scope, guild_id, entry)
        }

    async def count(self, scope: Scope) -> int:
        return sum(
            _admits(scope, guild_id, entry)
            for guild_id, held in self._current(scope)
            for entry in held.entries.values()
        )

    async def stale(self, scope: Scope) -> list[int]:
        return [
            guild_id
            for guild_id, held in self.servers.items()
            if held.identity != self.identity
            if _is_granted(scope, guild_id)
        ]

    async def rebuild(self, guild_id: int, entries: AsyncIterator[Sequence[Entry]]) -> int:
        building = self._rebuilding[guild_id] = _Held(self.identity)
        async for batch in entries:
            building.put([e for e in batch if e.message_id not in building.changed])
        if self._rebuilding.pop(guild_id, None) is not building:
            raise IndexUnavailable("The server was removed while its vectors were made anew.")
        self.servers[guild_id] = building
        return len(building.entries)

    def _current(self, scope: Scope) -> Iterator[tuple[int, _Held]]:
        for guild_id, held in self.servers.items():
            if held.identity == self.identity and _is_granted(scope, guild_id):
                yield guild_id, held


def _is_granted(scope: Scope, guild_id: int) -> bool:
    return scope.grants is None or scope.grants.get(guild_id, frozenset()) != frozenset()


def _admits(scope: Scope, guild_id: int, entry: Entry) -> bool:
    return (
        scope.may_read(guild_id, entry.channel_id)
        and (scope.authors is None or entry.author_id in scope.authors)
        and snowflake_time(entry.message_id) in scope.window
    )
