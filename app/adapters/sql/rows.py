"""A message as a row and back, and names as they are compared."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from app.adapters.sql.schema import channels, messages, names
from app.domain.model import Author, Channel, ChannelKind, Message, Source, snowflake_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row

    from app.adapters.sql.merging import State

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

MISDATED_BY = timedelta(seconds=1)
"""A message whose id tells a time further off than this from its own is misdated."""

WHOLE = (
    select(
        messages,
        channels.c.name.label("channel_name"),
        channels.c.kind,
        channels.c.parent_id,
        names.c.name.label("author_name"),
        names.c.display_name,
        names.c.is_bot,
    )
    .join_from(
        messages,
        channels,
        and_(channels.c.guild_id == messages.c.guild_id, channels.c.id == messages.c.channel_id),
    )
    .join(names, names.c.id == messages.c.name_id)
)
"""All that `to_message` needs of a message."""


def to_us(moment: datetime) -> int:
    """Return microseconds since 1970; exact, which floats are not."""
    elapsed = moment - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def to_moment(us: int) -> datetime:
    """Return the time that `to_us` was given."""
    return _EPOCH + us * _MICROSECOND


def to_row(state: State, name_id: int) -> tuple[object, ...]:
    """Return a message as a whole row of `messages`; `name_id` is that of its author's names."""
    message = state.message
    return (
        *(message.id, message.channel.guild_id, message.channel.id, message.author.id),
        *(name_id, state.named_us),
        to_us(message.created_at),
        None if message.edited_at is None else to_us(message.edited_at),
        to_us(message.observed_at),
        message.content,
        _packed(message.attachments),
        _packed(message.embeds),
        message.reply_to,
        message.source.value,
        state.is_indexed,
        abs(message.created_at - snowflake_time(message.id)) > MISDATED_BY,
    )


def to_message(row: Row[Any]) -> Message:
    """Return a row of `WHOLE` as the message that it was."""
    # By position: by name is five times slower, and a search reads hundreds of rows.
    values: tuple[Any, ...] = tuple(row)
    (
        message_id,
        guild_id,
        channel_id,
        author_id,
        _name_id,
        _named_us,
        created_us,
        edited_us,
        observed_us,
        content,
        attachments,
        embeds,
        reply_to,
        source,
        _is_indexed,
        _is_misdated,
        channel_name,
        kind,
        parent_id,
        author_name,
        display_name,
        is_bot,
    ) = values
    return Message(
        message_id,
        _channel(channel_id, guild_id, channel_name, kind, parent_id),
        _author(author_id, author_name, display_name, is_bot),
        to_moment(created_us),
        content,
        to_moment(observed_us),
        None if edited_us is None else to_moment(edited_us),
        _unpacked(attachments),
        _unpacked(embeds),
        reply_to,
        _SOURCES[source],
    )


_SOURCES = {source.value: source for source in Source}


@lru_cache(maxsize=4_096)
def _channel(
    channel_id: int, guild_id: int, name: str, kind: str, parent_id: int | None
) -> Channel:
    return Channel(channel_id, guild_id, name, ChannelKind(kind), parent_id)


@lru_cache(maxsize=4_096)
def _author(author_id: int, name: str, display_name: str, is_bot: bool) -> Author:  # noqa: FBT001
    return Author(author_id, name, display_name, is_bot)


def to_channel(row: Row[Any]) -> Channel:
    """Return a row of `channels`."""
    return Channel(row.id, row.guild_id, row.name, ChannelKind(row.kind), row.parent_id)


def to_author(row: Row[Any]) -> Author:
    """Return a row of `names`."""
    return Author(row.author_id, row.name, row.display_name, is_bot=row.is_bot)


def storable(text: str) -> str:
    """Return a text that a database takes: halves of characters become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def fold(name: str) -> str:
    """Return a name as it is compared: without case, accents and spaces around it."""
    if name.isascii():
        return name.strip().lower()
    plain = unicodedata.normalize("NFKD", storable(name).casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).strip()


def _packed(texts: Iterable[str]) -> str | None:
    return json.dumps(texts) if texts else None


def _unpacked(texts: str | None) -> tuple[str, ...]:
    return tuple(json.loads(texts)) if texts else ()
