"""The vocabulary: messages and where they stand, who may read what, questions and answers.

Identifiers are Discord snowflakes, 64-bit integers whose upper 42 bits are the
time of creation. Every `datetime` in the domain is aware and in UTC; the one
place where a time without a zone is given one is `app.domain.times`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from attrs import evolve, field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
_TIME_SHIFT = 22
MILLISECOND = timedelta(milliseconds=1)


def snowflake_time(snowflake: int) -> datetime:
    """Return when a snowflake was made, to the millisecond."""
    return DISCORD_EPOCH + (snowflake >> _TIME_SHIFT) * MILLISECOND


def snowflake_at(moment: datetime) -> int:
    """Return the smallest snowflake made at or after `moment` (0 before Discord's epoch)."""
    elapsed = -((DISCORD_EPOCH - moment) // MILLISECOND)  # rounds up
    return max(0, elapsed) << _TIME_SHIFT


class ChannelKind(StrEnum):
    """What a place of conversation is; threads hang below a parent channel."""

    TEXT = "text"
    THREAD = "thread"
    PRIVATE_THREAD = "private_thread"
    DIRECT = "direct"


class Source(StrEnum):
    """How a message reached the archive; what was seen live outranks an export."""

    IMPORT = "import"
    LIVE = "live"


@frozen
class Guild:
    """A Discord server."""

    id: int
    name: str


@frozen
class Channel:
    """A channel, thread or forum post: the place a message's jump link points into."""

    id: int
    guild_id: int
    name: str
    kind: ChannelKind = ChannelKind.TEXT
    parent_id: int | None = None


@frozen
class Author:
    """A person or bot under the names they bore when the message was written."""

    id: int
    name: str
    display_name: str
    is_bot: bool = False


@frozen
class Message:
    """What somebody said: one message in its newest known state.

    `content` is cleaned text (`app.domain.cleaning`); `observed_at` is when this
    state was seen, by which of two states the newer is known.
    """

    id: int
    channel: Channel
    author: Author
    created_at: datetime
    content: str
    observed_at: datetime
    edited_at: datetime | None = None
    attachments: tuple[str, ...] = ()
    embeds: tuple[str, ...] = ()
    reply_to: int | None = None
    source: Source = Source.IMPORT

    @property
    def guild_id(self) -> int:
        """The server the message belongs to."""
        return self.channel.guild_id

    @property
    def text(self) -> str:
        """All that can be read in the message: content, embeds, names of attachments."""
        if not self.embeds and not self.attachments:
            return self.content
        return "\n".join(part for part in (self.content, *self.embeds, *self.attachments) if part)

    @property
    def indexed_text(self) -> str:
        """What is searched, by words and by meaning: "author: content"."""
        return f"{self.author.display_name}: {self.text}"

    @property
    def url(self) -> str:
        """The jump link that opens the message in Discord."""
        return f"https://discord.com/channels/{self.guild_id or '@me'}/{self.channel.id}/{self.id}"

    @property
    def version(self) -> tuple[datetime, datetime, str]:
        """Orders the states of one message: later edit, later sight, then text for ties."""
        return (self.edited_at or self.created_at, self.observed_at, self.text)


@frozen
class Window:
    """A half-open span of time, `after <= t < before`; `None` leaves a side open."""

    after: datetime | None = None
    before: datetime | None = None

    def __contains__(self, moment: datetime) -> bool:
        """Tell whether `moment` lies inside."""
        return (self.after is None or self.after <= moment) and (
            self.before is None or moment < self.before
        )

    def intersect(self, other: Window) -> Window:
        """Return what lies inside both."""
        afters = [w.after for w in (self, other) if w.after is not None]
        befores = [w.before for w in (self, other) if w.before is not None]
        return Window(max(afters, default=None), min(befores, default=None))


def _as_grants(
    grants: Mapping[int, Iterable[int] | None] | None,
) -> dict[int, frozenset[int] | None] | None:
    if grants is None:
        return None
    return {
        guild: None if channels is None else frozenset(channels)
        for guild, channels in grants.items()
    }


@frozen
class Scope:
    """What may be read: the only key to text, names, ids and counts.

    `grants` maps each readable server to its readable channels (threads have their
    own id and are listed on their own); `None` in place of the channels means the
    whole server, `None` in place of the mapping means everything and is reserved to
    the local operator (`Scope.everything`). The rest narrows what was granted: the
    channels and authors asked about and the time window. Every method that narrows
    can only take away.
    """

    grants: Mapping[int, frozenset[int] | None] | None = field(converter=_as_grants)
    channels: frozenset[int] | None = None
    authors: frozenset[int] | None = None
    window: Window = field(factory=Window)

    @classmethod
    def everything(cls) -> Self:
        """Return the scope of the local operator; entry points that serve others never use it."""
        return cls(grants=None)

    @classmethod
    def nothing(cls) -> Self:
        """Return the scope that admits no message."""
        return cls(grants={})

    def in_guilds(self, guilds: Iterable[int]) -> Self:
        """Narrow to these servers."""
        wanted = set(guilds)
        if self.grants is None:
            return evolve(self, grants=dict.fromkeys(wanted))
        return evolve(self, grants={g: c for g, c in self.grants.items() if g in wanted})

    def in_channels(self, channels: Iterable[int]) -> Self:
        """Narrow to these channels and threads."""
        return evolve(self, channels=_narrowed(self.channels, channels))

    def by(self, authors: Iterable[int]) -> Self:
        """Narrow to what these authors wrote."""
        return evolve(self, authors=_narrowed(self.authors, authors))

    def by_anyone(self) -> Self:
        """Return the same channels and time whoever wrote: authors are a wish and no right."""
        return evolve(self, authors=None)

    def during(self, window: Window) -> Self:
        """Narrow to a span of time."""
        return evolve(self, window=self.window.intersect(window))

    def may_read(self, guild_id: int, channel_id: int) -> bool:
        """Tell whether the channel of that server lies inside."""
        if self.channels is not None and channel_id not in self.channels:
            return False
        if self.grants is None:
            return True
        granted = self.grants.get(guild_id, frozenset())
        return granted is None or channel_id in granted

    def admits(self, message: Message) -> bool:
        """Tell whether the message lies inside."""
        return (
            self.may_read(message.guild_id, message.channel.id)
            and (self.authors is None or message.author.id in self.authors)
            and message.created_at in self.window
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all can lie inside."""
        grants_nothing = self.grants is not None and all(
            channels is not None and not channels for channels in self.grants.values()
        )
        after, before = self.window.after, self.window.before
        return (
            grants_nothing
            or self.channels == frozenset()
            or self.authors == frozenset()
            or (after is not None and before is not None and before <= after)
        )


def _narrowed(current: frozenset[int] | None, wanted: Iterable[int]) -> frozenset[int]:
    return frozenset(wanted) if current is None else current & frozenset(wanted)


@frozen
class Hit:
    """A message found by one ranking: its score there, higher is better, unit the ranking's."""

    message_id: int
    guild_id: int
    score: float


@frozen
class ChunkHit:
    """A stretch of conversation found by words: its score and its messages inside the scope."""

    guild_id: int
    message_ids: tuple[int, ...]
    score: float


@frozen
class Surroundings:
    """The conversation around a message, as far as it lies in the scope.

    `before` and `after` are its indexed neighbours in the channel, the nearest first;
    `related` are the message that it replies to and its replies.
    """

    message: Message
    before: tuple[Message, ...] = ()
    after: tuple[Message, ...] = ()
    related: tuple[Message, ...] = ()


@frozen
class Turn:
    """A question that was asked before, and the messages that its answer rested on."""

    text: str
    asked_at: datetime
    cited: tuple[int, ...] = ()


@frozen
class Question:
    """What somebody asks: the text, what they may read, and what "now" is to them."""

    text: str
    scope: Scope
    asked_at: datetime
    max_results: int = 10
    history: tuple[Turn, ...] = ()
    """What was asked before in the same conversation, oldest first."""
    zone: tzinfo = UTC
    """Where the asker is: what "yesterday" means to them."""
    asker: int | None = None
    """Who asks, where that is known: what "I" means."""
    channel: int | None = None
    """The channel in which it is asked, where that is known: what "here" means."""


@frozen
class Citation:
    """A numbered source of an answer: the message behind `[number]`."""

    number: int
    message: Message
    excerpt: str


@frozen
class Answer:
    """The whole outcome of a question.

    `grounded` is false when no message of the scope supports the text; `degraded` is
    true when a part that should have helped was not available, and `reason` says
    which. `response_time` is in seconds; `tokens_used` is `None` when unknown.
    """

    text: str
    success: bool
    grounded: bool
    citations: tuple[Citation, ...] = ()
    degraded: bool = False
    reason: str | None = None
    model_used: str | None = None
    tokens_used: int | None = None
    response_time: float = 0.0
    cached: bool = False
    messages_retrieved: int = 0
    window: Window | None = None
    error: str | None = None
