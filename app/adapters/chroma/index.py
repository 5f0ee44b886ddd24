"""ChromaVectorIndex: the port on Chroma, wherever it runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import define, field

from app.adapters.chroma.connection import Connection
from app.adapters.chroma.restriction import Restriction
from app.adapters.chroma.search import Search, best
from app.adapters.chroma.writing import Rebuilding
from app.domain.errors import IndexMismatch, IndexUnavailable
from app.ports.storage import VectorIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence

    from app.adapters.chroma.connection import Opened
    from app.adapters.chroma.location import Location
    from app.domain.model import Hit, Scope
    from app.domain.vectors import EmbeddingIdentity, Vector
    from app.ports.storage import Entry


@define
class ChromaVectorIndex(VectorIndex):
    """Vectors in Chroma: ids, vectors, channel and author; never text.

    A call on an index that is not open opens it, so that a process gains the vectors as
    soon as the one that held them lets go.
    """

    location: Location
    _identity: EmbeddingIdentity
    _chroma: Connection = field(init=False, repr=False)
    _rebuilding: dict[int, Rebuilding] = field(factory=dict, init=False, repr=False)

    @_chroma.default
    def _make_connection(self) -> Connection:
        return Connection(self.location, self._identity)

    @property
    def identity(self) -> EmbeddingIdentity:
        """The embedding this index was opened for."""
        return self._identity

    async def open(self) -> None:
        """Connect; an embedded index takes the data directory's lock, or raises `IndexBusy`."""
        await self._chroma.open()

    async def close(self) -> None:
        """Let go of the index and its lock, after the calls that still run; can be called twice."""
        await self._chroma.close()

    async def put(self, guild_id: int, entries: Sequence[Entry]) -> None:
        """Add or replace vectors; durable when the call returns."""

        def work(opened: Opened) -> None:
            collection = opened.catalog.ensure(guild_id)
            if not opened.catalog.is_of_this_identity(collection):
                raise IndexMismatch(
                    f"The stored vectors were not made by {self.identity}: run"
                    " `discord-indexer reindex` to make them anew."
                )
            opened.writer.upsert(collection, entries)
            if rebuilding := self._rebuilding.get(guild_id):
                rebuilding.put(entries)

        if entries:
            await self._chroma.write(work, restart_if=partial(self._is_full_for, guild_id))

    async def remove(self, guild_id: int, message_ids: Collection[int]) -> None:
        """Remove vectors; ids that have none are ignored."""

        def work(opened: Opened) -> None:
            if collection := opened.catalog.current(guild_id):
                opened.writer.delete(collection, message_ids)
            if rebuilding := self._rebuilding.get(guild_id):
                rebuilding.remove(message_ids)

        if message_ids:
            await self._chroma.write(work)

    async def drop(self, guild_id: int) -> None:
        """Remove all that is held of a server, of any identity, also what is being rebuilt."""

        def work(opened: Opened) -> None:
            self._rebuilding.pop(guild_id, None)
            opened.catalog.drop(guild_id)
            opened.cache.clear()

        await self._chroma.write(work)

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        """Return the messages nearest to a vector, most similar first, cosine as the score."""

        def work(opened: Opened) -> list[Hit]:
            found = (
                search.nearest(vector, Restriction.of(scope, guild_id), limit)
                for guild_id, search in _searches(opened, scope).items()
            )
            return best((hit for hits in found for hit in hits), max(0, limit))

        return await self._chroma.read(work)

    async def similarities(
        self, vector: Vector, message_ids: Mapping[int, Collection[int]], scope: Scope
    ) -> dict[int, float]:
        """Return the cosine of each message in scope that has a vector, ids given by server."""

        def work(opened: Opened) -> dict[int, float]:
            found: dict[int, float] = {}
            for guild_id, search in _searches(opened, scope.in_guilds(message_ids)).items():
                admitted = Restriction.of(scope, guild_id)
                found |= search.similarities(vector, message_ids[guild_id], admitted)
            return found

        return await self._chroma.read(work)

    async def count(self, scope: Scope) -> int:
        """Return how many vectors of this identity lie in the scope."""
        return await self._chroma.read(
            lambda opened: sum(
                search.count(Restriction.of(scope, guild_id))
                for guild_id, search in _searches(opened, scope).items()
            )
        )

    async def stale(self, scope: Scope) -> list[int]:
        """Return the servers in scope whose vectors are of another identity."""
        return await self._chroma.read(
            lambda opened: [
                guild_id
                for guild_id, collection in opened.catalog.all().items()
                if _is_granted(scope, guild_id)
                and not opened.catalog.is_of_this_identity(collection)
            ]
        )

    async def rebuild(self, guild_id: int, entries: AsyncIterator[Sequence[Entry]]) -> int:
        """Build a server's vectors anew beside the old ones and switch at the end.

        What this process puts or removes meanwhile goes into both; what other processes
        put on the same server meanwhile is lost.
        """

        def begin(opened: Opened) -> Rebuilding:
            building = Rebuilding(opened.catalog.begin(guild_id), opened.writer)
            self._rebuilding[guild_id] = building
            return building

        def switch(opened: Opened) -> int:
            if self._rebuilding.get(guild_id) is not building:
                raise IndexUnavailable(
                    f"Server {guild_id} was removed, or its vectors were begun anew once more,"
                    " while they were made anew."
                )
            opened.catalog.switch(guild_id, building.collection)
            opened.catalog.discard_leftovers(guild_id)
            opened.cache.clear()
            return building.collection.count()

        is_full = partial(self._is_full_for, guild_id)
        building = await self._chroma.write(begin, restart_if=is_full)
        try:
            async for batch in entries:
                await self._chroma.write(partial(_add, building, batch))
            return await self._chroma.write(switch)
        finally:
            if self._rebuilding.get(guild_id) is building:
                del self._rebuilding[guild_id]

    def _is_full_for(self, guild_id: int, opened: Opened) -> bool:
        """Tell whether Chroma should forget what was written to other servers.

        Not while anything is being built anew: it would lose its Chroma.
        """
        return not self._rebuilding and opened.writer.is_laden_with_others(
            opened.catalog.current(guild_id)
        )


def _searches(opened: Opened, scope: Scope) -> dict[int, Search]:
    """Return what searches each server in scope that has vectors of the identity in use."""
    return {
        guild_id: Search(guild_id, collection, opened.cache)
        for guild_id, collection in opened.catalog.all().items()
        if _is_granted(scope, guild_id) and opened.catalog.is_of_this_identity(collection)
    }


def _add(building: Rebuilding, entries: Sequence[Entry], _: Opened) -> None:
    building.add(entries)


def _is_granted(scope: Scope, guild_id: int) -> bool:
    """Tell whether any channel of a server may be read."""
    return scope.grants is None or scope.grants.get(guild_id, frozenset()) != frozenset()
