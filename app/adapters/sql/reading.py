"""Reading messages, counting them, and saying what is held."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, func, select

from app.adapters.sql import sqlite
from app.adapters.sql.rows import WHOLE, to_channel, to_message, to_moment
from app.adapters.sql.schema import channels, guilds, marks, messages
from app.adapters.sql.scoping import ADMITTED, NARROWED, parameters, readable
from app.domain.model import Guild
from app.ports.storage import ChannelOverview, GuildOverview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from app.domain.model import Message, Scope

_BY_ID = WHOLE.where(messages.c.id.in_(sqlite.listed("ids")), ADMITTED)

_IDS = (
    select(messages.c.id)
    .where(messages.c.id > bindparam("after_id"), messages.c.is_indexed, ADMITTED)
    .order_by(messages.c.id)
    .limit(bindparam("limit"))
)

_MAY_READ = readable(channels.c.guild_id, channels.c.id)
_OF_THE_CHANNEL = and_(
    messages.c.guild_id == channels.c.guild_id, messages.c.channel_id == channels.c.id
)
# Channel by channel, so that what is not in scope is not gone through.
_HELD = (
    select(
        channels,
        func.count(messages.c.id).label("messages"),
        func.min(messages.c.created_us).label("first_us"),
        func.max(messages.c.created_us).label("last_us"),
    )
    .join_from(channels, messages, and_(_OF_THE_CHANNEL, NARROWED), isouter=True)
    .where(_MAY_READ)
    .group_by(channels.c.guild_id, channels.c.id)
    .order_by(channels.c.guild_id, channels.c.name, channels.c.id)
)
_SEARCHED = (
    select(func.count())
    .select_from(channels)
    .join(messages, and_(_OF_THE_CHANNEL, messages.c.is_indexed, NARROWED))
    .where(_MAY_READ)
)
_WAITING = (
    select(messages.c.guild_id, func.count())
    .join_from(marks, messages, messages.c.id == marks.c.message_id)
    .where(ADMITTED)
    .group_by(messages.c.guild_id)
)
_GUILDS = (
    select(guilds).where(guilds.c.id.in_(sqlite.listed("ids"))).order_by(guilds.c.name, guilds.c.id)
)


def read(connection: Connection, message_ids: Sequence[int], scope: Scope) -> list[Message]:
    """Return messages in the order asked for, each once."""
    asked = {"ids": sqlite.as_json(message_ids), **parameters(scope)}
    rows = connection.execute(_BY_ID, asked).all()
    found = {message.id: message for message in map(to_message, rows)}
    return [found[i] for i in dict.fromkeys(message_ids) if i in found]


def ids(connection: Connection, scope: Scope, limit: int, after_id: int) -> list[int]:
    """Return ids of indexed messages, ascending."""
    asked = {"after_id": after_id, "limit": limit, **parameters(scope)}
    return list(connection.execute(_IDS, asked).scalars())


def count(connection: Connection, scope: Scope) -> int:
    """Count indexed messages."""
    return connection.execute(_SEARCHED, parameters(scope)).scalar_one()


def overview(connection: Connection, scope: Scope) -> list[GuildOverview]:
    """Return what is held of each server and channel."""
    asked = parameters(scope)
    held: defaultdict[int, list[ChannelOverview]] = defaultdict(list)
    for row in connection.execute(_HELD, asked):
        first, last = (None if us is None else to_moment(us) for us in (row.first_us, row.last_us))
        held[row.guild_id].append(ChannelOverview(to_channel(row), row.messages, first, last))
    waiting: dict[int, int] = dict(connection.execute(_WAITING, asked).all())
    return [
        _guild_overview(Guild(row.id, row.name), held[row.id], waiting.get(row.id, 0))
        for row in connection.execute(_GUILDS, {"ids": sqlite.as_json(held)})
    ]


def _guild_overview(guild: Guild, held: Sequence[ChannelOverview], waiting: int) -> GuildOverview:
    return GuildOverview(
        guild,
        sum(channel.messages for channel in held),
        min((channel.first for channel in held if channel.first), default=None),
        max((channel.last for channel in held if channel.last), default=None),
        waiting,
        tuple(held),
    )
