"""What only FTS5 says so: word indexes, how they are filled and asked, and true erasure.

Both indexes hold segmented text (`app.domain.terms.segment`) under the row id of the
message or chunk. The tokenizer folds case and diacritics, stems English, and takes
emoji (So) for words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sqlalchemy import column, func, literal_column, table, text

from app.adapters.sql import sqlite
from app.domain.terms import segment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import ColumnElement, Connection

WordIndex = Literal["message_words", "chunk_words"]
INDEXES: tuple[WordIndex, ...] = ("message_words", "chunk_words")

message_words = table("message_words", column("rowid"), column("text"))
chunk_words = table("chunk_words", column("rowid"), column("text"))

_TOKENIZER = "porter unicode61 remove_diacritics 2 categories 'L* N* Co So'"


def create(connection: Connection) -> None:
    """Create the empty indexes."""
    for index in INDEXES:
        connection.exec_driver_sql(
            f'CREATE VIRTUAL TABLE {index} USING fts5(text, tokenize="{_TOKENIZER}")'
        )


def add(connection: Connection, index: WordIndex, texts: Mapping[int, str]) -> None:
    """Add segmented texts; ascending ids spare the index a flush for each."""
    if texts:
        statement = f"INSERT INTO {index} (rowid, text) VALUES (?, ?)"  # noqa: S608
        connection.exec_driver_sql(statement, sorted(texts.items()))


def discard(connection: Connection, index: WordIndex, ids: Collection[int]) -> None:
    """Remove texts; ids that have none are ignored."""
    if not ids:
        return
    statement = f"DELETE FROM {index} WHERE rowid IN (SELECT value FROM json_each(?))"  # noqa: S608
    connection.exec_driver_sql(statement, (sqlite.as_json(sorted(ids)),))


def forget_erased(connection: Connection) -> None:
    """Drop the words of discarded texts: an index keeps them until its segments are merged."""
    for index in INDEXES:
        connection.execute(text(f"INSERT INTO {index} ({index}) VALUES ('optimize')"))  # noqa: S608


def matches(index: WordIndex, terms: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a text holds at least one of the terms."""
    wanted = " OR ".join(_quoted(term) for term in terms)
    return literal_column(index).op("MATCH", is_comparison=True)(wanted)


def score(index: WordIndex) -> ColumnElement[float]:
    """Return BM25, the higher the better (FTS5's own is the negative of it)."""
    return -func.bm25(literal_column(index))


def _quoted(term: str) -> str:
    """Return a term as a phrase in which nothing is an operator."""
    return '"' + segment(term).replace("\x00", " ").replace('"', " ") + '"'


def texts(connection: Connection, index: WordIndex, ids: Iterable[int]) -> dict[int, str]:
    """Return the segmented texts of these ids."""
    statement = f"SELECT rowid, text FROM {index} WHERE rowid IN (SELECT value FROM json_each(?))"  # noqa: S608
    return dict(connection.exec_driver_sql(statement, (sqlite.as_json(ids),)).tuples().all())
