"""What only SQLite says so: the connection's settings, lists as parameters, result codes."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, create_engine, event, func, insert, select
from sqlalchemy.pool import QueuePool, StaticPool

from app.domain.errors import ArchiveCorrupt, ArchiveUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import URL, Connection, Engine, Table
    from sqlalchemy.engine.interfaces import DBAPICursor
    from sqlalchemy.sql.selectable import Select, Subquery

LOCK_TIMEOUT_MS = 30_000
"""How long one process waits while another one writes."""
_MAGIC = b"SQLite format 3\x00"
_WRITER_CACHE_KIB = 32 * 1024
_READER_CACHE_KIB = 16 * 1024
_SECONDS_BETWEEN_TRIES = 0.05


def is_in_memory(url: URL) -> bool:
    """Tell whether the database lives in this process alone."""
    return url.database in {None, "", ":memory:"}


def open_engine(url: URL, *, writes: bool, connections: int) -> Engine:
    """Return an engine whose transactions write (taking the lock at once) or only read.

    Acknowledged writes survive a crash of the process and a loss of power: the journal
    is a write-ahead log, flushed to the disk at every commit (`synchronous=FULL`).
    Erased content is overwritten (`secure_delete`).
    """
    memory = is_in_memory(url)
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": LOCK_TIMEOUT_MS / 1000},
        hide_parameters=True,
        poolclass=StaticPool if memory else QueuePool,
        **({} if memory else {"pool_size": connections}),
    )
    pragmas = (
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",  # no texts in temporary files
        f"cache_size=-{_WRITER_CACHE_KIB if writes else _READER_CACHE_KIB}",
        *(() if writes or memory else ("query_only=ON",)),
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin below, not where the driver guesses
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def create_file(url: URL) -> None:
    """Create the file, for its owner's eyes, unless it is there.

    Raises `ArchiveCorrupt` where it is there and no database.
    """
    if is_in_memory(url):
        return
    path = Path(str(url.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "rb") as file:
        head = file.read(len(_MAGIC))
    if head and head != _MAGIC:
        raise ArchiveCorrupt(_damaged(path))


def use_write_ahead_log(engine: Engine) -> None:
    """Let readers and the writer work at once; the database remembers it.

    Processes that do so at the same time get in each other's way, and SQLite waits for
    no lock here.
    """
    connection = engine.raw_connection()
    deadline = time.monotonic() + LOCK_TIMEOUT_MS / 1000
    try:
        while not _switch_journal(connection.cursor(), deadline):
            time.sleep(_SECONDS_BETWEEN_TRIES)
    finally:
        connection.close()


def _switch_journal(cursor: DBAPICursor, deadline: float) -> bool:
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
            raise
        return False
    finally:
        cursor.close()
    return True


def owe_rewrite(connection: Connection) -> None:
    """Note in the database, as part of the transaction, that `rewrite` is to follow.

    The note is a number in the header of the file, which SQLite leaves to programs and
    nothing else here uses; being larger each time it tells a newer debt from an older.
    """
    connection.exec_driver_sql(f"PRAGMA user_version={owed_rewrites(connection) + 1}")


def owed_rewrites(connection: Connection) -> int:
    """Return the note, 0 for none."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def settle_rewrites(connection: Connection, owed: int) -> None:
    """Clear the note, unless something was erased since it said `owed`."""
    if owed_rewrites(connection) == owed:
        connection.exec_driver_sql("PRAGMA user_version=0")


def rewrite(engine: Engine) -> None:
    """Write every page of the database anew.

    `secure_delete` overwrites what is deleted, but not the copies that moving rows from
    one page to another leaves in the unused bytes of the first.
    """
    connection = engine.raw_connection()
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA temp_store=FILE")  # as large as the database, gone when it is done
        cursor.execute("VACUUM")
    finally:
        cursor.execute("PRAGMA temp_store=MEMORY")
        connection.close()


def empty_log(engine: Engine) -> None:
    """Move the write-ahead log into the database file and cut it to nothing."""
    connection = engine.raw_connection()
    try:
        busy, *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    if busy:
        raise ArchiveUnavailable(
            f"What was erased is still in the log of {engine.url.database}, which another program "
            "has been reading for too long: stop that program and try again."
        )


def size_bytes(connection: Connection) -> int:
    """Return the size of the database's files, of its pages where it is in memory."""
    url = connection.engine.url
    if is_in_memory(url):
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        return pages * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    files = (Path(f"{url.database}{ending}") for ending in ("", "-wal", "-shm"))
    return sum(file.stat().st_size for file in files if file.exists())


def listed(parameter: str) -> Select[tuple[int]]:
    """Return a subquery that yields the integers bound to a parameter by `as_json`."""
    items = func.json_each(bindparam(parameter)).table_valued("value")
    return select(items.c.value)


def listed_rows(parameter: str, *columns: str) -> Subquery:
    """Return a subquery that yields the rows bound to a parameter by `rows_as_json`."""
    items = func.json_each(bindparam(parameter)).table_valued("value")
    cells = (func.json_extract(items.c.value, f"$[{at}]") for at in range(len(columns)))
    return select(*(cell.label(name) for cell, name in zip(cells, columns, strict=True))).subquery()


def as_json(values: Iterable[int]) -> str:
    """Return integers as one parameter, however many they are."""
    return f"[{','.join(map(str, values))}]"


def rows_as_json(rows: Iterable[Iterable[int]]) -> str:
    """Return rows of integers as one parameter, however many they are."""
    return f"[{','.join(map(as_json, rows))}]"


def insert_rows(
    connection: Connection,
    table: Table,
    rows: Iterable[Sequence[object]],
    columns: Sequence[str] | None = None,
) -> None:
    """Insert rows of values in the order of `columns`, all of the table's unless given.

    What SQLAlchemy does for every row of a bulk insert costs as much as SQLite itself.
    """
    statement = insert(table).compile(dialect=connection.dialect, column_keys=columns)
    connection.exec_driver_sql(str(statement), list(rows))


def translate(error: BaseException, url: URL) -> ArchiveUnavailable:
    """Return a failure of the database in the domain's words; texts and parameters stay out."""
    path = url.database or ":memory:"
    code = _primary_code(error)
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return ArchiveCorrupt(_damaged(path))
    sentences = {
        sqlite3.SQLITE_FULL: f"The disk that holds {path} is full: free some space and try again.",
        sqlite3.SQLITE_BUSY: f"Another program has been writing to {path} for too long: "
        "wait until it is done or stop it, and try again.",
        sqlite3.SQLITE_IOERR: f"The disk failed while {path} was in use: "
        "check the disk and its free space, and try again.",
    }
    unusable = (
        f"The archive {path} cannot be opened for writing: check that its folder exists and that "
        "you may write to the folder and to the file."
    )
    unusable_codes = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
    if isinstance(error, OSError) or code in unusable_codes:
        return ArchiveUnavailable(unusable)
    return ArchiveUnavailable(
        sentences.get(code, f"The archive {path} failed ({type(error).__name__}: {error}).")
    )


def _primary_code(error: BaseException) -> int:
    """Return the result code without its extension; 0 for what has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _damaged(path: object) -> str:
    return (
        f"The archive {path} is damaged or is no archive; nothing in it was changed. Restore a "
        "backup, or move the file away and import the exports again."
    )
