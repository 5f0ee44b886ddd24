"""Removing what was deleted at the source, and forgetting people, channels and servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, or_, select, tuple_

from app.adapters.sql import chunking, lexical, marking, sqlite
from app.adapters.sql.optouts import opt_out
from app.adapters.sql.schema import ANY_GUILD, channels, guilds, marks, messages, names, tombstones
from app.adapters.sql.scoping import admitted

_PLACE = (messages.c.id, messages.c.guild_id, messages.c.channel_id)
_AT_ONCE = 5_000

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection

    from app.domain.model import Scope


def remove(connection: Connection, message_ids: Collection[int], scope: Scope) -> int:
    """Erase messages and see to it that they do not come back."""
    if scope.is_empty:
        return 0
    asked = messages.c.id.in_(sqlite.listed(message_ids))
    known = dict(
        connection.execute(select(messages.c.id, messages.c.guild_id).where(asked)).tuples().all()
    )
    erasable = set(
        connection.execute(select(messages.c.id).where(asked, admitted(scope))).scalars()
    )
    issuers = [ANY_GUILD] if scope.grants is None else list(scope.grants)
    stones = {(i, known[i]) for i in erasable} | {
        (i, g) for i in set(message_ids) - known.keys() for g in issuers
    }
    have = (
        connection.execute(
            select(tombstones).where(tombstones.c.message_id.in_(sqlite.listed(message_ids)))
        )
        .tuples()
        .all()
    )
    new = stones - set(have)
    if new:
        connection.execute(
            insert(tombstones), [{"message_id": i, "guild_id": g} for i, g in sorted(new)]
        )
    return _erase(connection, messages.c.id.in_(sqlite.listed(erasable)))


def forget_author(connection: Connection, author_id: int) -> int:
    """Erase a person."""
    opt_out(connection, author_id)
    erased = _erase(connection, messages.c.author_id == author_id)
    connection.execute(delete(names).where(names.c.author_id == author_id))
    return erased


def forget_channel(connection: Connection, channel_id: int) -> int:
    """Erase a channel and its threads."""
    places = connection.execute(
        select(channels.c.guild_id, channels.c.id).where(
            or_(channels.c.id == channel_id, channels.c.parent_id == channel_id)
        )
    ).all()
    wanted = select(sqlite.listed_rows(places, "guild_id", "id"))
    erased = _erase(connection, tuple_(messages.c.guild_id, messages.c.channel_id).in_(wanted))
    connection.execute(
        delete(names).where(tuple_(names.c.guild_id, names.c.channel_id).in_(wanted))
    )
    connection.execute(
        delete(channels).where(tuple_(channels.c.guild_id, channels.c.id).in_(wanted))
    )
    return erased


def forget_guild(connection: Connection, guild_id: int) -> int:
    """Erase a server."""
    erased = _erase(connection, messages.c.guild_id == guild_id)
    for table in (names, channels):
        connection.execute(delete(table).where(table.c.guild_id == guild_id))
    connection.execute(delete(guilds).where(guilds.c.id == guild_id))
    return erased


def _erase(connection: Connection, which: ColumnElement[bool]) -> int:
    """Erase messages and let everything derived follow; a part at a time, to bound the memory."""
    wanted = (
        select(*_PLACE, messages.c.created_us, messages.c.is_indexed, marks.c.version)
        .join_from(messages, marks, marks.c.message_id == messages.c.id, isouter=True)
        .where(which)
        .limit(_AT_ONCE)
    )
    erased = 0
    while rows := connection.execute(wanted).all():
        ids = [row.id for row in rows]
        connection.execute(delete(messages).where(messages.c.id.in_(sqlite.listed(ids))))
        lexical.discard(connection, "message_words", ids)
        indexed = [row for row in rows if row.is_indexed]
        chunking.rebuild(connection, {chunking.cell_at(*row[1:4]) for row in indexed}, {})
        marking.mark(connection, [tuple(row[:3]) for row in rows if row.is_indexed or row.version])
        erased += len(ids)
    return erased
