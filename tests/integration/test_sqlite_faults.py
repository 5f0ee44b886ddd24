"""The archive on SQLite when the world interferes: crashes, other processes, faults, odd files."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.adapters.sql import SqlMessageArchive
from app.domain.errors import ArchiveCorrupt, ArchiveTooNew, ArchiveUnavailable
from tests import archive_process
from tests.archive_process import PAGE, said
from tests.archives import EVERYTHING, file_of, found, message_id, opened, say, store

if TYPE_CHECKING:
    from collections.abc import Callable

SQLITE = "SqlMessageArchive on SQLite"
MEGABYTE = 1_000_000


def archive_in(folder: Path) -> SqlMessageArchive:
    return SqlMessageArchive(f"sqlite:///{file_of(folder)}")


def contents(folder: Path) -> list[list[tuple[object, ...]]]:
    """Return all that does not depend on when it was written, and check that it is sound."""
    connection = sqlite3.connect(file_of(folder))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    queries = (
        "INSERT INTO message_words (message_words) VALUES ('integrity-check')",
        "INSERT INTO chunk_words (chunk_words) VALUES ('integrity-check')",
        "SELECT id, channel_id, author_id, content FROM messages ORDER BY id",
        "SELECT * FROM chunks ORDER BY id",
        "SELECT rowid, text FROM chunk_words ORDER BY rowid",
        "SELECT rowid, text FROM message_words ORDER BY rowid",
        "SELECT message_id FROM marks ORDER BY message_id",
    )
    found = [connection.execute(query).fetchall() for query in queries]
    connection.close()
    return found


# Crashes


async def test_what_was_acknowledged_survives_being_killed_at_any_instant(tmp_path: Path) -> None:
    """Eight times, each at another moment after another acknowledgement."""
    archive = archive_in(tmp_path)
    page = 0
    for attempt in range(8):
        process = await archive_process.start("store", file_of(tmp_path), page, 10_000)
        assert process.stdout
        for _ in range(1 + attempt % 4):
            page = 1 + int(await process.stdout.readline())
        await asyncio.sleep(attempt * 0.004)  # the instant at which it dies
        process.kill()
        rest, _ = await process.communicate()
        page += len(rest.split())
        contents(tmp_path)
        await archive.open()
        assert await archive.count(EVERYTHING) >= page * PAGE
        ids = [message_id(n) for n in range(page * PAGE)]
        assert [m.content for m in await archive.read(ids, EVERYTHING)] == [
            said(n) for n in range(page * PAGE)
        ]
        await archive.close()

    (tmp_path / "undisturbed").mkdir()
    for folder in (tmp_path, tmp_path / "undisturbed"):
        await archive_process.run("store", file_of(folder), 0, page + 1)
    assert contents(tmp_path) == contents(tmp_path / "undisturbed")


# Other processes


async def test_processes_may_open_a_new_archive_at_once(tmp_path: Path) -> None:
    runs = await asyncio.gather(
        *(archive_process.run("store", file_of(tmp_path), n, 1) for n in range(4))
    )
    assert [complaints for _, complaints in runs] == [""] * 4
    async with opened(SQLITE, tmp_path) as archive:
        assert await archive.count(EVERYTHING) == 4 * PAGE


async def test_processes_may_write_at_once_into_the_same_conversations(tmp_path: Path) -> None:
    (tmp_path / "alone").mkdir()
    runs = await asyncio.gather(
        archive_process.run("store", file_of(tmp_path), 0, 20),
        archive_process.run("store", file_of(tmp_path), 10, 20),
        archive_process.run("store", file_of(tmp_path / "alone"), 0, 30),
    )
    assert [complaints for _, complaints in runs] == [""] * 3
    assert contents(tmp_path) == contents(tmp_path / "alone")


async def test_what_another_process_stored_and_removed_is_seen(tmp_path: Path) -> None:
    async with opened(SQLITE, tmp_path) as one, opened(SQLITE, tmp_path) as other:
        assert await found(other, "news") == []
        await store(one, say(1, "news"))
        assert await found(other, "news") == [message_id(1)]
        await other.remove([message_id(1)], EVERYTHING)
        assert await found(one, "news") == []


async def test_a_lock_that_is_never_released_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.sql.sqlite.LOCK_TIMEOUT_MS", 50)
    async with opened(SQLITE, tmp_path) as archive:
        other = sqlite3.connect(file_of(tmp_path), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ArchiveUnavailable, match="Another program"):
            await store(archive, say(1))
        other.close()
        assert (await store(archive, say(1))).new == 1


# A full disk, a folder that cannot be written


async def test_a_file_that_cannot_grow_is_reported_and_stays_sound(tmp_path: Path) -> None:
    stored, complaint = await archive_process.run(
        *("store", file_of(tmp_path), 0, 10_000, MEGABYTE)
    )
    assert "free space" in complaint
    assert "Traceback" not in complaint
    pages = len(stored.split())
    assert pages
    async with opened(SQLITE, tmp_path) as archive:
        assert await archive.count(EVERYTHING) == pages * PAGE
        await store(archive, say(-1, "after making room"))
    contents(tmp_path)


async def test_a_full_disk_is_reported_and_what_is_there_can_be_read(tmp_path: Path) -> None:
    async with opened(SQLITE, tmp_path) as archive:
        assert isinstance(archive, SqlMessageArchive)
        await store(archive, say(1, "before"))
        limit_pages(archive, 200)
        with pytest.raises(ArchiveUnavailable, match="full: free some space"):
            await store(archive, *(say(n, f"word{n} " * 1_000) for n in range(2, 1_000)))
        assert await found(archive, "before") == [message_id(1)]
        limit_pages(archive, 1_000_000)
        await store(archive, say(0, "after making room"))
        assert await found(archive, "room") == [message_id(0)]
    contents(tmp_path)


def limit_pages(archive: SqlMessageArchive, pages: int) -> None:
    assert archive._database._open
    connection = archive._database._open.writing.raw_connection()
    connection.cursor().execute(f"PRAGMA max_page_count={pages}")
    connection.close()


async def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    locked = Path("/proc")
    if os.geteuid():  # root may write anywhere but there
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o500)
    with pytest.raises(ArchiveUnavailable, match="you may write"):
        await archive_in(locked).open()


async def test_a_folder_in_place_of_the_file_is_reported(tmp_path: Path) -> None:
    file_of(tmp_path).mkdir()
    with pytest.raises(ArchiveUnavailable, match=r"archive\.db"):
        await archive_in(tmp_path).open()


# Odd files


async def stored_in(folder: Path) -> bytes:
    """Return the bytes of an archive with some messages, closed."""
    async with opened(SQLITE, folder) as archive:
        await store(archive, *(say(n, f"word{n} " * 50) for n in range(500)))
    return file_of(folder).read_bytes()


def overwritten(data: bytes, start: int) -> bytes:
    return data[:start] + b"\xff" * (len(data) - start)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"not a database at all", id="a text"),
        pytest.param(lambda _: os.urandom(8_192), id="noise"),
        pytest.param(lambda data: data[:10], id="ten bytes"),
        pytest.param(lambda data: overwritten(data, 16), id="noise after the first words"),
        pytest.param(lambda data: overwritten(data, 100), id="noise after the header"),
        pytest.param(lambda data: data[: len(data) // 2], id="cut"),
    ],
)
async def test_a_damaged_file_is_reported_and_left_as_it_is(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    damaged = damage(await stored_in(tmp_path))
    file_of(tmp_path).write_bytes(damaged)
    with pytest.raises(ArchiveCorrupt, match="damaged"):
        await archive_in(tmp_path).open()
    assert {file.name: file.read_bytes() for file in files_in(tmp_path)} == {
        file_of(tmp_path).name: damaged
    }


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_damage_that_shows_only_in_use_is_reported(tmp_path: Path) -> None:
    data = await stored_in(tmp_path)
    file_of(tmp_path).write_bytes(overwritten(data, 4_096 * 40))
    archive = archive_in(tmp_path)
    await archive.open()
    with pytest.raises(ArchiveCorrupt, match="damaged"):
        await archive.read([message_id(n) for n in range(500)], EVERYTHING)
    with pytest.raises(ArchiveCorrupt, match="damaged"):
        await found(archive, *(f"word{n}" for n in range(500)))
    with pytest.raises(ArchiveCorrupt, match="damaged"):
        await store(archive, *(say(n, "again", edited_at=say(n).observed_at) for n in range(500)))
    await archive.close()


async def test_an_empty_file_becomes_an_archive(tmp_path: Path) -> None:
    file_of(tmp_path).touch()
    async with opened(SQLITE, tmp_path) as archive:
        await store(archive, say(1))


async def test_an_archive_of_a_newer_program_is_left_as_it_is(tmp_path: Path) -> None:
    await stored_in(tmp_path)
    connection = sqlite3.connect(file_of(tmp_path))
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = file_of(tmp_path).read_bytes()
    with pytest.raises(ArchiveTooNew, match="newer version"):
        await archive_in(tmp_path).open()
    assert file_of(tmp_path).read_bytes() == before


async def test_the_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    connection = sqlite3.connect(file_of(tmp_path))
    connection.execute("CREATE TABLE notes (text)")
    connection.close()
    before = file_of(tmp_path).read_bytes()
    with pytest.raises(ArchiveUnavailable, match="another program's"):
        await archive_in(tmp_path).open()
    assert file_of(tmp_path).read_bytes() == before


async def test_an_error_tells_nothing_of_what_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even in the error that it was raised from, which ends in the log."""
    async with opened(SQLITE, tmp_path) as archive:
        assert isinstance(archive, SqlMessageArchive)
        limit_pages(archive, 50)
        with pytest.raises(ArchiveUnavailable) as raised:
            await store(archive, *(say(n, f"secret{n} " * 1_000) for n in range(100)))
    assert "secret" not in f"{raised.value} {raised.value.__cause__}"
