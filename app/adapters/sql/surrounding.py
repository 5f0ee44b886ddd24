"""The conversation around messages: neighbours, what is replied to, replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import bindparam, func, select, tuple_

from app.adapters.sql import reading, sqlite
from app.adapters.sql.schema import messages
from app.adapters.sql.scoping import ADMITTED, admitted, parameters
from app.domain.model import Surroundings
from app.ports.storage import MOST_REPLIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, ScalarSelect

    from app.domain.model import Message, Scope

_other = messages.alias("other")
_HERE = tuple_(messages.c.created_us, messages.c.id)
_THERE = tuple_(_other.c.created_us, _other.c.id)


def _neighbours(*, before: bool) -> ScalarSelect[str]:
    """Return the ids of the nearest messages on one side, as a JSON array."""
    order = (_other.c.created_us, _other.c.id)
    nearest = (
        select(_other.c.id)
        .where(
            _other.c.guild_id == messages.c.guild_id,
            _other.c.channel_id == messages.c.channel_id,
            _other.c.is_indexed,
            _THERE < _HERE if before else _THERE > _HERE,
        )
        .order_by(*(column.desc() if before else column for column in order))
        .limit(bindparam("reach"))
        .correlate(messages)
        .subquery()
    )
    return select(func.json_group_array(nearest.c.id)).scalar_subquery()


def _replies() -> ScalarSelect[str]:
    """Return the ids of the earliest replies in scope, as a JSON array."""
    earliest = (
        select(_other.c.id)
        .where(_other.c.reply_to == messages.c.id, admitted(_other))
        .order_by(_other.c.id)
        .limit(MOST_REPLIES)
        .correlate(messages)
        .subquery()
    )
    return select(func.json_group_array(earliest.c.id)).scalar_subquery()


_AROUND = select(
    messages.c.id,
    messages.c.reply_to,
    _neighbours(before=True).label("before"),
    _neighbours(before=False).label("after"),
    _replies().label("replies"),
).where(messages.c.id.in_(sqlite.listed("ids")), ADMITTED)


def surroundings(
    connection: Connection, message_ids: Sequence[int], scope: Scope, reach: int
) -> list[Surroundings]:
    """Find the ids around the messages, then read them all at once, which checks the scope."""
    asked = {"ids": sqlite.as_json(message_ids), "reach": reach, **parameters(scope)}
    places = {
        message_id: (
            orjson.loads(before),
            orjson.loads(after),
            [*([reply_to] if reply_to else []), *sorted(orjson.loads(replies))],
        )
        for message_id, reply_to, before, after, replies in connection.execute(_AROUND, asked).all()
    }
    wanted = {i for groups in places.values() for group in groups for i in group} | places.keys()
    found = {message.id: message for message in reading.read(connection, sorted(wanted), scope)}

    def readable(ids: Sequence[int]) -> tuple[Message, ...]:
        return tuple(found[i] for i in ids if i in found)

    return [
        Surroundings(found[i], *map(readable, places[i]))
        for i in dict.fromkeys(message_ids)
        if i in found
    ]
