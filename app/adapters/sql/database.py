"""Threads and connections: one writer, several readers, none of them on the event loop."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from attrs import define, field, frozen
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from app.adapters.sql import lexical, migrations, sqlite
from app.domain.errors import ArchiveUnavailable, InvalidInput, InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection, Engine

_log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

READERS = 4
"""Searches that run at once; more would wait for the processor anyway."""
_WIPE_SECONDS = 3_600.0


@frozen(eq=False)
class _Open:
    """What an open database holds; one in memory has a single connection for everything."""

    writing: Engine
    reading: Engine
    writer: ThreadPoolExecutor
    readers: ThreadPoolExecutor

    @classmethod
    def at(cls, url: URL) -> _Open:
        writing = sqlite.open_engine(url, writes=True, connections=1)
        writer = ThreadPoolExecutor(1, "archive-writer")
        if sqlite.is_in_memory(url):
            return cls(writing, writing, writer, writer)
        reading = sqlite.open_engine(url, writes=False, connections=READERS)
        return cls(writing, reading, writer, ThreadPoolExecutor(READERS, "archive-reader"))

    def close(self) -> None:
        """Wait for what is being done, then let go of the file."""
        for pool in (self.writer, self.readers):
            pool.shutdown()
        for engine in (self.reading, self.writing):
            engine.dispose()


def _url(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise InvalidSetting(
            "The archive's address cannot be read: give sqlite:///PATH."
        ) from error
    if url.get_backend_name() != "sqlite":
        raise InvalidSetting(f"An archive cannot be kept in {url.drivername}: give sqlite:///PATH.")
    return url


@define(eq=False)
class Database:
    """Runs functions in transactions, on threads, and says in the domain's words what failed."""

    url: URL = field(converter=_url)
    _open: _Open | None = field(default=None, init=False)
    _opening: asyncio.Lock = field(factory=asyncio.Lock, init=False)
    _is_wipe_due: bool = field(default=False, init=False)
    _wiped_at: float = field(default=-_WIPE_SECONDS, init=False)

    async def open(self) -> None:
        """Connect and bring the schema up to date; opening twice is opening once."""
        async with self._opening:
            if self._open is not None:
                return
            opened = _Open.at(self.url)
            try:
                self._is_wipe_due = await _on(opened.writer, self._prepare, opened)
            except BaseException:
                await asyncio.to_thread(opened.close)
                raise
            self._open = opened

    async def close(self) -> None:
        """Finish what is being written and let go of the file; closing twice is closing once."""
        if self._open is not None and self._is_wipe_due:
            await self.wipe()
        opened, self._open = self._open, None
        if opened is not None:
            await asyncio.to_thread(opened.close)

    async def write(
        self, act: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `act(connection, ...)` in the one transaction that may write, durably committed."""
        opened = self._opened()
        return await _on(
            opened.writer, lambda: self._transact(opened.writing, act, *args, **kwargs)
        )

    async def read(
        self, act: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `act(connection, ...)` on an unchanging view of the database."""
        opened = self._opened()
        return await _on(
            opened.readers, lambda: self._transact(opened.reading, act, *args, **kwargs)
        )

    async def erase(
        self, act: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `act` as `write` does, and leave nothing of what it erased in any file.

        Takes some seconds for a million messages, and as much disk again for a moment. What
        was erased is gone for every reader once it is committed, whatever becomes of the
        rest: where the files cannot be wiped, a warning is logged and the database itself
        remembers, so that it is tried again at the latest when it is next closed, by
        whichever process.
        """
        self._is_wipe_due = True

        def act_and_owe(connection: Connection) -> R:
            sqlite.owe_rewrite(connection)
            return act(connection, *args, **kwargs)

        result = await self.write(act_and_owe)
        self._is_wipe_due = True  # also when a wipe that began earlier has ended meanwhile
        await self.wipe()
        return result

    async def wipe_in_time(self) -> None:
        """Drop the words of what was erased within the hour, or when the archive is closed.

        Traces can stay in unused bytes of the file until something is erased by `erase`.
        """
        self._is_wipe_due = True
        if monotonic() - self._wiped_at >= _WIPE_SECONDS:
            await self.wipe()

    async def wipe(self) -> None:
        """Make sure that what was erased is in none of the files; where that fails, log why."""
        self._wiped_at = monotonic()
        opened = self._opened()
        try:
            await _on(opened.writer, self._forget_erased, opened)
        except ArchiveUnavailable as error:
            _log.warning(
                "What was erased is found no more, but traces of it are still in the archive's "
                "files; wiping them is tried again the next time that it is closed. %s",
                error,
            )
        else:
            self._is_wipe_due = False

    def _forget_erased(self, opened: _Open) -> None:
        """Wipe what was erased out of the word indexes and the log, where owed out of all pages."""
        owed = self._transact(opened.writing, sqlite.owed_rewrites)
        self._transact(opened.writing, lexical.forget_erased)
        with self._failures():
            if owed:
                sqlite.rewrite(opened.writing)
            sqlite.empty_log(opened.writing)
        if owed:
            self._transact(opened.writing, sqlite.settle_rewrites, owed)

    async def size_bytes(self) -> int:
        """Return the size of the database's files, of its pages where it is in memory."""
        return await self.read(sqlite.size_bytes)

    def _prepare(self, opened: _Open) -> bool:
        """Make the file ready for use; return whether traces were left in it."""
        with self._failures():
            sqlite.create_file(self.url)
            with opened.writing.begin() as connection:
                is_current = migrations.is_current(connection)
            sqlite.use_write_ahead_log(opened.writing)
            if not is_current:
                with opened.writing.begin() as connection:
                    migrations.upgrade(connection)
            with opened.reading.begin() as connection:
                return sqlite.owed_rewrites(connection) > 0

    def _transact(
        self,
        engine: Engine,
        act: Callable[Concatenate[Connection, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        with self._failures(), engine.begin() as connection:
            return act(connection, *args, **kwargs)

    def _opened(self) -> _Open:
        if self._open is None:
            raise ArchiveUnavailable("The archive is not open.")
        return self._open

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise sqlite.translate(error.orig or error, self.url) from error
        except (sqlite3.Error, OSError) as error:
            raise sqlite.translate(error, self.url) from error
        except OverflowError as error:
            raise InvalidInput("An id is no snowflake: it has more than 63 bits.") from error


async def _on(
    pool: ThreadPoolExecutor, act: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run `act` on a thread of the pool."""
    return await asyncio.wrap_future(pool.submit(act, *args, **kwargs))
