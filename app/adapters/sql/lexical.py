"""What only FTS5 says so: word indexes, how they are filled and asked, and true erasure.

Both indexes hold segmented text (`app.domain.terms.segment`) under the row id of the
message or chunk. The tokenizer folds case and diacritics, stems English, and takes
emoji (So) for words.
"""

from __future__ import annotations

import json
from itertools import accumulate
from time import monotonic
from typing import TYPE_CHECKING, Literal

from attrs import define, field
from sqlalchemy import bindparam, column, func, literal_column, table, text

from app.adapters.sql import sqlite
from app.domain.terms import segment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

WordIndex = Literal["message_words", "chunk_words"]
INDEXES: tuple[WordIndex, ...] = ("message_words", "chunk_words")

message_words = table("message_words", column("rowid"), column("text"))
chunk_words = table("chunk_words", column("rowid"), column("text"))

BUDGET = 5_000
"""Messages in scope that are ranked for a question while they suffice."""
_KEPT_COUNTS = 10_000
_KEPT_SECONDS = 600.0

_COUNT = """
SELECT (SELECT count(*) FROM message_words WHERE message_words MATCH value)
FROM json_each(?) ORDER BY key
"""
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


def matches(index: WordIndex) -> ColumnElement[bool]:
    """Return the condition that a text matches the parameter `query`."""
    return literal_column(index).op("MATCH", is_comparison=True)(bindparam("query"))


def score(index: WordIndex) -> ColumnElement[float]:
    """Return BM25, the higher the better (FTS5's own is the negative of it)."""
    return -func.bm25(literal_column(index))


def texts(connection: Connection, index: WordIndex, ids: Iterable[int]) -> dict[int, str]:
    """Return the segmented texts of these ids."""
    statement = f"SELECT rowid, text FROM {index} WHERE rowid IN (SELECT value FROM json_each(?))"  # noqa: S608
    return dict(connection.exec_driver_sql(statement, (sqlite.as_json(ids),)).all())


@define
class Frequencies:
    """In how many messages a phrase occurs, remembered for a while.

    Counting takes time in proportion to the number, and it is the frequent words that
    questions have in common. What is out of date changes what a search costs, not what
    it may see: that a phrase occurs nowhere is never remembered.
    """

    _counts: dict[str, int] = field(factory=dict, init=False)
    _since: float = field(factory=monotonic, init=False)

    def of(self, connection: Connection, phrases: Sequence[str]) -> dict[str, int]:
        """Return the frequency of each phrase; 0 is true now, anything else was lately."""
        if monotonic() - self._since > _KEPT_SECONDS or len(self._counts) > _KEPT_COUNTS:
            self._counts, self._since = {}, monotonic()
        counts = self._counts
        known = {phrase: counts[phrase] for phrase in phrases if phrase in counts}
        missing = [phrase for phrase in phrases if phrase not in known]
        if missing:
            found = connection.exec_driver_sql(_COUNT, (json.dumps(missing),)).scalars()
            fresh = dict(zip(missing, found, strict=True))
            counts.update((phrase, count) for phrase, count in fresh.items() if count)
            known |= fresh
        return known


def query(connection: Connection, terms: Iterable[str], frequencies: Frequencies) -> str | None:
    """Return the query for any of the terms, `None` where none of them occurs.

    Ranking costs some two microseconds for each text that matches, so the rarest terms
    are taken until they amount to `BUDGET` messages; words more frequent than that say
    little about which message is meant.
    """
    phrases = list(dict.fromkeys(_phrase(term) for term in terms))
    counts = frequencies.of(connection, phrases)
    occurring = sorted((count, phrase) for phrase, count in counts.items() if count)
    totals = accumulate(count for count, _ in occurring)
    chosen = [
        phrase
        for at, ((_, phrase), total) in enumerate(zip(occurring, totals, strict=True))
        if not at or total <= BUDGET
    ]
    return " OR ".join(chosen) or None


def _phrase(term: str) -> str:
    """Return a term as a phrase in which nothing is an operator."""
    text = segment(term).encode("utf-8", "ignore").decode()  # lone surrogates are no text
    return '"' + text.replace("\x00", " ").replace('"', " ") + '"'
