"""Chroma as the index reaches it: opened when needed, called in threads, its errors in words."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from threading import Condition
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, field, frozen

from app.adapters.allocator import return_freed_memory
from app.adapters.chroma.cache import VectorCache
from app.adapters.chroma.catalog import Catalog
from app.adapters.chroma.location import api_of
from app.adapters.chroma.writing import Writer
from app.domain.errors import IndexDamaged, IndexerError, IndexUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chromadb.config import System

    from app.adapters.chroma.location import Location
    from app.domain.vectors import EmbeddingIdentity

T = TypeVar("T")

_READERS = 4
_OTHERS_SEEN_AFTER = 5.0  # seconds, where other processes write to the same Chroma
_OTHERS_VECTORS_SEEN_AFTER = 60.0


@frozen
class Opened:
    """A Chroma that answers, and what is known of it."""

    system: System
    catalog: Catalog
    cache: VectorCache
    writer: Writer

    @classmethod
    def of(cls, system: System, location: Location, identity: EmbeddingIdentity) -> Opened:
        """Look at a Chroma that was just started."""
        api, shared = api_of(system), location.is_shared
        lifetime = _OTHERS_SEEN_AFTER if shared else None
        catalog = Catalog(api, location.tenant, location.database, identity, lifetime)
        cache = VectorCache(lifetime=_OTHERS_VECTORS_SEEN_AFTER if shared else None)
        try:
            return cls(system, catalog, cache, Writer(cache, api.get_max_batch_size()))
        except BaseException:
            location.disconnect(system)
            raise


@define
class Connection:
    """Calls Chroma, which blocks, in threads: what writes in one, in order; what reads beside it.

    Chroma is opened by the first call, and by each later one while it could not be.
    """

    location: Location
    identity: EmbeddingIdentity
    _opened: Opened | None = field(default=None, init=False)
    _users: int = field(default=0, init=False)
    _is_restarting: bool = field(default=False, init=False)
    _is_closed: bool = field(default=False, init=False)
    _changed: Condition = field(factory=Condition, init=False)
    _pending: set[Future[Any]] = field(factory=set, init=False)
    _readers: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(_READERS, "index-reader"), init=False
    )
    _writer: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(1, "index-writer"), init=False
    )

    async def open(self) -> None:
        """Open Chroma now."""
        self._is_closed = False
        await self.write(lambda _: None)

    async def close(self) -> None:
        """Close it once all that was called is answered."""
        self._is_closed = True
        await asyncio.to_thread(wait, set(self._pending))
        await asyncio.get_running_loop().run_in_executor(self._writer, self._disconnect)

    async def read(self, work: Callable[[Opened], T]) -> T:
        """Do what changes nothing."""
        return await self._in_thread(self._readers, partial(self._served, work))

    async def write(
        self, work: Callable[[Opened], T], restart_if: Callable[[Opened], bool] | None = None
    ) -> T:
        """Do what changes something, after all that was asked for before.

        Where `restart_if` says so, Chroma on disk is closed and opened first, so that it
        forgets what it holds in memory.
        """

        def in_order() -> T:
            if restart_if is not None and self.location.can_restart and self._served(restart_if):
                self._restart()
            return self._served(work)

        return await self._in_thread(self._writer, in_order)

    async def _in_thread(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._is_closed:
            raise IndexUnavailable("The vector index was closed.")
        future = threads.submit(work)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return await asyncio.wrap_future(future)

    def _served(self, work: Callable[[Opened], T]) -> T:
        with self._translated(), self._in_use() as opened:
            try:
                return _tried_again(work, opened)
            except IndexerError:
                raise
            except Exception as error:
                if not isinstance(self.location.explain(error), IndexDamaged):
                    self._give_up(opened)
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IndexerError:
            raise
        except Exception as error:
            raise self.location.explain(error) from error

    @contextmanager
    def _in_use(self) -> Iterator[Opened]:
        """Open Chroma if need be, and keep it from being restarted."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_restarting)
            if self._opened is None:
                self._opened = Opened.of(self.location.connect(), self.location, self.identity)
            opened = self._opened
            self._users += 1
        try:
            yield opened
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def _restart(self) -> None:
        with self._translated(), self._changed:
            self._is_restarting = True
            try:
                self._changed.wait_for(lambda: not self._users)
                opened, self._opened = self._opened, None
                if opened is not None:
                    system = self.location.restart(opened.system)
                    self._opened = Opened.of(system, self.location, self.identity)
            finally:
                self._is_restarting = False
                self._changed.notify_all()
        return_freed_memory()

    def _give_up(self, opened: Opened) -> None:
        """Close a Chroma on disk that failed: after an error of SQLite its next call hangs."""
        with self._changed:
            if self._opened is opened and self.location.can_restart:
                self._opened = None
                self.location.disconnect(opened.system)

    def _disconnect(self) -> None:
        with self._changed:
            opened, self._opened = self._opened, None
        if opened is not None:
            self.location.disconnect(opened.system)


def _tried_again(work: Callable[[Opened], T], opened: Opened) -> T:
    """Do it once more where somebody put another collection in place of the one we knew."""
    from chromadb.errors import NotFoundError

    try:
        return work(opened)
    except NotFoundError:
        opened.catalog.refresh()
        return work(opened)
