"""The archive in a relational database: each call runs on a thread, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, field, frozen

from app.adapters.sql import (
    erasing,
    marking,
    matching,
    naming,
    optouts,
    reading,
    storing,
    surrounding,
)
from app.adapters.sql.database import Database
from app.adapters.sql.lexical import Frequencies
from app.ports.storage import MessageArchive

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from app.domain.model import Author, Channel, ChunkHit, Guild, Hit, Message, Scope, Surroundings
    from app.ports.history import Page
    from app.ports.storage import GuildOverview, Mark, Stored


@frozen(eq=False)
class SqlMessageArchive(MessageArchive):
    """Messages in SQLite, searched by words with FTS5.

    `url` is SQLAlchemy's (`sqlite:////path/to/archive.db`; `sqlite://` lives in memory
    until it is closed). Built at once, connected by `open`.
    """

    url: str
    index_bots: bool = False
    _database: Database = field(
        default=Factory(lambda self: Database(self.url), takes_self=True), init=False, repr=False
    )
    _frequencies: Frequencies = field(factory=Frequencies, init=False, repr=False)

    async def open(self) -> None:
        """Connect and bring the schema up to date; opening twice is opening once."""
        await self._database.open()

    async def close(self) -> None:
        """Finish what is being written and let go of the database."""
        await self._database.close()

    async def store(self, page: Page) -> Stored:
        """Merge the messages of a page, in one durable transaction with all that is derived."""
        outcome = await self._database.write(storing.store, page, index_bots=self.index_bots)
        if outcome.updated:
            await self._database.wipe_in_time()
        return outcome

    async def remove(self, message_ids: Collection[int], scope: Scope) -> int:
        """Erase messages that were deleted at the source, and leave tombstones."""
        erased = await self._database.write(erasing.remove, message_ids, scope)
        if erased:
            await self._database.wipe_in_time()
        return erased

    async def forget_author(self, author_id: int) -> int:
        """Erase a person and keep a keyed hash of the id, by which they stay forgotten."""
        return await self._database.erase(erasing.forget_author, author_id)

    async def forget_channel(self, channel_id: int) -> int:
        """Erase a channel and its threads, from the files of the database too."""
        return await self._database.erase(erasing.forget_channel, channel_id)

    async def forget_guild(self, guild_id: int) -> int:
        """Erase a server, from the files of the database too."""
        return await self._database.erase(erasing.forget_guild, guild_id)

    async def opt_in(self, author_id: int) -> bool:
        """Accept a forgotten author's messages again; false when they were not forgotten."""
        return await self._database.write(optouts.opt_in, author_id)

    async def read(self, message_ids: Sequence[int], scope: Scope) -> list[Message]:
        """Return the messages with these ids that lie in the scope, in the order given."""
        return await self._database.read(reading.read, message_ids, scope)

    async def matching(self, terms: Sequence[str], scope: Scope, limit: int) -> list[Hit]:
        """Return the messages that best match any of the terms, best first."""
        return await self._database.read(matching.matching, terms, scope, limit, self._frequencies)

    async def matching_chunks(
        self, terms: Sequence[str], scope: Scope, limit: int
    ) -> list[ChunkHit]:
        """Return the stretches of conversation that best match, with their messages in scope."""
        return await self._database.read(
            matching.matching_chunks, terms, scope, limit, self._frequencies
        )

    async def surroundings(
        self, message_ids: Sequence[int], scope: Scope, reach: int
    ) -> list[Surroundings]:
        """Return what stands around each of these messages in the order given."""
        return await self._database.read(surrounding.surroundings, message_ids, scope, reach)

    async def ids(self, scope: Scope, limit: int, after_id: int = 0) -> list[int]:
        """Return ids of indexed messages in scope above `after_id`, ascending."""
        return await self._database.read(reading.ids, scope, limit, after_id)

    async def guilds_named(self, name: str, scope: Scope) -> list[Guild]:
        """Return the servers of this name or id of which the scope may read a channel."""
        return await self._database.read(naming.guilds_named, name, scope)

    async def channels_named(self, name: str, scope: Scope) -> list[Channel]:
        """Return the channels and threads of this name or id that the scope may read."""
        return await self._database.read(naming.channels_named, name, scope)

    async def authors_named(self, name: str, scope: Scope) -> list[Author]:
        """Return the people of this name or id who wrote in scope, as last called there."""
        return await self._database.read(naming.authors_named, name, scope)

    async def threads_of(self, channel_ids: Collection[int], scope: Scope) -> list[Channel]:
        """Return the threads below these channels."""
        return await self._database.read(naming.threads_of, channel_ids, scope)

    async def count(self, scope: Scope) -> int:
        """Return how many messages in the scope are searched."""
        return await self._database.read(reading.count, scope)

    async def overview(self, scope: Scope) -> list[GuildOverview]:
        """Return what is held of each server and channel that the scope may read."""
        return await self._database.read(reading.overview, scope)

    async def waiting(self, scope: Scope, limit: int, after_version: int = 0) -> list[Mark]:
        """Return the oldest marks above `after_version`, with the message as it is now."""
        return await self._database.read(marking.waiting, scope, limit, after_version)

    async def settle(self, marks: Collection[Mark]) -> None:
        """Clear marks that were carried out; one renewed meanwhile stays."""
        await self._database.write(marking.settle, [mark.version for mark in marks])

    async def size_bytes(self) -> int:
        """Return the space that the database takes on disk, its log included."""
        return await self._database.size_bytes()
