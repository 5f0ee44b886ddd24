"""Reading messages, counting them, and saying what is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, tuple_

from app.adapters.sql import sqlite
from app.adapters.sql.rows import WHOLE, fetch, to_moment, to_us
from app.adapters.sql.schema import channels, guilds, marks, messages
from app.adapters.sql.scoping import admitted, readable
from app.domain.model import Channel, ChannelKind, Guild
from app.ports.storage import ChannelOverview, GuildOverview

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from app.domain.model import Message, Scope

_MOMENT = (messages.c.created_us, messages.c.id)


def read(connection: Connection, message_ids: Sequence[int], scope: Scope) -> list[Message]:
    """Return messages in the order asked for."""
    statement = WHOLE.where(messages.c.id.in_(sqlite.listed(message_ids)), admitted(scope))
    found = {message.id: message for message in fetch(connection, statement)}
    return [found[i] for i in dict.fromkeys(message_ids) if i in found]


def around(
    connection: Connection, message_id: int, scope: Scope, before: int, after: int
) -> list[Message]:
    """Return a message and its neighbours."""
    middle = read(connection, [message_id], scope)
    if not middle:
        return []
    here = tuple_(to_us(middle[0].created_at), message_id)
    there = WHOLE.where(
        messages.c.guild_id == middle[0].guild_id,
        messages.c.channel_id == middle[0].channel.id,
        admitted(scope),
    )
    earlier = there.where(tuple_(*_MOMENT) < here).order_by(*(c.desc() for c in _MOMENT))
    later = there.where(tuple_(*_MOMENT) > here).order_by(*_MOMENT)
    return [
        *reversed(fetch(connection, earlier.limit(before))),
        *middle,
        *fetch(connection, later.limit(after)),
    ]


def replies_to(connection: Connection, message_ids: Iterable[int], scope: Scope) -> list[Message]:
    """Return the replies to messages."""
    targets = messages.c.reply_to.in_(sqlite.listed(message_ids))
    return fetch(connection, WHOLE.where(targets, admitted(scope)).order_by(*_MOMENT))


def ids(connection: Connection, scope: Scope, limit: int, after_id: int) -> list[int]:
    """Return ids of indexed messages, ascending."""
    statement = select(messages.c.id).where(
        messages.c.id > after_id, messages.c.is_indexed, admitted(scope)
    )
    return list(connection.execute(statement.order_by(messages.c.id).limit(limit)).scalars())


def count(connection: Connection, scope: Scope) -> int:
    """Count messages."""
    return connection.execute(
        select(func.count()).select_from(messages).where(admitted(scope))
    ).scalar_one()


def overview(connection: Connection, scope: Scope) -> list[GuildOverview]:
    """Return what is held of each server and channel."""
    held = {
        (row.guild_id, row.channel_id): row
        for row in connection.execute(
            select(
                messages.c.guild_id,
                messages.c.channel_id,
                func.count().label("messages"),
                func.min(messages.c.created_us).label("first"),
                func.max(messages.c.created_us).label("last"),
            )
            .where(admitted(scope))
            .group_by(messages.c.guild_id, messages.c.channel_id)
        )
    }
    waiting: dict[int, int] = dict(
        connection.execute(
            select(messages.c.guild_id, func.count())
            .join_from(marks, messages, messages.c.id == marks.c.message_id)
            .where(admitted(scope))
            .group_by(messages.c.guild_id)
        )
        .tuples()
        .all()
    )
    per_guild: dict[int, list[ChannelOverview]] = {}
    for row in connection.execute(
        select(channels)
        .where(readable(scope, channels, "id"))
        .order_by(channels.c.name, channels.c.id)
    ):
        channel = Channel(row.id, row.guild_id, row.name, ChannelKind(row.kind), row.parent_id)
        known = held.get((row.guild_id, row.id))
        per_guild.setdefault(row.guild_id, []).append(
            ChannelOverview(
                channel,
                known.messages if known else 0,
                to_moment(known.first) if known else None,
                to_moment(known.last) if known else None,
            )
        )
    found = connection.execute(
        select(guilds)
        .where(guilds.c.id.in_(sqlite.listed(per_guild)))
        .order_by(guilds.c.name, guilds.c.id)
    )
    return [
        _guild_overview(Guild(row.id, row.name), per_guild[row.id], waiting.get(row.id, 0))
        for row in found
    ]


def _guild_overview(guild: Guild, held: Collection[ChannelOverview], waiting: int) -> GuildOverview:
    return GuildOverview(
        guild,
        sum(channel.messages for channel in held),
        min((channel.first for channel in held if channel.first), default=None),
        max((channel.last for channel in held if channel.last), default=None),
        waiting,
        tuple(held),
    )
