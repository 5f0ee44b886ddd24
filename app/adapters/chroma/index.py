"""ChromaVectorIndex: the port on Chroma, wherever it runs."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from attrs import define, field

from app.adapters.chroma.cache import VectorCache
from app.adapters.chroma.catalog import Catalog
from app.adapters.chroma.location import api_of
from app.adapters.chroma.restriction import Restriction
from app.adapters.chroma.search import Search, best
from app.adapters.chroma.writing import Rebuilding, Writer
from app.domain.errors import IndexDamaged, IndexerError, IndexMismatch, IndexUnavailable
from app.domain.model import Scope
from app.ports.storage import VectorIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

    from chromadb.config import System

    from app.adapters.chroma.location import Location
    from app.domain.model import Hit
    from app.domain.vectors import EmbeddingIdentity, Vector
    from app.ports.storage import Entry

T = TypeVar("T")

_READERS = 4
_OTHERS_SEEN_AFTER = 5.0  # seconds, where other processes write to the same Chroma
_OTHERS_VECTORS_SEEN_AFTER = 60.0


@define
class _Opened:
    """A Chroma that answers, and what is known of it."""

    system: System
    catalog: Catalog
    cache: VectorCache
    writer: Writer

    @classmethod
    def at(cls, location: Location, identity: EmbeddingIdentity) -> _Opened:
        system = location.connect()
        api, shared = api_of(system), location.is_shared
        catalog = Catalog(
            api,
            location.tenant,
            location.database,
            identity,
            _OTHERS_SEEN_AFTER if shared else None,
        )
        cache = VectorCache(lifetime=_OTHERS_VECTORS_SEEN_AFTER if shared else None)
        try:
            return cls(system, catalog, cache, Writer(cache, api.get_max_batch_size()))
        except BaseException:
            location.disconnect(system)
            raise

    def searches(self, scope: Scope) -> dict[int, Search]:
        """Return what searches each server in scope that has vectors of the identity in use."""
        return {
            guild_id: Search(guild_id, collection, self.cache)
            for guild_id, collection in self.catalog.all().items()
            if _is_granted(scope, guild_id) and self.catalog.is_of_this_identity(collection)
        }


@define
class ChromaVectorIndex(VectorIndex):
    """Vectors in Chroma: ids, vectors, channel and author; never text.

    Chroma's calls block, so they run in threads: writing in one, in order; reading in
    others beside it. A call on an index that is not open opens it, so that a process gains
    the vectors as soon as the one that held them lets go.
    """

    location: Location
    _identity: EmbeddingIdentity
    _opened: _Opened | None = field(default=None, init=False, repr=False)
    _is_closed: bool = field(default=False, init=False, repr=False)
    _opening: Lock = field(factory=Lock, init=False, repr=False)
    _rebuilding: dict[int, Rebuilding] = field(factory=dict, init=False, repr=False)
    _readers: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(_READERS, "index-reader"), init=False, repr=False
    )
    _writer: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(1, "index-writer"), init=False, repr=False
    )

    @property
    def identity(self) -> EmbeddingIdentity:
        """The embedding this index was opened for."""
        return self._identity

    async def open(self) -> None:
        """Connect; an embedded index takes the data directory's lock, or raises `IndexBusy`."""
        self._is_closed = False
        await self._write(lambda _: None)

    async def close(self) -> None:
        """Let go of the index and its lock, after the calls that still run; can be called twice."""
        self._is_closed = True
        await asyncio.get_running_loop().run_in_executor(self._writer, self._disconnect)

    async def put(self, guild_id: int, entries: Sequence[Entry]) -> None:
        """Add or replace vectors; durable when the call returns."""

        def work(index: _Opened) -> None:
            collection = index.catalog.ensure(guild_id)
            if not index.catalog.is_of_this_identity(collection):
                raise IndexMismatch(
                    f"The stored vectors were not made by {self.identity}: run"
                    " `discord-indexer reindex` to make them anew."
                )
            index.writer.upsert(collection, entries)
            if rebuilding := self._rebuilding.get(guild_id):
                rebuilding.put(entries)

        if entries:
            await self._write(work)

    async def remove(self, guild_id: int, message_ids: Collection[int]) -> None:
        """Remove vectors; ids that have none are ignored."""

        def work(index: _Opened) -> None:
            if collection := index.catalog.current(guild_id):
                index.writer.delete(collection, message_ids)
            if rebuilding := self._rebuilding.get(guild_id):
                rebuilding.remove(message_ids)

        if message_ids:
            await self._write(work)

    async def drop(self, guild_id: int) -> None:
        """Remove all that is held of a server, of any identity, also what is being rebuilt."""

        def work(index: _Opened) -> None:
            self._rebuilding.pop(guild_id, None)
            index.catalog.drop(guild_id)
            index.cache.clear()

        await self._write(work)

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        """Return the messages nearest to a vector, most similar first, cosine as the score."""

        def work(index: _Opened) -> list[Hit]:
            found = (
                search.nearest(vector, Restriction.of(scope, guild_id), limit)
                for guild_id, search in index.searches(scope).items()
            )
            return best((hit for hits in found for hit in hits), max(0, limit))

        return await self._read(work)

    async def similarities(
        self, vector: Vector, message_ids: Mapping[int, Collection[int]]
    ) -> dict[int, float]:
        """Return the cosine of each message that has a vector, ids given by server."""

        def work(index: _Opened) -> dict[int, float]:
            found: dict[int, float] = {}
            for guild_id, search in index.searches(Scope(dict.fromkeys(message_ids))).items():
                found |= search.similarities(vector, message_ids[guild_id])
            return found

        return await self._read(work)

    async def count(self, scope: Scope) -> int:
        """Return how many vectors of this identity are held of the servers in scope."""
        return await self._read(
            lambda index: sum(s.collection.count() for s in index.searches(scope).values())
        )

    async def stale(self, scope: Scope) -> list[int]:
        """Return the servers in scope whose vectors are of another identity."""
        return await self._read(
            lambda index: [
                guild_id
                for guild_id, collection in index.catalog.all().items()
                if _is_granted(scope, guild_id)
                and not index.catalog.is_of_this_identity(collection)
            ]
        )

    async def rebuild(self, guild_id: int, entries: AsyncIterator[Sequence[Entry]]) -> int:
        """Build a server's vectors anew beside the old ones and switch at the end.

        What this process puts or removes meanwhile goes into both; what other processes
        put on the same server meanwhile is lost.
        """

        def begin(index: _Opened) -> Rebuilding:
            building = Rebuilding(index.catalog.begin(guild_id), index.writer)
            self._rebuilding[guild_id] = building
            return building

        def switch(index: _Opened) -> int:
            if self._rebuilding.get(guild_id) is not building:
                raise IndexUnavailable(
                    f"Server {guild_id} was removed, or its vectors were begun anew once more,"
                    " while they were made anew."
                )
            index.catalog.switch(guild_id, building.collection)
            index.catalog.discard_leftovers(guild_id)
            index.cache.clear()
            return building.collection.count()

        building = await self._write(begin)
        try:
            async for batch in entries:
                await self._write(partial(_add, building, batch))
            return await self._write(switch)
        finally:
            if self._rebuilding.get(guild_id) is building:
                del self._rebuilding[guild_id]

    async def _read(self, work: Callable[[_Opened], T]) -> T:
        return await self._in_thread(self._readers, work)

    async def _write(self, work: Callable[[_Opened], T]) -> T:
        return await self._in_thread(self._writer, work)

    async def _in_thread(self, threads: ThreadPoolExecutor, work: Callable[[_Opened], T]) -> T:
        if self._is_closed:
            raise IndexUnavailable("The vector index was closed.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, partial(self._served, work))

    def _served(self, work: Callable[[_Opened], T]) -> T:
        opened: _Opened | None = None
        try:
            opened = self._connected()
            return _tried_again(work, opened)
        except IndexerError:
            raise
        except Exception as error:
            explained = self.location.explain(error)
            if opened is not None and not isinstance(explained, IndexDamaged):
                self._give_up(opened)
            raise explained from error

    def _give_up(self, opened: _Opened) -> None:
        """Close a Chroma of our own that failed: after an error of SQLite its next call hangs.

        The next call opens it again. A server needs nothing of the kind.
        """
        with self._opening:
            if self._opened is opened and not self.location.is_shared:
                self._opened = None
                self.location.disconnect(opened.system)

    def _connected(self) -> _Opened:
        with self._opening:
            if self._opened is None:
                self._opened = _Opened.at(self.location, self.identity)
            return self._opened

    def _disconnect(self) -> None:
        readers, self._readers = self._readers, ThreadPoolExecutor(_READERS, "index-reader")
        readers.shutdown()  # once what was asked for is answered
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            self.location.disconnect(opened.system)


def _tried_again(work: Callable[[_Opened], T], index: _Opened) -> T:
    """Do it once more where somebody put another collection in place of the one we knew."""
    from chromadb.errors import NotFoundError

    try:
        return work(index)
    except NotFoundError:
        index.catalog.refresh()
        return work(index)


def _add(building: Rebuilding, entries: Sequence[Entry], _: _Opened) -> None:
    building.add(entries)


def _is_granted(scope: Scope, guild_id: int) -> bool:
    """Tell whether any channel of a server may be read."""
    return scope.grants is None or scope.grants.get(guild_id, frozenset()) != frozenset()
