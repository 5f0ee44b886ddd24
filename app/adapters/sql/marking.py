"""What waits for the vector index: made, read and cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, not_, or_, select

from app.adapters.sql import sqlite
from app.adapters.sql.rows import WHOLE, to_message
from app.adapters.sql.schema import marks, messages
from app.adapters.sql.scoping import ADMITTED, IS_NARROWED, parameters, readable
from app.ports.storage import Mark

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from app.domain.model import Scope

Place = tuple[int, int, int]
"""A message's id, and those of its server and channel."""
_PLACE = ("message_id", "guild_id", "channel_id")

_UNMARK = delete(marks).where(marks.c.message_id.in_(sqlite.listed("ids")))
_SETTLE = delete(marks).where(marks.c.version.in_(sqlite.listed("versions")))

# Of an erased message nothing is known but its channel: it is shown to a scope that neither
# authors nor a window narrow.
_WAITING = (
    select(marks.c.message_id, marks.c.guild_id, marks.c.version)
    .join_from(marks, messages, messages.c.id == marks.c.message_id, isouter=True)
    .where(
        marks.c.version > bindparam("after_version"),
        or_(
            and_(messages.c.id.is_not(None), ADMITTED),
            and_(
                messages.c.id.is_(None),
                not_(IS_NARROWED),
                readable(marks.c.guild_id, marks.c.channel_id),
            ),
        ),
    )
    .order_by(marks.c.version)
    .limit(bindparam("limit"))
)
_INDEXED_WHOLE = WHOLE.where(messages.c.is_indexed, messages.c.id.in_(sqlite.listed("ids")))


def mark(connection: Connection, places: Collection[Place]) -> None:
    """Mark these messages as waiting, anew where they do already."""
    if places:
        connection.execute(_UNMARK, {"ids": sqlite.as_json(place[0] for place in places)})
        sqlite.insert_rows(connection, marks, sorted(places), _PLACE)


def waiting(connection: Connection, scope: Scope, limit: int, after_version: int) -> list[Mark]:
    """Return the oldest marks in scope with their messages as they are now."""
    asked = {"limit": limit, "after_version": after_version, **parameters(scope)}
    rows = connection.execute(_WAITING, asked).all()
    ids = sqlite.as_json(row.message_id for row in rows)
    found = {row.id: to_message(row) for row in connection.execute(_INDEXED_WHOLE, {"ids": ids})}
    return [
        Mark(row.message_id, row.guild_id, row.version, found.get(row.message_id)) for row in rows
    ]


def settle(connection: Connection, versions: Collection[int]) -> None:
    """Clear the marks of these versions; a renewed one has another."""
    connection.execute(_SETTLE, {"versions": sqlite.as_json(versions)})
