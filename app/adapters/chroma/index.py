"""ChromaVectorIndex: the port on Chroma, wherever it runs."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from attrs import define, field, frozen

from app.adapters.chroma.cache import VectorCache
from app.adapters.chroma.catalog import Catalog
from app.adapters.chroma.location import api_of
from app.adapters.chroma.search import AUTHOR, CHANNEL, Restriction, Search
from app.domain.errors import IndexerError, IndexMismatch, IndexUnavailable
from app.ports.storage import VectorIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

    from chromadb.api.models.Collection import Collection as Vectors
    from chromadb.config import System

    from app.adapters.chroma.location import Location
    from app.domain.model import Hit, Scope
    from app.domain.vectors import EmbeddingIdentity, Vector
    from app.ports.storage import Entry

T = TypeVar("T")


@frozen
class _Opened:
    """A Chroma that answers."""

    system: System
    catalog: Catalog
    cache: VectorCache
    batch_size: int


@define
class ChromaVectorIndex(VectorIndex):
    """Vectors in Chroma: ids, vectors, channel and author; never text."""

    location: Location
    _identity: EmbeddingIdentity
    _opened: _Opened | None = field(default=None, init=False)
    _opening: Lock = field(factory=Lock, init=False)
    _readers: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(4, "index-reader"), init=False
    )
    _writer: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(1, "index-writer"), init=False
    )

    @property
    def identity(self) -> EmbeddingIdentity:
        """The embedding this index was opened for."""
        return self._identity

    async def open(self) -> None:
        """Connect; an embedded index takes the data directory's lock, or raises `IndexBusy`."""
        await self._write(lambda _: None)

    async def close(self) -> None:
        """Let go of the index and its lock."""
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
            _upsert(index, collection, entries)

        await self._write(work)

    async def remove(self, guild_id: int, message_ids: Collection[int]) -> None:
        """Remove vectors; ids that have none are ignored."""

        def work(index: _Opened) -> None:
            collection = index.catalog.current(guild_id)
            if collection is not None and message_ids:
                collection.delete(ids=[str(key) for key in message_ids])
                index.cache.forget(collection, message_ids)

        await self._write(work)

    async def drop(self, guild_id: int) -> None:
        """Remove all that is held of a server, of any identity."""
        await self._write(lambda index: index.catalog.drop(guild_id))

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        """Return the messages nearest to a vector, most similar first, cosine as the score."""

        def work(index: _Opened) -> list[Hit]:
            hits: list[Hit] = []
            for guild_id, collection in self._in_scope(index, scope).items():
                search = Search(guild_id, collection, index.cache)
                hits += search.nearest(vector, Restriction.of(scope, guild_id), limit)
            return sorted(hits, key=lambda hit: (-hit.score, hit.message_id))[:limit]

        return await self._read(work)

    async def similarities(
        self, vector: Vector, message_ids: Mapping[int, Collection[int]]
    ) -> dict[int, float]:
        """Return the cosine of each message that has a vector, ids given by server."""

        def work(index: _Opened) -> dict[int, float]:
            found: dict[int, float] = {}
            for guild_id, keys in message_ids.items():
                collection = index.catalog.current(guild_id)
                if collection is not None and index.catalog.is_of_this_identity(collection):
                    found |= Search(guild_id, collection, index.cache).similarities(vector, keys)
            return found

        return await self._read(work)

    async def count(self, scope: Scope) -> int:
        """Return how many vectors of this identity are held of the servers in scope."""
        return await self._read(
            lambda index: sum(c.count() for c in self._in_scope(index, scope).values())
        )

    async def stale(self, scope: Scope) -> list[int]:
        """Return the servers in scope whose vectors are of another identity."""
        return await self._read(
            lambda index: [
                guild_id
                for guild_id, collection in index.catalog.all().items()
                if scope.grants is None or guild_id in scope.grants
                if not index.catalog.is_of_this_identity(collection)
            ]
        )

    async def rebuild(self, guild_id: int, entries: AsyncIterator[Sequence[Entry]]) -> int:
        """Build a server's vectors anew beside the old ones and switch at the end."""
        collection = await self._write(lambda index: index.catalog.begin(guild_id))
        async for batch in entries:
            await self._write(partial(_upsert, collection=collection, entries=batch))

        def switch(index: _Opened) -> int:
            index.catalog.switch(guild_id, collection)
            index.catalog.discard_leftovers(guild_id)
            return collection.count()

        return await self._write(switch)

    def _in_scope(self, index: _Opened, scope: Scope) -> dict[int, Vectors]:
        return {
            guild_id: collection
            for guild_id, collection in index.catalog.all().items()
            if scope.grants is None or guild_id in scope.grants
            if index.catalog.is_of_this_identity(collection)
        }

    async def _read(self, work: Callable[[_Opened], T]) -> T:
        return await self._in_thread(self._readers, work)

    async def _write(self, work: Callable[[_Opened], T]) -> T:
        return await self._in_thread(self._writer, work)

    async def _in_thread(self, threads: ThreadPoolExecutor, work: Callable[[_Opened], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, self._translated, work)

    def _translated(self, work: Callable[[_Opened], T]) -> T:
        try:
            return work(self._connected())
        except IndexerError:
            raise
        except Exception as error:
            raise IndexUnavailable(f"The vector index does not work: {error}") from error

    def _connected(self) -> _Opened:
        with self._opening:
            if self._opened is None:
                system = self.location.connect()
                api = api_of(system)
                catalog = Catalog(api, self.location.tenant, self.location.database, self.identity)
                self._opened = _Opened(system, catalog, VectorCache(), api.get_max_batch_size())
            return self._opened

    def _disconnect(self) -> None:
        with self._opening:
            if self._opened is not None:
                self.location.disconnect(self._opened.system)
                self._opened = None


def _upsert(index: _Opened, collection: Vectors, entries: Sequence[Entry]) -> None:
    newest = list({entry.message_id: entry for entry in entries}.values())
    for start in range(0, len(newest), index.batch_size):
        batch = newest[start : start + index.batch_size]
        collection.upsert(
            ids=[str(entry.message_id) for entry in batch],
            embeddings=np.stack([entry.vector for entry in batch]),
            metadatas=[{CHANNEL: entry.channel_id, AUTHOR: entry.author_id} for entry in batch],
        )
    index.cache.forget(collection, (entry.message_id for entry in newest))
