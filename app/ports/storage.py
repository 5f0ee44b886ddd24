"""What is kept: the archive, which is the truth, and the vector index derived from it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence
    from datetime import datetime

    from app.domain.model import Author, Channel, ChunkHit, Guild, Hit, Message, Scope, Surroundings
    from app.domain.vectors import EmbeddingIdentity, Vector
    from app.ports.history import Page

MOST_REPLIES = 20
"""How many of the replies to a message stand around it."""


@frozen
class Stored:
    """What became of the messages of a page; `refused` are of people who do not want to be kept."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def __add__(self, other: Stored) -> Stored:
        """Add up two outcomes."""
        return Stored(
            self.new + other.new,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.refused + other.refused,
        )


@frozen
class Mark:
    """A note that the vector of a message must be made again or removed.

    `version` grows with every change of the message, so that clearing a mark that was
    renewed meanwhile leaves the newer one. `message` is `None` where the vector must go.
    """

    message_id: int
    guild_id: int
    version: int
    message: Message | None


@frozen
class ChannelOverview:
    """What the archive holds of a channel."""

    channel: Channel
    messages: int
    first: datetime | None
    last: datetime | None


@frozen
class GuildOverview:
    """What the archive holds of a server; `waiting` counts messages without a current vector."""

    guild: Guild
    messages: int
    first: datetime | None
    last: datetime | None
    waiting: int
    channels: tuple[ChannelOverview, ...]


class MessageArchive(Protocol):
    """Every message, searchable by words; the only way to text.

    Writing is one transaction a call, durable when the call returns: it stores the
    messages, makes them searchable by words alone and within their conversation, and
    marks what the vector index must follow. Rebuilding from the same messages in any
    order gives the same archive. Every reading method takes a `Scope` and returns
    nothing from outside it, whatever ids it is handed. Messages of bots are kept but
    neither searched nor marked unless the archive was told to index them.

    What is erased is gone for every reader when the call returns. What was forgotten has
    then also left the files of the database, or a warning is logged that says why traces
    are still there, and the archive goes on trying to remove them until it has.

    All methods raise `ArchiveUnavailable` (or a child) when the database cannot serve.
    """

    @abstractmethod
    async def open(self) -> None:
        """Connect and bring the schema up to date.

        Raises `ArchiveTooNew` for a database of a newer program and `ArchiveCorrupt`
        for a damaged one; neither is changed.
        """
        ...

    @abstractmethod
    async def close(self) -> None:
        """Finish what is being written and let go of the database."""
        ...

    # Writing

    @abstractmethod
    async def store(self, page: Page) -> Stored:
        """Add or update the messages of a page, and the names of its server and channels.

        Of two states of a message the later `Message.version` stays, its author under the
        names of the earliest sight, which was nearest to the writing. A message that was
        removed, whose author was forgotten, or that another server holds is refused.
        Idempotent.
        """
        ...

    @abstractmethod
    async def remove(self, message_ids: Collection[int], scope: Scope) -> int:
        """Erase messages that were deleted at the source; no import brings them back.

        Ids that are not in the archive are remembered as removed all the same. Returns
        how many were there.
        """
        ...

    @abstractmethod
    async def forget_author(self, author_id: int) -> int:
        """Erase a person: messages, names; refuse what later imports bring. Returns messages."""
        ...

    @abstractmethod
    async def forget_channel(self, channel_id: int) -> int:
        """Erase a channel and its threads. Returns how many messages went."""
        ...

    @abstractmethod
    async def forget_guild(self, guild_id: int) -> int:
        """Erase a server. Returns how many messages went."""
        ...

    @abstractmethod
    async def opt_in(self, author_id: int) -> bool:
        """Accept a forgotten author's messages again; false when they were not forgotten."""
        ...

    # Reading

    @abstractmethod
    async def read(self, message_ids: Sequence[int], scope: Scope) -> list[Message]:
        """Return the messages with these ids that lie in the scope, in the order given."""
        ...

    @abstractmethod
    async def matching(self, terms: Sequence[str], scope: Scope, limit: int) -> list[Hit]:
        """Return the messages that best match any of the terms by BM25, best first.

        Fewer than `limit` are all that hold one of the terms. Where there are more, words
        that are frequent in the channels of the scope may be left out in favour of rarer
        ones; how frequent they are elsewhere decides about scores alone.

        A term is a word of the question as written; stemming, folding of diacritics and
        segmentation of scripts without spaces are the archive's. Terms may contain
        anything, also what the database's query language would read as an operator.
        """
        ...

    @abstractmethod
    async def matching_chunks(
        self, terms: Sequence[str], scope: Scope, limit: int
    ) -> list[ChunkHit]:
        """Return the stretches of conversation that best match, with their messages in scope.

        Stretches without a message in the scope are left out. As for messages, fewer than
        `limit` are all there are.
        """
        ...

    @abstractmethod
    async def surroundings(
        self, message_ids: Sequence[int], scope: Scope, reach: int
    ) -> list[Surroundings]:
        """Return what stands around each of these messages, up to `reach` to either side.

        In the order given, without those that are not in the scope. Of the replies to each
        only the first `MOST_REPLIES` in scope, by id, which is the order they were sent in.
        """
        ...

    @abstractmethod
    async def ids(self, scope: Scope, limit: int, after_id: int = 0) -> list[int]:
        """Return ids of indexed messages in scope above `after_id`, ascending."""
        ...

    @abstractmethod
    async def guilds_named(self, name: str, scope: Scope) -> list[Guild]:
        """Return the servers in scope that bear this name or id, ignoring case and accents."""
        ...

    @abstractmethod
    async def channels_named(self, name: str, scope: Scope) -> list[Channel]:
        """Return the channels in scope of this name or id, a leading # ignored, with threads."""
        ...

    @abstractmethod
    async def authors_named(self, name: str, scope: Scope) -> list[Author]:
        """Return the people who wrote in scope under this name, nickname or id, one each.

        Any name they ever bore counts; a leading @ is ignored, and case and accents.
        """
        ...

    @abstractmethod
    async def threads_of(self, channel_ids: Collection[int], scope: Scope) -> list[Channel]:
        """Return the threads below these channels."""
        ...

    @abstractmethod
    async def count(self, scope: Scope) -> int:
        """Return how many messages in the scope are searched: those that `ids` returns.

        Messages without text, and those of bots unless they are indexed, do not count.
        """
        ...

    @abstractmethod
    async def overview(self, scope: Scope) -> list[GuildOverview]:
        """Return what is held of each server and channel that the scope may read."""
        ...

    # What waits for the vector index

    @abstractmethod
    async def waiting(self, scope: Scope, limit: int, after_version: int = 0) -> list[Mark]:
        """Return the oldest marks above `after_version`, with the message as it is now.

        In ascending order of version, so that a reader can run ahead of what is settled.
        """
        ...

    @abstractmethod
    async def settle(self, marks: Collection[Mark]) -> None:
        """Clear marks that were carried out; one renewed meanwhile stays."""
        ...

    @abstractmethod
    async def size_bytes(self) -> int:
        """Return the space that the database takes on disk."""
        ...


