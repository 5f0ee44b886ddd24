"""Servers, channels and people by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, func, or_, select

from app.adapters.sql import sqlite
from app.adapters.sql.rows import fold
from app.adapters.sql.schema import channels, guilds, messages, names
from app.adapters.sql.scoping import admitted, readable
from app.domain.model import Author, Channel, ChannelKind, Guild

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection

    from app.domain.model import Scope

_MAX_ID = 2**63 - 1


def guilds_named(connection: Connection, name: str, scope: Scope) -> list[Guild]:
    """Find servers of which a channel may be read."""
    may_read = exists().where(channels.c.guild_id == guilds.c.id, readable(scope, channels, "id"))
    statement = select(guilds).where(_is_called(name, guilds.c.id, guilds.c.folded), may_read)
    return [Guild(row.id, row.name) for row in connection.execute(statement.order_by(guilds.c.id))]


def channels_named(connection: Connection, name: str, scope: Scope) -> list[Channel]:
    """Find channels and threads."""
    called = _is_called(name.strip().removeprefix("#"), channels.c.id, channels.c.folded)
    return _channels(connection, called, scope)


def threads_of(connection: Connection, channel_ids: Collection[int], scope: Scope) -> list[Channel]:
    """Find the threads below channels."""
    return _channels(connection, channels.c.parent_id.in_(sqlite.listed(channel_ids)), scope)


def authors_named(connection: Connection, name: str, scope: Scope) -> list[Author]:
    """Find people who wrote in scope; returned as they were last called in it."""
    called = _is_called(
        name.strip().removeprefix("@"),
        names.c.author_id,
        *(names.c.folded_name, names.c.folded_display_name),
    )
    candidates = select(names.c.author_id).where(called, readable(scope, names))
    newest = func.max(messages.c.created_us)
    statement = (
        select(messages.c.author_id, names.c.name, names.c.display_name, names.c.is_bot, newest)
        .join_from(messages, names, names.c.id == messages.c.name_id)
        .where(messages.c.author_id.in_(candidates), admitted(scope))
        .group_by(messages.c.author_id)
        .order_by(messages.c.author_id)
    )
    return [
        Author(row.author_id, row.name, row.display_name, is_bot=row.is_bot)
        for row in connection.execute(statement)
    ]


def _channels(connection: Connection, wanted: ColumnElement[bool], scope: Scope) -> list[Channel]:
    statement = select(channels).where(wanted, readable(scope, channels, "id"))
    return [
        Channel(row.id, row.guild_id, row.name, ChannelKind(row.kind), row.parent_id)
        for row in connection.execute(statement.order_by(channels.c.id))
    ]


def _is_called(
    name: str, id_column: ColumnElement[int], *folded: ColumnElement[str]
) -> ColumnElement[bool]:
    wanted = fold(name)
    ways = [column == wanted for column in folded]
    if wanted.isdecimal() and int(wanted) <= _MAX_ID:
        ways.append(id_column == int(wanted))
    return or_(*ways)
