"""Archives to test, and short ways to say something in them.

Message number n is said n minutes after `START`. Servers, channels and people are
known by name; a name always stands for the same id.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zlib import crc32

from app.adapters.sql import SqlMessageArchive
from app.domain.model import Author, Channel, Guild, Message, Scope, snowflake_at
from app.ports.history import Page
from app.ports.storage import Stored
from tests.doubles.archive import MemoryMessageArchive

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from app.ports.storage import MessageArchive

START = datetime(2024, 5, 1, 12, tzinfo=UTC)
SEEN = datetime(2024, 6, 1, 12, tzinfo=UTC)
EVERYTHING = Scope.everything()


@cache
def _new_database() -> bytes:
    """Return an empty database with all its tables; creating them takes longer than most tests."""

    async def create(url: str) -> None:
        archive = SqlMessageArchive(url)
        await archive.open()
        await archive.close()

    with TemporaryDirectory() as folder, ThreadPoolExecutor() as threads:
        file = Path(folder) / "new.db"
        threads.submit(asyncio.run, create(f"sqlite:///{file}")).result()
        return file.read_bytes()


def file_of(folder: Path) -> Path:
    """Return the file of the archive in a folder."""
    return folder / "archive.db"


def on_disk(folder: Path, *, index_bots: bool = False) -> MessageArchive:
    file = file_of(folder)
    if not file.exists():
        file.write_bytes(_new_database())
    return SqlMessageArchive(f"sqlite:///{file}", index_bots=index_bots)


def in_sqlite_memory(_: Path, *, index_bots: bool = False) -> MessageArchive:
    return SqlMessageArchive("sqlite://", index_bots=index_bots)


def in_memory(_: Path, *, index_bots: bool = False) -> MessageArchive:
    return MemoryMessageArchive(index_bots=index_bots)


ADAPTERS: dict[str, Callable[..., MessageArchive]] = {
    "MemoryMessageArchive": in_memory,
    "SqlMessageArchive on SQLite": on_disk,
    "SqlMessageArchive on SQLite in memory": in_sqlite_memory,
}


@asynccontextmanager
async def opened(
    adapter: str, folder: Path, *, index_bots: bool = False
) -> AsyncIterator[MessageArchive]:
    """Yield an archive of this kind, empty unless its folder has been used before."""
    archive = ADAPTERS[adapter](folder, index_bots=index_bots)
    await archive.open()
    try:
        yield archive
    finally:
        await archive.close()


def id_of(name: str) -> int:
    """Return the id that this name has in tests."""
    return crc32(name.encode())


def message_id(number: int) -> int:
    """Return the id of message `number`."""
    return snowflake_at(START + timedelta(minutes=number))


def say(
    number: int,
    content: str = "hello",
    *,
    author: str = "ana",
    channel: str = "general",
    guild: str = "home",
    is_bot: bool = False,
    **changes: Any,  # noqa: ANN401 (whichever fields of a message)
) -> Message:
    """Return message `number`; `changes` are fields that shall not have their usual value."""
    return Message(
        **{
            "id": message_id(number),
            "channel": Channel(id_of(channel), id_of(guild), channel),
            "author": Author(id_of(author), author, author.title(), is_bot),
            "created_at": START + timedelta(minutes=number),
            "content": content,
            "observed_at": SEEN,
            **changes,
        }
    )


def page_of(*messages: Message, guild: str = "home", channels: Iterable[Channel] = ()) -> Page:
    """Return the messages of one server as one page."""
    return Page(Guild(id_of(guild), guild), tuple(channels), messages)


async def store(archive: MessageArchive, *messages: Message) -> Stored:
    """Store messages of any servers, a page for each."""
    names = {id_of(name): name for name in ("home", "away", "abroad")}
    outcome = Stored()
    in_order = sorted(messages, key=lambda message: message.guild_id)
    for guild_id, group in groupby(in_order, key=lambda message: message.guild_id):
        outcome += await archive.store(page_of(*group, guild=names[guild_id]))
    return outcome


async def numbers(archive: MessageArchive, scope: Scope = EVERYTHING) -> list[int]:
    """Return the numbers of the indexed messages in scope."""
    base = message_id(0)
    return [(i - base) // (message_id(1) - base) for i in await archive.ids(scope, 100_000)]


async def found(archive: MessageArchive, *terms: str, scope: Scope = EVERYTHING) -> list[int]:
    """Return the ids of the messages that match any of the terms, best first."""
    return [hit.message_id for hit in await archive.matching(terms, scope, 100)]


async def clear_marks(archive: MessageArchive) -> None:
    """Settle everything that waits."""
    await archive.settle(await archive.waiting(EVERYTHING, 1_000_000))
