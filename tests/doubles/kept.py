"""One message as the archive in memory keeps it."""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import evolve, frozen

from app.domain.model import Channel, Message, Source

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class Kept:
    """A message, and when its author was seen under the names it bears."""

    message: Message
    named_at: datetime


def merged(one: Kept, other: Kept) -> Kept:
    """Return the later state, its author under the names of the earlier sight."""
    later, older = sorted((one, other), key=_version, reverse=True)
    if later.message.author.id != older.message.author.id:
        return later
    named = min(one, other, key=_naming)
    names = named.message.author
    author = evolve(later.message.author, name=names.name, display_name=names.display_name)
    return Kept(evolve(later.message, author=author), named.named_at)


def _version(kept: Kept) -> tuple[object, ...]:
    message = kept.message
    parts = (message.content, message.embeds, message.attachments, message.reply_to or 0)
    rest = (
        message.edited_at is not None,
        message.channel.id,
        message.author.id,
        message.created_at,
        message.source,
    )
    return (*message.version, *parts, *rest)


def _naming(kept: Kept) -> tuple[object, ...]:
    return (kept.named_at, kept.message.author.name, kept.message.author.display_name)


def sayings(message: Message) -> Message:
    """Return the message without when and how it was seen."""
    bare = Channel(message.channel.id, message.guild_id, "")
    return evolve(message, observed_at=_EPOCH, source=Source.IMPORT, channel=bare)
