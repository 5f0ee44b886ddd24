"""Servers and channels as they were last seen, and the names that people bore in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, select, tuple_, update

from app.adapters.sql import sqlite
from app.adapters.sql.rows import fold, storable, to_us
from app.adapters.sql.schema import channels, guilds, names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection, Table

    from app.domain.model import Channel, Guild, Message
    from app.ports.history import Page


Name = tuple[int, int, int, str, str, bool]
"""How a person was called in a channel: server, channel, person, names, whether a bot."""
_NAME = ("guild_id", "channel_id", "author_id", "name", "display_name", "is_bot")


_places = sqlite.listed_rows("places", "guild_id", "channel_id", "author_id")
_KNOWN = select(
    names.c.guild_id,
    names.c.channel_id,
    names.c.author_id,
    names.c.name,
    names.c.display_name,
    names.c.is_bot,
    names.c.id,
).where(tuple_(names.c.guild_id, names.c.channel_id, names.c.author_id).in_(select(_places)))


def name_of(message: Message) -> Name:
    """Return how the author of a message was called."""
    channel, author = message.channel, message.author
    return (
        *(channel.guild_id, channel.id, author.id),
        *(author.name, author.display_name, author.is_bot),
    )


def record_places(connection: Connection, page: Page) -> None:
    """Record what the server and the channels of a page are called; the latest sight stays."""
    seen_us = max((to_us(message.observed_at) for message in page.messages), default=0)
    _keep_latest(connection, guilds, *_guild(page.guild, seen_us))
    places = {message.channel.id: message.channel for message in page.messages}
    places |= {channel.id: channel for channel in page.channels}
    for channel in places.values():
        _keep_latest(connection, channels, *_channel(channel, seen_us))


def name_ids(connection: Connection, wanted: Collection[Name]) -> dict[Name, int]:
    """Return the rows of these names, recording those that are new."""
    found = _known_names(connection, wanted)
    missing = set(wanted) - found.keys()
    if not missing:
        return found
    connection.execute(
        insert(names),
        [
            dict(
                zip(_NAME, name, strict=True),
                folded_name=fold(name[3]),
                folded_display_name=fold(name[4]),
            )
            for name in sorted(missing)
        ],
    )
    return found | _known_names(connection, missing)


def _known_names(connection: Connection, wanted: Collection[Name]) -> dict[Name, int]:
    places = sqlite.rows_as_json({name[:3] for name in wanted})
    rows = connection.execute(_KNOWN, {"places": places})
    return {
        (g, c, a, name, display_name, is_bot): i for g, c, a, name, display_name, is_bot, i in rows
    }


def _guild(guild: Guild, seen_us: int) -> tuple[dict[str, int], dict[str, Any]]:
    return {"id": guild.id}, {
        "seen_us": seen_us,
        "name": storable(guild.name),
        "folded": fold(guild.name),
    }


def _channel(channel: Channel, seen_us: int) -> tuple[dict[str, int], dict[str, Any]]:
    return {"guild_id": channel.guild_id, "id": channel.id}, {
        "seen_us": seen_us,
        "name": storable(channel.name),
        "folded": fold(channel.name),
        "kind": channel.kind.value,
        "parent_id": channel.parent_id,
    }


def _keep_latest(
    connection: Connection, table: Table, key: Mapping[str, int], facts: Mapping[str, Any]
) -> None:
    """Write the facts unless those known are newer; greater facts win a tie."""
    here = and_(*(table.c[column] == value for column, value in key.items()))
    known = connection.execute(select(*(table.c[fact] for fact in facts)).where(here)).first()
    if known is None:
        connection.execute(insert(table), {**key, **facts})
    elif _rank(facts.values()) > _rank(known):
        connection.execute(update(table).where(here), dict(facts))


def _rank(facts: Iterable[Any]) -> list[tuple[bool, Any]]:
    """Make facts comparable; knowing something outranks not knowing it."""
    return [(fact is not None, fact) for fact in facts]
