"""Conversations in the database: the chunks of every cell whose messages changed, made anew."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import frozen
from sqlalchemy import delete, insert, select, tuple_

from app.adapters.sql import lexical, sqlite
from app.adapters.sql.schema import chunks, messages
from app.domain.chunking import cell_of, cell_span, split_cell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Connection, Row

_CELLS_AT_ONCE = 256


class Cell(NamedTuple):
    """A channel within one span of the grid of time."""

    guild_id: int
    channel_id: int
    number: int


def cell_at(guild_id: int, channel_id: int, created_us: int) -> Cell:
    """Return the cell that a message belongs to."""
    return Cell(guild_id, channel_id, cell_of(created_us // 1_000))


def rebuild(connection: Connection, cells: Collection[Cell], texts: Mapping[int, str]) -> None:
    """Make the chunks of these cells anew from the messages that are there now.

    `texts` holds what changed: the segmented text of each message that came or was
    altered. A chunk with the same messages as before, none of them altered, stays.
    """
    ordered = sorted(cells)
    for at in range(0, len(ordered), _CELLS_AT_ONCE):
        some = ordered[at : at + _CELLS_AT_ONCE]
        wanted = {chunk.id: chunk for chunk in _split(connection, some)}
        present = {row.id: row for row in _present(connection, some)}
        stale = present.keys() - wanted.keys() | {
            chunk.id
            for chunk in wanted.values()
            if chunk.id in present and not chunk.is_same_as(present[chunk.id], texts)
        }
        new = [c for c in wanted.values() if c.id in stale or c.id not in present]
        _discard(connection, stale.union(chunk.id for chunk in new))
        _add(connection, new, texts)


@frozen
class _Chunk:
    """A chunk to be: its cell and its messages in order, each as (time, id)."""

    cell: Cell
    members: tuple[tuple[int, int], ...]

    @property
    def id(self) -> int:
        return self.members[0][1]

    @property
    def last(self) -> tuple[int, int]:
        return self.members[-1]

    def is_same_as(self, row: Row[Any], texts: Mapping[int, str]) -> bool:
        return (
            (row.last_us, row.last_id) == self.last
            and (row.guild_id, row.channel_id, row.cell) == self.cell
            and row.size == len(self.members)
            and not any(message_id in texts for _, message_id in self.members)
        )


def _split(connection: Connection, cells: Collection[Cell]) -> Iterator[_Chunk]:
    spans = sqlite.listed_rows(
        (
            (cell.guild_id, cell.channel_id, *(ms * 1_000 for ms in cell_span(cell.number)))
            for cell in cells
        ),
        *("guild_id", "channel_id", "start_us", "end_us"),
    )
    found = connection.execute(
        select(messages.c.guild_id, messages.c.channel_id, messages.c.created_us, messages.c.id)
        .join_from(
            spans,
            messages,
            (messages.c.guild_id == spans.c.guild_id)
            & (messages.c.channel_id == spans.c.channel_id)
            & (messages.c.created_us >= spans.c.start_us)
            & (messages.c.created_us < spans.c.end_us),
        )
        .where(messages.c.is_indexed)
        .order_by(messages.c.guild_id, messages.c.channel_id, messages.c.created_us, messages.c.id)
    )
    for cell, rows in groupby(found, key=lambda row: cell_at(row[0], row[1], row[2])):
        members = [(row[2], row[3]) for row in rows]
        for piece in split_cell([us // 1_000 for us, _ in members]):
            yield _Chunk(cell, tuple(members[piece.start : piece.stop]))


def _present(connection: Connection, cells: Collection[Cell]) -> list[Row[Any]]:
    wanted = sqlite.listed_rows(cells, "guild_id", "channel_id", "cell")
    key = tuple_(chunks.c.guild_id, chunks.c.channel_id, chunks.c.cell)
    return list(connection.execute(select(chunks).where(key.in_(select(wanted)))))


def _discard(connection: Connection, ids: Collection[int]) -> None:
    if ids:
        connection.execute(delete(chunks).where(chunks.c.id.in_(sqlite.listed(ids))))
        lexical.discard(connection, "chunk_words", ids)


def _add(connection: Connection, new: Collection[_Chunk], texts: Mapping[int, str]) -> None:
    if not new:
        return
    members = [message_id for chunk in new for _, message_id in chunk.members]
    known = lexical.texts(connection, "message_words", [m for m in members if m not in texts])
    all_texts = {**known, **texts}
    connection.execute(
        insert(chunks),
        [
            {
                "id": chunk.id,
                "guild_id": chunk.cell.guild_id,
                "channel_id": chunk.cell.channel_id,
                "cell": chunk.cell.number,
                "first_us": chunk.members[0][0],
                "last_us": chunk.last[0],
                "last_id": chunk.last[1],
                "size": len(chunk.members),
            }
            for chunk in new
        ],
    )
    lexical.add(
        connection,
        "chunk_words",
        {chunk.id: "\n".join(all_texts[i] for _, i in chunk.members) for chunk in new},
    )
