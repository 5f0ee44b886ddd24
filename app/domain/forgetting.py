"""Forget: erase a person, a channel or a server from everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from app.domain.errors import IndexUnavailable

if TYPE_CHECKING:
    from app.domain.indexing import Index
    from app.ports.conversations import ConversationStore
    from app.ports.storage import MessageArchive, VectorIndex


@frozen
class Forgotten:
    """What was erased; `waiting` says why the vectors go later, `None` when they are gone.

    A vector that is still there leads to no text: the archive answers for every id.
    """

    messages: int
    waiting: str | None = None


@frozen
class Forget:
    """Erases from the archive first, which is effective at once, then from the vectors."""

    archive: MessageArchive
    vectors: VectorIndex
    index: Index
    conversations: ConversationStore

    async def author(self, author_id: int) -> Forgotten:
        """Erase a person and refuse them in later imports. Raises `ArchiveUnavailable`.

        What they asked goes too.
        """
        await self.conversations.forget_asker(author_id)
        return await self._purged(await self.archive.forget_author(author_id))

    async def channel(self, channel_id: int) -> Forgotten:
        """Erase a channel with its threads. Raises `ArchiveUnavailable`."""
        return await self._purged(await self.archive.forget_channel(channel_id))

    async def guild(self, guild_id: int) -> Forgotten:
        """Erase a server. Raises `ArchiveUnavailable`."""
        messages = await self.archive.forget_guild(guild_id)
        try:
            await self.vectors.drop(guild_id)
        except IndexUnavailable as error:
            return Forgotten(messages, str(error))
        return await self._purged(messages)

    async def opt_in(self, author_id: int) -> bool:
        """Accept a forgotten person's future messages; false when they were not forgotten."""
        return await self.archive.opt_in(author_id)

    async def _purged(self, messages: int) -> Forgotten:
        try:
            await self.index.purge()
        except IndexUnavailable as error:
            return Forgotten(messages, str(error))
        return Forgotten(messages)
