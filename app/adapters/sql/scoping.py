"""A scope as conditions of a query: the one place that decides what a query may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, false, or_, select, true, tuple_

from app.adapters.sql import sqlite
from app.adapters.sql.rows import MISDATED_BY, to_us
from app.adapters.sql.schema import messages
from app.domain.model import snowflake_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection, FromClause

    from app.domain.model import Scope


def readable(scope: Scope, place: FromClause, channel: str = "channel_id") -> ColumnElement[bool]:
    """Return the condition that the channel of a row of `place` may be read.

    `place` has a column `guild_id` and one for the channel.
    """
    return and_(true(), *_readable(scope, place.c.guild_id, place.c[channel]))


def admitted(scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a row of `messages` lies in the scope: `Scope.admits` in SQL."""
    return and_(
        true(),
        *_readable(scope, messages.c.guild_id, messages.c.channel_id),
        *_narrowed(scope),
    )


def has_narrowing(scope: Scope) -> bool:
    """Tell whether authors or a window narrow the scope within its channels."""
    return any(True for _ in _narrowed(scope))


def id_span(scope: Scope, connection: Connection) -> tuple[int | None, int | None]:
    """Return between which ids (both included) the messages in the window are, if that is known.

    A snowflake tells its time, which makes a window a range of row ids; not so where
    the archive holds an invented id. The span is wide enough for what counts as well
    dated; the exact time is compared as well.
    """
    window = scope.window
    if window.after is None and window.before is None:
        return None, None
    if connection.execute(select(messages.c.id).where(messages.c.is_misdated).limit(1)).first():
        return None, None
    slack = MISDATED_BY
    after = None if window.after is None else snowflake_at(window.after - slack)
    before = None if window.before is None else snowflake_at(window.before + slack)
    return after, before


def _readable(
    scope: Scope, guild_id: ColumnElement[int], channel_id: ColumnElement[int]
) -> Iterator[ColumnElement[bool]]:
    if scope.is_empty:
        yield false()
    if scope.grants is not None:
        whole = [guild for guild, granted in scope.grants.items() if granted is None]
        pairs = [(guild, c) for guild, granted in scope.grants.items() for c in granted or ()]
        ways = []
        if whole:
            ways.append(guild_id.in_(sqlite.listed(whole)))
        if pairs:
            ways.append(
                tuple_(guild_id, channel_id).in_(
                    select(sqlite.listed_rows(pairs, "guild_id", "channel_id"))
                )
            )
        yield or_(false(), *ways)
    if scope.channels is not None:
        yield channel_id.in_(sqlite.listed(scope.channels))


def _narrowed(scope: Scope) -> Iterator[ColumnElement[bool]]:
    if scope.authors is not None:
        yield messages.c.author_id.in_(sqlite.listed(scope.authors))
    if scope.window.after is not None:
        yield messages.c.created_us >= to_us(scope.window.after)
    if scope.window.before is not None:
        yield messages.c.created_us < to_us(scope.window.before)
