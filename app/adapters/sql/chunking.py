"""Conversations in the database: the chunks of every cell whose messages changed, made anew."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from attrs import frozen
from sqlalchemy import delete, select, tuple_

from app.adapters.sql import lexical, sqlite
from app.adapters.sql.schema import chunks, messages
from app.domain.chunking import cell_of, cell_span, split_cell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Row

Cell = tuple[int, int, int]
"""A channel within one span of the grid of time: server, channel, number of the span."""

_spans = sqlite.listed_rows("spans", "at", "guild_id", "channel_id", "start_us", "end_us")
_MEMBERS = (
    select(_spans.c.at, messages.c.created_us, messages.c.id)
    .join_from(
        _spans,
        messages,
        (messages.c.guild_id == _spans.c.guild_id)
        & (messages.c.channel_id == _spans.c.channel_id)
        & (messages.c.created_us >= _spans.c.start_us)
        & (messages.c.created_us < _spans.c.end_us),
    )
    .where(messages.c.is_indexed)
    .order_by(_spans.c.at, messages.c.created_us, messages.c.id)
)
_cells = sqlite.listed_rows("cells", "guild_id", "channel_id", "cell")
_PRESENT = select(chunks).where(
    tuple_(chunks.c.guild_id, chunks.c.channel_id, chunks.c.cell).in_(select(_cells))
)
_DELETE = delete(chunks).where(chunks.c.id.in_(sqlite.listed("ids")))


def cell_at(guild_id: int, channel_id: int, created_us: int) -> Cell:
    """Return the cell that a message belongs to."""
    return guild_id, channel_id, cell_of(created_us // 1_000)


def rebuild(connection: Connection, cells: Collection[Cell], texts: Mapping[int, str]) -> None:
    """Make the chunks of these cells anew from the messages that are there now.

    `texts` holds what changed: the segmented text of each message that came or was
    altered. A chunk with the same messages as before, none of them altered, stays.
    """
    ordered = sorted(cells)
    wanted = {chunk.id: chunk for chunk in _split(connection, ordered)}
    present = {
        row.id: row for row in connection.execute(_PRESENT, {"cells": sqlite.rows_as_json(ordered)})
    }
    same = {
        chunk_id
        for chunk_id, row in present.items()
        if chunk_id in wanted and wanted[chunk_id].is_same_as(row, texts)
    }
    _discard(connection, present.keys() - same)
    _add(connection, [wanted[chunk_id] for chunk_id in wanted.keys() - same], texts)


@frozen
class _Chunk:
    """A chunk to be: its cell and its messages in order, each as (time, id)."""

    cell: Cell
    members: tuple[tuple[int, int], ...]

    @property
    def id(self) -> int:
        return self.members[0][1]

    @property
    def row(self) -> tuple[int, ...]:
        (first_us, first_id), (last_us, last_id) = self.members[0], self.members[-1]
        return (first_id, *self.cell, first_us, last_us, last_id, len(self.members))

    def is_same_as(self, row: Row[Any], texts: Mapping[int, str]) -> bool:
        return tuple(row) == self.row and not any(i in texts for _, i in self.members)


def _split(connection: Connection, cells: Sequence[Cell]) -> Iterator[_Chunk]:
    spans = sqlite.rows_as_json(
        (at, guild_id, channel_id, *(ms * 1_000 for ms in cell_span(number)))
        for at, (guild_id, channel_id, number) in enumerate(cells)
    )
    found = connection.execute(_MEMBERS, {"spans": spans}).all()
    for at, rows in groupby(found, key=itemgetter(0)):
        members = [(created_us, message_id) for _, created_us, message_id in rows]
        for piece in split_cell([created_us // 1_000 for created_us, _ in members]):
            yield _Chunk(cells[at], tuple(members[piece.start : piece.stop]))


def _discard(connection: Connection, ids: Collection[int]) -> None:
    if ids:
        connection.execute(_DELETE, {"ids": sqlite.as_json(ids)})
        lexical.discard(connection, "chunk_words", ids)


def _add(connection: Connection, new: Collection[_Chunk], texts: Mapping[int, str]) -> None:
    if not new:
        return
    members = [message_id for chunk in new for _, message_id in chunk.members]
    known = lexical.texts(connection, "message_words", [m for m in members if m not in texts])
    all_texts = {**known, **texts}
    sqlite.insert_rows(connection, chunks, (chunk.row for chunk in new))
    lexical.add(
        connection,
        "chunk_words",
        {chunk.id: "\n".join(all_texts[i] for _, i in chunk.members) for chunk in new},
    )
