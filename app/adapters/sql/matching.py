"""Searching by words: messages, and stretches of conversation with their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, select, tuple_

from app.adapters.sql import lexical, sqlite
from app.adapters.sql.rows import to_us
from app.adapters.sql.schema import chunks, messages
from app.adapters.sql.scoping import admitted, has_narrowing, id_span, readable
from app.domain.model import ChunkHit, Hit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from app.domain.model import Scope


def matching(connection: Connection, terms: Sequence[str], scope: Scope, limit: int) -> list[Hit]:
    """Rank messages."""
    words = lexical.message_words
    score = lexical.score("message_words").label("score")
    low, high = id_span(scope, connection)
    statement = (
        select(messages.c.id, messages.c.guild_id, score)
        .join_from(words, messages, messages.c.id == words.c.rowid)
        .where(lexical.matches("message_words", terms), admitted(scope))
        .order_by(score.desc(), messages.c.id.desc())
        .limit(limit)
    )
    if low is not None:
        statement = statement.where(words.c.rowid >= low)
    if high is not None:
        statement = statement.where(words.c.rowid <= high)
    return [Hit(row.id, row.guild_id, row.score) for row in connection.execute(statement)]


def matching_chunks(
    connection: Connection, terms: Sequence[str], scope: Scope, limit: int
) -> list[ChunkHit]:
    """Rank stretches of conversation, then find their messages in scope."""
    words = lexical.chunk_words
    score = lexical.score("chunk_words").label("score")
    statement = (
        select(chunks.c.id, chunks.c.guild_id, score)
        .join_from(words, chunks, chunks.c.id == words.c.rowid)
        .where(lexical.matches("chunk_words", terms), readable(scope, chunks))
        .order_by(score.desc(), chunks.c.id.desc())
        .limit(limit)
    )
    if scope.window.after is not None:
        statement = statement.where(chunks.c.last_us >= to_us(scope.window.after))
    if scope.window.before is not None:
        statement = statement.where(chunks.c.first_us < to_us(scope.window.before))
    if has_narrowing(scope):
        statement = statement.where(exists().where(_belongs(), admitted(scope)))
    hits = connection.execute(statement).all()
    members: dict[int, list[int]] = {row.id: [] for row in hits}
    for row in connection.execute(
        select(chunks.c.id, messages.c.id)
        .join_from(chunks, messages, _belongs())
        .where(chunks.c.id.in_(sqlite.listed(members)), admitted(scope))
        .order_by(messages.c.created_us, messages.c.id)
    ):
        members[row[0]].append(row[1])
    return [
        ChunkHit(row.guild_id, tuple(members[row.id]), row.score) for row in hits if members[row.id]
    ]


def _belongs() -> ColumnElement[bool]:
    """Return the condition that a message is one of a chunk's."""
    moment = tuple_(messages.c.created_us, messages.c.id)
    return and_(
        messages.c.is_indexed,
        messages.c.guild_id == chunks.c.guild_id,
        messages.c.channel_id == chunks.c.channel_id,
        moment >= tuple_(chunks.c.first_us, chunks.c.id),
        moment <= tuple_(chunks.c.last_us, chunks.c.last_id),
    )
