"""A scope in a query: the one place that decides what a query may see.

The conditions are the same for every scope, so that each statement is built and
compiled once; a scope is their parameters. However many channels it lists, a list is
one parameter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    Boolean,
    ColumnElement,
    and_,
    bindparam,
    literal,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
)

from app.adapters.sql import sqlite
from app.adapters.sql.rows import MISDATED_BY, to_us
from app.adapters.sql.schema import MAX_INTEGER, channels, messages
from app.domain.model import DISCORD_EPOCH, Scope, snowflake_at

if TYPE_CHECKING:
    from sqlalchemy import Connection, FromClause

Parameters = dict[str, bool | int | str]


def readable(guild_id: ColumnElement[int], channel_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a channel of a server may be read: `Scope.may_read` in SQL."""
    granted = sqlite.listed_rows("granted_channels", "guild_id", "channel_id")
    return and_(
        or_(
            bindparam("grants_everything", type_=Boolean),
            guild_id.in_(sqlite.listed("granted_guilds")),
            tuple_(guild_id, channel_id).in_(select(granted)),
        ),
        or_(
            bindparam("any_channel", type_=Boolean),
            channel_id.in_(sqlite.listed("asked_channels")),
        ),
    )


def narrowed(said: FromClause) -> ColumnElement[bool]:
    """Return the condition that a row of `messages` is by the authors and in the window."""
    # The sum keeps the database from going through a window by index where the rest of a
    # query names a few messages of it.
    created_us = said.c.created_us + literal(0)
    return and_(
        or_(
            bindparam("any_author", type_=Boolean),
            said.c.author_id.in_(sqlite.listed("asked_authors")),
        ),
        created_us >= bindparam("after_us"),
        created_us < bindparam("before_us"),
    )


def admitted(said: FromClause) -> ColumnElement[bool]:
    """Return the condition that a row of `messages`, or of an alias, lies in the scope."""
    return and_(readable(said.c.guild_id, said.c.channel_id), narrowed(said))


NARROWED = narrowed(messages)
"""The condition that a row of `messages` is by the authors and in the window asked for."""

ADMITTED = admitted(messages)
"""The condition that a row of `messages` lies in the scope: `Scope.admits` in SQL."""

IS_NARROWED = bindparam("is_narrowed", type_=Boolean)
"""Whether authors or a window narrow the scope within its channels."""


def parameters(scope: Scope) -> Parameters:
    """Return what the conditions above are to be told of a scope."""
    if scope.is_empty:
        scope = Scope.nothing()
    grants = {} if scope.grants is None else scope.grants
    after, before = scope.window.after, scope.window.before
    return {
        "grants_everything": scope.grants is None,
        "granted_guilds": sqlite.as_json(g for g, granted in grants.items() if granted is None),
        "granted_channels": sqlite.rows_as_json(
            (guild_id, channel_id)
            for guild_id, granted in grants.items()
            for channel_id in granted or ()
        ),
        "any_channel": scope.channels is None,
        "asked_channels": sqlite.as_json(scope.channels or ()),
        "any_author": scope.authors is None,
        "asked_authors": sqlite.as_json(scope.authors or ()),
        "after_us": -MAX_INTEGER if after is None else to_us(after),
        "before_us": MAX_INTEGER if before is None else to_us(before),
        "is_narrowed": not (scope.authors is None and after is None and before is None),
    }


_UNREADABLE = select(literal(1)).where(not_(readable(channels.c.guild_id, channels.c.id))).limit(1)


def may_read_all(connection: Connection, scope: Scope) -> bool:
    """Tell whether the scope may read every channel that is held."""
    return connection.execute(_UNREADABLE, parameters(scope)).first() is None


# As the partial index has it, word for word: SQLite uses none for the `is_misdated = 1` that the
# column itself becomes, and would read every message to find that no id was invented.
_MISDATED = (
    select(literal(1)).select_from(messages).where(literal_column("messages.is_misdated")).limit(1)
)


_LEEWAY = snowflake_at(DISCORD_EPOCH + MISDATED_BY)
"""The ids of as long as a well dated message may be off; times themselves can run out."""


def id_span(connection: Connection, scope: Scope) -> Parameters:
    """Return between which ids, `low` and `high` included, the messages of the window are.

    A snowflake tells its time, which makes a window a range of row ids; not so where
    the archive holds an invented id. The span is wide enough for what still counts as
    well dated, so the exact time must be compared as well.
    """
    span: Parameters = {"low": 0, "high": MAX_INTEGER}
    after, before = scope.window.after, scope.window.before
    if (after is None and before is None) or connection.execute(_MISDATED).first():
        return span
    if after is not None:
        span["low"] = min(MAX_INTEGER, max(0, snowflake_at(after) - _LEEWAY))
    if before is not None:
        span["high"] = min(MAX_INTEGER, snowflake_at(before) + _LEEWAY)
    return span
