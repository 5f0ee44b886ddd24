"""Searching by words: messages, and stretches of conversation with their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import ColumnElement, and_, bindparam, exists, func, not_, or_, select, tuple_

from app.adapters.sql import lexical
from app.adapters.sql.schema import chunks, messages
from app.adapters.sql.scoping import ADMITTED, IS_NARROWED, id_span, parameters, readable
from app.domain.model import ChunkHit, Hit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, FromClause, Subquery
    from sqlalchemy.sql.selectable import Select

    from app.adapters.sql.lexical import Frequencies
    from app.domain.model import Scope


def _belongs(chunk: FromClause) -> ColumnElement[bool]:
    """Return the condition that a message is one of a chunk's."""
    moment = tuple_(messages.c.created_us, messages.c.id)
    return and_(
        messages.c.is_indexed,
        messages.c.guild_id == chunk.c.guild_id,
        messages.c.channel_id == chunk.c.channel_id,
        moment >= tuple_(chunk.c.first_us, chunk.c.id),
        moment <= tuple_(chunk.c.last_us, chunk.c.last_id),
    )


def _best_messages() -> Select[Any]:
    words, score = lexical.message_words, lexical.score("message_words").label("score")
    return (
        select(messages.c.id, messages.c.guild_id, score)
        .join_from(words, messages, messages.c.id == words.c.rowid)
        .where(
            lexical.matches("message_words"),
            words.c.rowid >= bindparam("low"),
            words.c.rowid <= bindparam("high"),
            ADMITTED,
        )
        .order_by(score.desc(), messages.c.id.desc())
        .limit(bindparam("limit"))
    )


def _best_chunks() -> Subquery:
    words, score = lexical.chunk_words, lexical.score("chunk_words").label("score")
    return (
        select(chunks, score)
        .join_from(words, chunks, chunks.c.id == words.c.rowid)
        .where(
            lexical.matches("chunk_words"),
            readable(chunks.c.guild_id, chunks.c.channel_id),
            chunks.c.last_us >= bindparam("after_us"),
            chunks.c.first_us < bindparam("before_us"),
            or_(not_(IS_NARROWED), exists().where(_belongs(chunks), ADMITTED)),
        )
        .order_by(score.desc(), chunks.c.id.desc())
        .limit(bindparam("limit"))
        .subquery()
    )


def _members() -> Select[Any]:
    """Return each of the best chunks once, with the ids of its messages as a JSON array."""
    best = _best_chunks()
    members = (
        select(messages.c.id)
        .where(_belongs(best), ADMITTED)
        .order_by(messages.c.created_us, messages.c.id)
        .correlate(best)
        .subquery()
    )
    ids = select(func.json_group_array(members.c.id)).scalar_subquery()
    return select(best.c.guild_id, ids.label("ids"), best.c.score).order_by(
        best.c.score.desc(), best.c.id.desc()
    )


_MESSAGES = _best_messages()
_CHUNKS = _members()


def matching(
    connection: Connection,
    terms: Sequence[str],
    scope: Scope,
    limit: int,
    frequencies: Frequencies,
) -> list[Hit]:
    """Rank messages."""
    if scope.is_empty:
        return []
    queries = lexical.queries(connection, terms, scope, frequencies)
    asked = {"limit": limit, **id_span(connection, scope), **parameters(scope)}
    return [
        Hit(message_id, guild_id, score)
        for message_id, guild_id, score in _best(connection, _MESSAGES, queries, asked)
    ]


def matching_chunks(
    connection: Connection,
    terms: Sequence[str],
    scope: Scope,
    limit: int,
    frequencies: Frequencies,
) -> list[ChunkHit]:
    """Rank stretches of conversation, each with its messages in scope."""
    if scope.is_empty:
        return []
    queries = lexical.queries(connection, terms, scope, frequencies)
    asked = {"limit": limit, **parameters(scope)}
    return [
        ChunkHit(guild_id, tuple(orjson.loads(ids)), score)
        for guild_id, ids, score in _best(connection, _CHUNKS, queries, asked)
    ]


def _best(
    connection: Connection,
    statement: Select[Any],
    queries: Sequence[str],
    asked: Mapping[str, Any],
) -> Sequence[Any]:
    """Return the rows that the first query finds which finds enough, or else the last."""
    rows: Sequence[Any] = []
    for query in queries:
        rows = connection.execute(statement, {"query": query, **asked}).all()
        if len(rows) >= asked["limit"]:
            break
    return rows