@frozen(eq=False)
class Entry:
    """A message's vector and what it can be filtered by."""

    message_id: int
    channel_id: int
    author_id: int
    vector: Vector


class VectorIndex(Protocol):
    """Nearest messages by meaning; holds ids and vectors, never text.

    One collection for each server and embedding identity. Similarity is the cosine, 1
    minus the cosine distance. Vectors have unit length. Reading returns ids in scope
    only. All methods raise `IndexUnavailable` (or a child) when the index cannot serve;
    `IndexDamaged` when a server's vectors are lost and only `rebuild` brings them back.
    """

    @property
    @abstractmethod
    def identity(self) -> EmbeddingIdentity:
        """The embedding this index was opened for."""
        ...

    @abstractmethod
    async def open(self) -> None:
        """Connect; an embedded index takes the data directory's lock, or raises `IndexBusy`."""
        ...

    @abstractmethod
    async def close(self) -> None:
        """Let go of the index and its lock."""
        ...

    @abstractmethod
    async def put(self, guild_id: int, entries: Sequence[Entry]) -> None:
        """Add or replace vectors; durable when the call returns.

        Raises `IndexMismatch` when the server's vectors are of another identity.
        """
        ...

    @abstractmethod
    async def remove(self, guild_id: int, message_ids: Collection[int]) -> None:
        """Remove vectors; ids that have none are ignored."""
        ...

    @abstractmethod
    async def drop(self, guild_id: int) -> None:
        """Remove all that is held of a server, of any identity."""
        ...

    @abstractmethod
    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        """Return the messages nearest to a vector, most similar first, cosine as the score.

        Finds `limit` of them wherever the scope has as many, however small a part of a
        server it is. Servers whose vectors are of another identity are passed over.
        """
        ...

    @abstractmethod
    async def similarities(
        self, vector: Vector, message_ids: Mapping[int, Collection[int]], scope: Scope
    ) -> dict[int, float]:
        """Return the cosine of each message in scope that has a vector, ids given by server."""
        ...

    @abstractmethod
    async def count(self, scope: Scope) -> int:
        """Return how many vectors of this identity lie in the scope."""
        ...

    @abstractmethod
    async def stale(self, scope: Scope) -> list[int]:
        """Return the servers in scope whose vectors are of another identity."""
        ...

    @abstractmethod
    async def rebuild(self, guild_id: int, entries: AsyncIterator[Sequence[Entry]]) -> int:
        """Build a server's vectors anew beside the old ones and switch at the end.

        Until then readers see the old ones; interrupted, the old ones stay and what was
        built is discarded by the next rebuild. What is put or removed meanwhile through
        the same object is newer than `entries` and counts. Returns how many were written.
        Raises `IndexUnavailable` when the server is dropped meanwhile, and it stays so.
        """
        ...
