"""An archive in a dictionary, written to be read rather than to be fast."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, field, frozen

from app.domain.chunking import cell_of, split_cell
from app.domain.model import Author, Channel, ChunkHit, Guild, Hit, Message, Surroundings
from app.ports.storage import (
    MOST_REPLIES,
    ChannelOverview,
    GuildOverview,
    Mark,
    MessageArchive,
    Stored,
)
from tests.doubles import bm25
from tests.doubles.kept import Kept, merged, sayings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from app.domain.model import Scope
    from app.ports.history import Page

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ANYWHERE = None

Named = TypeVar("Named", Author, Channel, Guild)
Place = tuple[int, int]
"""The ids of a server and of a channel."""


@frozen
class MemoryMessageArchive(MessageArchive):
    """Everything in memory, gone when it is closed."""

    index_bots: bool = False
    _kept: dict[int, Kept] = field(factory=dict, init=False)
    _guilds: dict[int, tuple[datetime, Guild]] = field(factory=dict, init=False)
    _channels: dict[Place, tuple[datetime, Channel]] = field(factory=dict, init=False)
    _names: set[tuple[Place, Author]] = field(factory=set, init=False)
    _tombstones: set[tuple[int, int | None]] = field(factory=set, init=False)
    _opted_out: set[int] = field(factory=set, init=False)
    _marks: dict[int, tuple[int, Place]] = field(factory=dict, init=False)
    _versions: list[int] = field(factory=lambda: [0], init=False)

    async def open(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to let go of."""

    # Writing

    async def store(self, page: Page) -> Stored:
        outcome = Stored()
        for message in sorted(page.messages, key=lambda message: message.id):
            outcome += self._merge(message)
        self._record_places(page)
        return outcome

    def _merge(self, message: Message) -> Stored:
        known = self._kept.get(message.id)
        if message.author.id in self._opted_out:
            return Stored(refused=1)
        if known and known.message.guild_id != message.guild_id:
            return Stored(refused=1)
        self._names.add((_place(message), message.author))
        if {(message.id, _ANYWHERE), (message.id, message.guild_id)} & self._tombstones:
            return Stored(refused=1)
        seen = Kept(message, message.observed_at)
        if known is None:
            self._put(seen)
            return Stored(new=1)
        after = merged(known, seen)
        self._put(after)
        is_same = sayings(after.message) == sayings(known.message)
        return Stored(unchanged=1) if is_same else Stored(updated=1)

    def _put(self, kept: Kept) -> None:
        message, known = kept.message, self._kept.get(kept.message.id)
        before = self._found(known.message) if known else None
        self._kept[message.id] = kept
        if self._found(message) != before:
            self._mark(message)

    def _found(self, message: Message) -> tuple[object, ...] | None:
        if not self._is_indexed(message):
            return None
        return (message.indexed_text, message.created_at, message.channel.id, message.author.id)

    def _is_indexed(self, message: Message) -> bool:
        return bool(message.text) and (self.index_bots or not message.author.is_bot)

    def _mark(self, message: Message) -> None:
        self._versions[0] += 1
        self._marks[message.id] = (self._versions[0], _place(message))

    def _record_places(self, page: Page) -> None:
        seen = max((message.observed_at for message in page.messages), default=_EPOCH)
        channels = {message.channel.id: message.channel for message in page.messages}
        channels |= {channel.id: channel for channel in page.channels}
        if page.guild.id not in self._guilds or self._guilds[page.guild.id][0] <= seen:
            self._guilds[page.guild.id] = (seen, page.guild)
        for channel in channels.values():
            place = (channel.guild_id, channel.id)
            if place not in self._channels or self._channels[place][0] <= seen:
                self._channels[place] = (seen, channel)

    async def remove(self, message_ids: Collection[int], scope: Scope) -> int:
        if scope.is_empty:
            return 0
        unknown = set(message_ids) - self._kept.keys()
        guilds = [_ANYWHERE] if scope.grants is None else list(scope.grants)
        self._tombstones.update((i, guild_id) for i in unknown for guild_id in guilds)
        known = set(message_ids) - unknown
        doomed = [m for m in self._admitted(scope) if m.id in known]
        self._tombstones.update((message.id, message.guild_id) for message in doomed)
        return self._erase(doomed)

    async def forget_author(self, author_id: int) -> int:
        self._opted_out.add(author_id)
        self._drop_names(lambda _, author: author.id == author_id)
        return self._erase([m for m in self._messages() if m.author.id == author_id])

    async def forget_channel(self, channel_id: int) -> int:
        family = {
            place
            for place, (_, channel) in self._channels.items()
            if channel_id in {channel.id, channel.parent_id}
        }
        return self._forget_places(family)

    async def forget_guild(self, guild_id: int) -> int:
        self._guilds.pop(guild_id, None)
        return self._forget_places({place for place in self._channels if place[0] == guild_id})

    def _forget_places(self, places: set[Place]) -> int:
        erased = self._erase([m for m in self._messages() if _place(m) in places])
        self._drop_names(lambda place, _: place in places)
        for place in places:
            del self._channels[place]
        return erased

    def _drop_names(self, is_doomed: Callable[[Place, Author], bool]) -> None:
        self._names.difference_update({name for name in self._names if is_doomed(*name)})

    def _erase(self, doomed: Sequence[Message]) -> int:
        for message in doomed:
            del self._kept[message.id]
            if self._is_indexed(message):
                self._mark(message)
        return len(doomed)

    async def opt_in(self, author_id: int) -> bool:
        was_out = author_id in self._opted_out
        self._opted_out.discard(author_id)
        return was_out

    # Reading

    def _messages(self) -> list[Message]:
        """Return all messages in order of time, in channels as they are called now."""
        found = (
            evolve(kept.message, channel=self._channels[_place(kept.message)][1])
            for kept in self._kept.values()
        )
        return sorted(found, key=_in_time)

    def _admitted(self, scope: Scope) -> list[Message]:
        return [message for message in self._messages() if scope.admits(message)]

    def _indexed(self, scope: Scope) -> list[Message]:
        return [message for message in self._admitted(scope) if self._is_indexed(message)]

    async def read(self, message_ids: Sequence[int], scope: Scope) -> list[Message]:
        found = {message.id: message for message in self._admitted(scope)}
        return [found[i] for i in dict.fromkeys(message_ids) if i in found]

    async def matching(self, terms: Sequence[str], scope: Scope, limit: int) -> list[Hit]:
        indexed = {m.id: m for m in self._messages() if self._is_indexed(m)}
        scores = bm25.rank(terms, {i: message.indexed_text for i, message in indexed.items()})
        hits = [
            Hit(i, indexed[i].guild_id, score)
            for i, score in scores.items()
            if scope.admits(indexed[i])
        ]
        return sorted(hits, key=lambda hit: (-hit.score, -hit.message_id))[: max(0, limit)]

    async def matching_chunks(
        self, terms: Sequence[str], scope: Scope, limit: int
    ) -> list[ChunkHit]:
        chunks = {chunk[0].id: chunk for chunk in self._chunks()}
        texts = {i: "\n".join(m.indexed_text for m in chunk) for i, chunk in chunks.items()}
        scores = bm25.rank(terms, texts)
        hits = []
        for i in sorted(scores, key=lambda i: (-scores[i], -i)):
            members = tuple(message.id for message in chunks[i] if scope.admits(message))
            if members:
                hits.append(ChunkHit(chunks[i][0].guild_id, members, scores[i]))
        return hits[: max(0, limit)]

    def _chunks(self) -> list[list[Message]]:
        cells: defaultdict[tuple[Place, int], list[Message]] = defaultdict(list)
        for message in self._messages():
            if self._is_indexed(message):
                cells[_place(message), cell_of(_milliseconds(message))].append(message)
        return [
            cell[piece.start : piece.stop]
            for cell in cells.values()
            for piece in split_cell([_milliseconds(message) for message in cell])
        ]

    async def surroundings(
        self, message_ids: Sequence[int], scope: Scope, reach: int
    ) -> list[Surroundings]:
        indexed = [message for message in self._messages() if self._is_indexed(message)]
        found = []
        for middle in await self.read(message_ids, scope):
            channel = [m for m in indexed if _place(m) == _place(middle)]
            before = [m for m in channel if _in_time(m) < _in_time(middle)][::-1][:reach]
            after = [m for m in channel if _in_time(m) > _in_time(middle)][:reach]
            parent = await self.read([middle.reply_to] if middle.reply_to else [], scope)
            replies = [m for m in self._admitted(scope) if m.reply_to == middle.id]
            earliest = sorted(replies, key=lambda reply: reply.id)[:MOST_REPLIES]
            found.append(
                Surroundings(
                    middle,
                    tuple(filter(scope.admits, before)),
                    tuple(filter(scope.admits, after)),
                    (*parent, *earliest),
                )
            )
        return found

    async def ids(self, scope: Scope, limit: int, after_id: int = 0) -> list[int]:
        return sorted(m.id for m in self._indexed(scope) if m.id > after_id)[:limit]

    async def guilds_named(self, name: str, scope: Scope) -> list[Guild]:
        readable = {channel.guild_id for channel in self._readable(scope)}
        guilds = [guild for guild_id, (_, guild) in self._guilds.items() if guild_id in readable]
        return _by_id(guild for guild in guilds if _is_called(name, guild.id, guild.name))

    async def channels_named(self, name: str, scope: Scope) -> list[Channel]:
        wanted = name.strip().removeprefix("#")
        return _by_id(c for c in self._readable(scope) if _is_called(wanted, c.id, c.name))

    def _readable(self, scope: Scope) -> list[Channel]:
        if scope.is_empty:
            return []
        return [c for place, (_, c) in self._channels.items() if scope.may_read(*place)]

    async def authors_named(self, name: str, scope: Scope) -> list[Author]:
        wanted = name.strip().removeprefix("@")
        called = {
            author.id
            for place, author in self._names
            if scope.may_read(*place)
            and _is_called(wanted, author.id, author.name, author.display_name)
        }
        last = {m.author.id: m.author for m in self._admitted(scope) if m.author.id in called}
        return _by_id(last.values())

    async def threads_of(self, channel_ids: Collection[int], scope: Scope) -> list[Channel]:
        return _by_id(c for c in self._readable(scope) if c.parent_id in channel_ids)

    async def count(self, scope: Scope) -> int:
        return len(self._indexed(scope))

    async def overview(self, scope: Scope) -> list[GuildOverview]:
        held: defaultdict[int, list[ChannelOverview]] = defaultdict(list)
        for channel in sorted(
            self._readable(scope), key=lambda channel: (channel.name, channel.id)
        ):
            place = (channel.guild_id, channel.id)
            times = [m.created_at for m in self._admitted(scope) if _place(m) == place]
            held[channel.guild_id].append(
                ChannelOverview(
                    channel, len(times), min(times, default=None), max(times, default=None)
                )
            )
        guilds = sorted(
            (self._guilds[i][1] for i in held), key=lambda guild: (guild.name, guild.id)
        )
        return [self._overview(guild, held[guild.id], scope) for guild in guilds]

    def _overview(self, guild: Guild, held: list[ChannelOverview], scope: Scope) -> GuildOverview:
        return GuildOverview(
            guild,
            sum(channel.messages for channel in held),
            min((channel.first for channel in held if channel.first), default=None),
            max((channel.last for channel in held if channel.last), default=None),
            sum(m.id in self._marks for m in self._admitted(scope) if m.guild_id == guild.id),
            tuple(held),
        )

    # What waits for the vector index

    async def waiting(self, scope: Scope, limit: int, after_version: int = 0) -> list[Mark]:
        kept = {message.id: message for message in self._messages()}
        marks = []
        for i, (version, place) in sorted(self._marks.items(), key=lambda mark: mark[1]):
            message = kept.get(i)
            is_seen = scope.admits(message) if message else _covers(scope, place)
            if is_seen and version > after_version:
                current = message if message and self._is_indexed(message) else None
                marks.append(Mark(i, place[0], version, current))
        return marks[:limit]

    async def settle(self, marks: Collection[Mark]) -> None:
        for mark in marks:
            if self._marks.get(mark.message_id, (0,))[0] == mark.version:
                del self._marks[mark.message_id]

    async def size_bytes(self) -> int:
        return sum(len(message.indexed_text.encode()) for message in self._messages())


def _place(message: Message) -> Place:
    return (message.guild_id, message.channel.id)


def _in_time(message: Message) -> tuple[datetime, int]:
    return (message.created_at, message.id)


def _milliseconds(message: Message) -> int:
    return (message.created_at - _EPOCH) // timedelta(milliseconds=1)


def _covers(scope: Scope, place: Place) -> bool:
    window = scope.window
    is_narrowed = scope.authors is not None or window.after or window.before
    return not is_narrowed and scope.may_read(*place)


def _is_called(wanted: str, own_id: int, *names: str) -> bool:
    return wanted.strip() == str(own_id) or _fold(wanted) in map(_fold, names)


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).strip()


def _by_id(found: Iterable[Named]) -> list[Named]:
    return sorted(found, key=lambda each: each.id)
