"""What waits for the vector index: made, read and cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, insert, or_, select

from app.adapters.sql import sqlite
from app.adapters.sql.rows import WHOLE, fetch
from app.adapters.sql.schema import marks, messages
from app.adapters.sql.scoping import admitted, has_narrowing, readable
from app.ports.storage import Mark

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from app.domain.model import Scope

Place = tuple[int, int, int]
"""A message's id, and those of its server and channel."""


def mark(connection: Connection, places: Collection[Place]) -> None:
    """Mark these messages as waiting, anew where they do already."""
    if not places:
        return
    ids = [message_id for message_id, _, _ in places]
    connection.execute(delete(marks).where(marks.c.message_id.in_(sqlite.listed(ids))))
    columns = ("message_id", "guild_id", "channel_id")
    sqlite.insert_rows(connection, marks, sorted(places), columns)


def mark_again(connection: Connection, scope: Scope) -> int:
    """Mark every indexed message in scope."""
    wanted = and_(messages.c.is_indexed, admitted(scope))
    connection.execute(
        delete(marks).where(marks.c.message_id.in_(select(messages.c.id).where(wanted)))
    )
    place = (messages.c.id, messages.c.guild_id, messages.c.channel_id)
    return connection.execute(
        insert(marks).from_select(
            ["message_id", "guild_id", "channel_id"],
            select(*place).where(wanted).order_by(messages.c.id),
        )
    ).rowcount


def waiting(connection: Connection, scope: Scope, limit: int, after_version: int) -> list[Mark]:
    """Return the oldest marks in scope with their messages as they are now.

    Of an erased message nothing is known but its channel: it is shown to a scope that
    neither authors nor a window narrow.
    """
    gone = messages.c.id.is_(None)
    seen = and_(messages.c.id.is_not(None), admitted(scope))
    if not has_narrowing(scope):
        seen = or_(seen, and_(gone, readable(scope, marks)))
    rows = connection.execute(
        select(marks.c.message_id, marks.c.guild_id, marks.c.version)
        .join_from(marks, messages, messages.c.id == marks.c.message_id, isouter=True)
        .where(marks.c.version > after_version, seen)
        .order_by(marks.c.version)
        .limit(limit)
    ).all()
    indexed = WHOLE.where(
        messages.c.is_indexed, messages.c.id.in_(sqlite.listed(row.message_id for row in rows))
    )
    found = {message.id: message for message in fetch(connection, indexed)}
    return [
        Mark(row.message_id, row.guild_id, row.version, found.get(row.message_id)) for row in rows
    ]


def settle(connection: Connection, versions: Collection[int]) -> None:
    """Clear the marks of these versions; a renewed one has another."""
    connection.execute(delete(marks).where(marks.c.version.in_(sqlite.listed(versions))))
