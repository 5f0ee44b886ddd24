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
from app.adapters.sql.scoping import may_read_all
from app.domain.terms import segment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from app.domain.model import Scope

WordIndex = Literal["message_words", "chunk_words"]
INDEXES: tuple[WordIndex, ...] = ("message_words", "chunk_words")

message_words = table("message_words", column("rowid"), column("text"))
chunk_words = table("chunk_words", column("rowid"), column("text"))

BUDGET = 3_000
"""Messages in the channels of a scope that are ranked for a question while they suffice."""
_KEPT_COUNTS = 10_000
_KEPT_SECONDS = 600.0

_COUNT = """
SELECT (SELECT count(*) FROM message_words WHERE message_words MATCH value)
FROM json_each(?) ORDER BY key
"""
_COUNT_BY_CHANNEL = """
SELECT messages.guild_id, messages.channel_id, count(*)
FROM message_words JOIN messages ON messages.id = message_words.rowid
WHERE message_words MATCH ? GROUP BY 1, 2
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
    _by_channel: dict[str, dict[tuple[int, int], int]] = field(factory=dict, init=False)
    _since: float = field(factory=monotonic, init=False)

    def of(self, connection: Connection, phrases: Sequence[str]) -> dict[str, int]:
        """Return the frequency of each phrase; 0 is true now, anything else was lately."""
        if monotonic() - self._since > _KEPT_SECONDS or len(self._counts) > _KEPT_COUNTS:
            self._counts, self._by_channel, self._since = {}, {}, monotonic()
        counts = self._counts
        known = {phrase: counts[phrase] for phrase in phrases if phrase in counts}
        missing = [phrase for phrase in phrases if phrase not in known]
        if missing:
            found = connection.exec_driver_sql(_COUNT, (json.dumps(missing),)).scalars()
            fresh = dict(zip(missing, found, strict=True))
            counts.update((phrase, count) for phrase, count in fresh.items() if count)
            known |= fresh
        return known

    def within(
        self, connection: Connection, phrases: Sequence[str], scope: Scope
    ) -> dict[str, int]:
        """Return the frequency of each phrase in the channels of the scope, lately."""
        by_channel = self._by_channel
        for phrase in phrases:
            if phrase not in by_channel:
                rows = connection.exec_driver_sql(_COUNT_BY_CHANNEL, (phrase,))
                by_channel[phrase] = {(guild, channel): count for guild, channel, count in rows}
        places = {place for phrase in phrases for place in by_channel[phrase]}
        readable = {place for place in places if scope.may_read(*place)}
        return {
            phrase: sum(n for place, n in by_channel[phrase].items() if place in readable)
            for phrase in phrases
        }


def queries(
    connection: Connection, terms: Iterable[str], scope: Scope, frequencies: Frequencies
) -> list[str]:
    """Return queries for any of the terms; where one finds too few the next is to be asked.

    Ranking costs some two microseconds for each text that matches, so the first asks for
    the rarest terms alone that amount to `BUDGET` messages; words more frequent than that
    say little about which message is meant. How frequent a word is elsewhere, where the
    scope may not read, does not decide. The last asks for every term that occurs.
    """
    counts = frequencies.of(connection, list(dict.fromkeys(map(_phrase, terms))))
    occurring = [phrase for phrase, count in counts.items() if count]
    if sum(counts.values()) <= BUDGET:
        chosen = occurring
    elif may_read_all(connection, scope):
        chosen = _rarest({phrase: counts[phrase] for phrase in occurring})
    else:
        chosen = _rarest(frequencies.within(connection, occurring, scope))
    asked = [chosen] if len(chosen) == len(occurring) else [chosen, occurring]
    return [" OR ".join(phrases) for phrases in asked if phrases]


def _rarest(counts: Mapping[str, int]) -> list[str]:
    """Return the rarest phrases, together in no more than `BUDGET` messages, and at least one."""
    rarest_first = sorted(counts, key=lambda phrase: (counts[phrase], phrase))
    totals = accumulate(counts[phrase] for phrase in rarest_first)
    within_budget = sum(total <= BUDGET for total in totals)
    return rarest_first[: max(1, within_budget)]


def _phrase(term: str) -> str:
    """Return a term as a phrase in which nothing is an operator."""
    text = segment(term).encode("utf-8", "ignore").decode()  # lone surrogates are no text
    return '"' + text.replace("\x00", " ").replace('"', " ") + '"'
