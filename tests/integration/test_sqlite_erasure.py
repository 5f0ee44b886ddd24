"""What is left in the files of an archive on SQLite of what was erased: nothing."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from app.domain.model import Author, Channel
from app.ports.storage import Stored
from tests.archives import (
    EVERYTHING,
    SEEN,
    clear_marks,
    file_of,
    found,
    id_of,
    message_id,
    opened,
    say,
    store,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from app.ports.storage import MessageArchive

SQLITE = "SqlMessageArchive on SQLite"


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[MessageArchive]:
    async with opened(SQLITE, tmp_path) as archive:
        yield archive


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(file_of(folder))
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


SECRETS = (b"xylophon", b"Quetzal", b"quetzal", b"Zzyzx")


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


async def tell_secrets(archive: MessageArchive) -> Channel:
    """Let one person, alone in a channel of a server of their own, say what is erased later."""
    author = Author(id_of("quetzal"), "Quetzal", "Zzyzx")
    secrets = [
        evolve(say(n, f"xylophone number {n}", channel="hidden", guild="away"), author=author)
        for n in range(0, 200, 2)
    ]
    others = [say(n, f"innocent {n}", guild="home") for n in range(1, 200, 2)]
    await store(archive, *secrets[:50], *others[:50])
    await store(archive, *secrets[50:], *others[50:])
    return secrets[0].channel


@pytest.mark.parametrize("way", ["author", "channel", "guild"])
async def test_nothing_forgotten_remains_in_the_files(
    tmp_path: Path, archive: MessageArchive, way: str
) -> None:
    hidden = await tell_secrets(archive)
    await clear_marks(archive)
    assert all(secret in everything_in(tmp_path) for secret in SECRETS)
    if way == "author":
        assert await archive.forget_author(id_of("quetzal")) == 100
    elif way == "channel":
        assert await archive.forget_channel(hidden.id) == 100
    else:
        assert await archive.forget_guild(hidden.guild_id) == 100
    left = everything_in(tmp_path)
    assert not [secret for secret in SECRETS if secret in left]
    assert b"innocent" in left


@pytest.mark.parametrize("way", ["removed", "edited"])
async def test_nothing_removed_or_edited_away_remains_after_closing(
    tmp_path: Path, way: str
) -> None:
    async with opened(SQLITE, tmp_path) as archive:
        await store(archive, *(say(n, f"innocent {n}") for n in range(50)))
        for n in (7, 8):  # the second within the hour
            await store(archive, say(n, f"xylophone{n}", edited_at=SEEN))
            assert f"xylophone{n}".encode() in everything_in(tmp_path)
            if way == "removed":
                await archive.remove([message_id(n)], EVERYTHING)
            else:
                later = SEEN + timedelta(days=1)
                await store(archive, say(n, "nothing", edited_at=later))
    assert b"xylophone" not in everything_in(tmp_path)


async def test_the_id_of_a_forgotten_person_is_not_kept(tmp_path: Path) -> None:
    person = 1_234_567_890_123_456_789
    async with opened(SQLITE, tmp_path) as archive:
        await store(archive, evolve(say(1), author=Author(person, "ana", "Ana")))
        await archive.forget_author(person)
    left = everything_in(tmp_path)
    assert person.to_bytes(8, "big") not in left
    assert str(person).encode() not in left


async def test_what_was_forgotten_while_another_program_reads_is_wiped_when_the_archive_is_closed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.sql.sqlite.LOCK_TIMEOUT_MS", 50)
    async with opened(SQLITE, tmp_path) as archive:
        await tell_secrets(archive)
        with reading(tmp_path):
            assert await archive.forget_author(id_of("quetzal")) == 100
        assert await found(archive, "xylophone") == []
        assert b"xylophon" in everything_in(tmp_path)
    [warning] = caplog.messages
    assert "traces of it are still in the archive's files" in warning
    assert "another program" in warning
    assert b"xylophon" not in everything_in(tmp_path)


async def test_what_could_not_be_wiped_at_all_is_wiped_by_the_next_to_close_the_archive(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.MonkeyPatch.context() as disk:
        disk.setattr("app.adapters.sql.lexical.forget_erased", fail_for_want_of_space)
        async with opened(SQLITE, tmp_path) as archive:
            await tell_secrets(archive)
            assert await archive.forget_guild(id_of("away")) == 100
            assert await found(archive, "xylophone") == []
    assert len(caplog.messages) == 2
    assert all("free some space" in message for message in caplog.messages)
    assert b"xylophon" in everything_in(tmp_path)
    async with opened(SQLITE, tmp_path) as archive:
        assert await found(archive, "innocent") != []
    assert not [secret for secret in SECRETS if secret in everything_in(tmp_path)]
    assert len(caplog.messages) == 2
    assert rows(tmp_path, "PRAGMA user_version") == [(0,)]


def fail_for_want_of_space(_: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


async def test_an_edit_is_stored_though_what_it_replaced_cannot_be_wiped_yet(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.sql.sqlite.LOCK_TIMEOUT_MS", 50)
    async with opened(SQLITE, tmp_path) as archive:
        await store(archive, say(1, "xylophone"), say(2, "innocent"))
        with reading(tmp_path):
            edited = say(1, "nothing", edited_at=SEEN)
            assert await store(archive, edited) == Stored(updated=1)
            assert await archive.remove([message_id(2)], EVERYTHING) == 1
        assert len(caplog.messages) == 1
    assert b"xylophon" not in everything_in(tmp_path)


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Let another program read the archive for long."""
    other = sqlite3.connect(file_of(folder), isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM messages").fetchall()
    yield
    other.close()
