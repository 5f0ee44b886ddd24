"""Servers, channels and people by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Text, bindparam, exists, or_, select

from app.adapters.sql import sqlite
from app.adapters.sql.rows import fold, to_author, to_channel
from app.adapters.sql.schema import MAX_INTEGER, channels, guilds, messages, names
from app.adapters.sql.scoping import ADMITTED, parameters, readable
from app.domain.model import Guild

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from app.domain.model import Author, Channel, Scope

_NAME = bindparam("name", type_=Text)
_ID = bindparam("id", type_=BigInteger)
_NO_ID = -1

_MAY_READ = readable(channels.c.guild_id, channels.c.id)
_GUILDS = (
    select(guilds)
    .where(
        or_(guilds.c.folded == _NAME, guilds.c.id == _ID),
        exists().where(channels.c.guild_id == guilds.c.id, _MAY_READ),
    )
    .order_by(guilds.c.id)
)
_CHANNELS = select(channels).where(_MAY_READ).order_by(channels.c.id, channels.c.guild_id)
_CHANNELS_NAMED = _CHANNELS.where(or_(channels.c.folded == _NAME, channels.c.id == _ID))
_THREADS = _CHANNELS.where(channels.c.parent_id.in_(sqlite.listed("ids")))

_CALLED = or_(
    names.c.folded_name == _NAME, names.c.folded_display_name == _NAME, names.c.author_id == _ID
)
_candidates = (
    select(names.c.author_id)
    .where(_CALLED, readable(names.c.guild_id, names.c.channel_id))
    .distinct()
    .subquery()
)
# By id and not by time: ids are in the order of time but for invented ones, and an index has
# them by author, so that nobody's messages are gone through however many they are.
_last_name = (
    select(messages.c.name_id)
    .where(messages.c.author_id == _candidates.c.author_id, ADMITTED)
    .order_by(messages.c.id.desc())
    .limit(1)
    .correlate(_candidates)
    .scalar_subquery()
)
_AUTHORS = (
    select(names)
    .join_from(_candidates, names, names.c.id == _last_name)
    .order_by(names.c.author_id)
)


def guilds_named(connection: Connection, name: str, scope: Scope) -> list[Guild]:
    """Find servers of which a channel may be read."""
    rows = connection.execute(_GUILDS, _asked(name, "", scope))
    return [Guild(row.id, row.name) for row in rows]


def channels_named(connection: Connection, name: str, scope: Scope) -> list[Channel]:
    """Find channels and threads."""
    return [
        to_channel(row) for row in connection.execute(_CHANNELS_NAMED, _asked(name, "#", scope))
    ]


def threads_of(connection: Connection, channel_ids: Collection[int], scope: Scope) -> list[Channel]:
    """Find the threads below channels."""
    asked = {"ids": sqlite.as_json(channel_ids), **parameters(scope)}
    return [to_channel(row) for row in connection.execute(_THREADS, asked)]


def authors_named(connection: Connection, name: str, scope: Scope) -> list[Author]:
    """Find people who wrote in scope, as they were last called there."""
    return [to_author(row) for row in connection.execute(_AUTHORS, _asked(name, "@", scope))]


def _asked(name: str, sign: str, scope: Scope) -> dict[str, bool | int | str]:
    wanted = fold(name.strip().removeprefix(sign))
    is_id = wanted.isascii() and wanted.isdecimal() and int(wanted) <= MAX_INTEGER
    return {"name": wanted, "id": int(wanted) if is_id else _NO_ID, **parameters(scope)}
