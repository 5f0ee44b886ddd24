"""All that a data directory holds, in a form in which two of them can be compared."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from app.adapters.chroma.catalog import Catalog
from app.adapters.chroma.location import OnDisk, api_of
from app.adapters.onnx import OnnxEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chromadb.api.models.Collection import Collection

    from app.domain.vectors import Vector

TOLERANCE = 1e-5
"""Of each number of a vector: batches of other sizes add up in another order."""

_TABLES = {
    "messages": (
        "SELECT m.id, m.guild_id, m.channel_id, m.author_id, created_us, edited_us, observed_us,"
        " named_us, content, attachments, embeds, reply_to, source, is_indexed, is_misdated,"
        " name, display_name FROM messages m JOIN names n ON n.id = m.name_id ORDER BY m.id"
    ),
    "names": (
        "SELECT author_id, guild_id, channel_id, name, display_name, is_bot FROM names"
        " ORDER BY author_id, guild_id, channel_id, name, display_name"
    ),
    "servers": "SELECT * FROM guilds ORDER BY id",
    "channels": "SELECT * FROM channels ORDER BY guild_id, id",
    "chunks": "SELECT * FROM chunks ORDER BY id",
    "words of messages": "SELECT rowid, text FROM message_words ORDER BY rowid",
    "words of chunks": "SELECT rowid, text FROM chunk_words ORDER BY rowid",
    "marks": "SELECT message_id FROM marks ORDER BY message_id",
    "tombstones": "SELECT * FROM tombstones ORDER BY message_id, guild_id",
    "opt-outs": "SELECT count(*) FROM opt_outs",
}

_WORDS_CHECKS = (
    "INSERT INTO message_words (message_words) VALUES ('integrity-check')",
    "INSERT INTO chunk_words (chunk_words) VALUES ('integrity-check')",
)


@frozen(eq=False)
class Vectors:
    """The vectors of a server: of which messages, what they are filtered by, one a row."""

    ids: tuple[int, ...]
    filters: tuple[object, ...]
    rows: Vector

    @classmethod
    def of(cls, collection: Collection) -> Vectors:
        """Read a collection; every vector must also be found by the graph that searches it."""
        held = collection.get(include=["embeddings", "metadatas"])
        rows, order = np.asarray(held["embeddings"], np.float32), np.argsort(held["ids"])
        nearest = collection.query(query_embeddings=rows, n_results=1, include=["distances"])
        assert max(d for [d] in nearest["distances"] or ()) < TOLERANCE, "the graph lacks vectors"
        filters = held["metadatas"] or []
        return cls(
            tuple(int(held["ids"][at]) for at in order),
            tuple(filters[at] for at in order),
            rows[order],
        )


@frozen(eq=False)
class Contents:
    """The rows of every table, and the vectors of every server."""

    rows: dict[str, list[tuple[object, ...]]]
    vectors: dict[int, Vectors]

    @classmethod
    def of(cls, data_dir: Path) -> Contents:
        """Read everything; archive and vectors are let check themselves on the way."""
        with _collections(data_dir) as collections:
            vectors = {guild: Vectors.of(held) for guild, held in collections.items()}
        return cls(archive_rows(data_dir), vectors)


def assert_same(one: Contents, other: Contents) -> None:
    """Compare, and name the first part that differs."""
    for table, rows in other.rows.items():
        assert one.rows[table] == rows, f"other {table}"
    assert one.vectors.keys() == other.vectors.keys()
    for guild_id, wanted in other.vectors.items():
        held = one.vectors[guild_id]
        assert held.ids == wanted.ids, "vectors of other messages"
        assert held.filters == wanted.filters
        assert np.abs(held.rows - wanted.rows).max() < TOLERANCE, "other vectors"


def archive_rows(data_dir: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of every table; asserts that nothing in the file is damaged."""
    with closing(sqlite3.connect(data_dir / "archive.db")) as archive:
        assert archive.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not archive.execute("PRAGMA foreign_key_check").fetchall()
        for check in _WORDS_CHECKS:
            archive.execute(check)
        archive.rollback()
        return {table: archive.execute(query).fetchall() for table, query in _TABLES.items()}


def files_with(text: str, data_dir: Path) -> list[Path]:
    """Return the files in whose bytes a text stands, whatever they are."""
    files = [path for path in data_dir.rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]


@contextmanager
def _collections(data_dir: Path) -> Iterator[dict[int, Collection]]:
    location = OnDisk(data_dir)
    system = location.connect()
    try:
        identity = OnnxEmbedder(threads=1).identity
        catalog = Catalog(api_of(system), location.tenant, location.database, identity)
        yield dict(catalog.all())
    finally:
        location.disconnect(system)
