"""The archive on SQLite: its file, what it costs, what is left of what was erased."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from app.adapters.sql import SqlMessageArchive, lexical, migrations, scoping
from app.adapters.sql.schema import HEAD, metadata
from app.domain.errors import ArchiveUnavailable, InvalidInput, InvalidSetting
from app.domain.model import Scope, Window
from app.ports.storage import Stored
from tests import archive_process
from tests.archives import (
    EVERYTHING,
    SEEN,
    file_of,
    found,
    id_of,
    message_id,
    opened,
    say,
    store,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from app.domain.model import Message
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


# Opening and closing


async def test_what_was_stored_is_there_after_closing(tmp_path: Path) -> None:
    for expected in (Stored(new=1), Stored(unchanged=1)):
        async with opened(SQLITE, tmp_path) as archive:
            assert await store(archive, say(1, "kept")) == expected
            assert await found(archive, "kept") == [message_id(1)]


async def test_opening_and_closing_twice_is_doing_it_once(tmp_path: Path) -> None:
    archive = SqlMessageArchive(f"sqlite:///{file_of(tmp_path)}")
    await asyncio.gather(archive.open(), archive.open())
    await store(archive, say(1))
    await archive.close()
    await archive.close()
    await archive.open()
    assert await archive.count(EVERYTHING) == 1
    await archive.close()


async def test_an_archive_that_is_not_open_says_so(tmp_path: Path) -> None:
    archive = SqlMessageArchive(f"sqlite:///{file_of(tmp_path)}")
    with pytest.raises(ArchiveUnavailable, match="not open"):
        await archive.count(EVERYTHING)


async def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    archive = SqlMessageArchive(f"sqlite:///{file_of(tmp_path)}")
    await archive.open()
    await store(archive, say(1))
    modes = modes_in(tmp_path)
    await archive.close()
    assert modes == {0o600}


def modes_in(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


@pytest.mark.parametrize("url", ["nonsense", "postgresql://user:secret@host/db", "://secret"])
def test_an_address_that_is_not_sqlite_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        SqlMessageArchive(url)
    assert "secret" not in str(refused.value)


async def test_an_id_of_more_than_63_bits_is_refused(archive: MessageArchive) -> None:
    with pytest.raises(InvalidInput, match="63 bits"):
        await store(archive, say(1), say(2, id=2**63))
    assert await archive.count(EVERYTHING) == 0


async def test_readers_do_not_wait_for_a_writer(tmp_path: Path, archive: MessageArchive) -> None:
    await store(archive, say(1))
    other = sqlite3.connect(file_of(tmp_path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    storing = asyncio.create_task(store(archive, say(2)))
    assert await archive.count(EVERYTHING) == 1
    assert not storing.done()
    other.execute("COMMIT")
    other.close()
    assert await storing == Stored(new=1)


async def test_an_import_after_a_change_of_mind_about_bots_follows_it(tmp_path: Path) -> None:
    robot = say(1, "beep", is_bot=True)
    for index_bots, expected in ((False, []), (True, [robot.id]), (False, [])):
        async with opened(SQLITE, tmp_path, index_bots=index_bots) as archive:
            await store(archive, robot)
            assert await found(archive, "beep") == expected


# Migrations


def test_the_migrations_make_the_tables_that_the_program_uses(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(migrations.configure()).get_heads() == [HEAD]
    engine = create_engine(f"sqlite:///{file_of(tmp_path)}")
    with engine.begin() as connection:
        assert not migrations.is_current(connection)
        migrations.upgrade(connection)
        assert migrations.is_current(connection)

        def is_ours(name: str | None, kind: str, _: object) -> bool:
            return kind != "table" or not str(name).startswith(lexical.INDEXES)

        context = MigrationContext.configure(connection, opts={"include_name": is_ours})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


# Derived state


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_what_is_derived_is_what_a_fresh_build_derives(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever came, was edited and was removed, in pages of any size and order."""
    one, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    async with opened(SQLITE, one) as archive:
        for page in data.draw(st.lists(st.lists(_states(), max_size=40), max_size=5)):
            await store(archive, *page)
            removed = data.draw(st.sets(st.integers(0, 300), max_size=8))
            await archive.remove([message_id(n) for n in removed], EVERYTHING)
        left = await archive.read([message_id(n) for n in range(301)], EVERYTHING)
    async with opened(SQLITE, other) as archive:
        await store(archive, *left)
    for query in (
        "SELECT * FROM chunks ORDER BY id",
        "SELECT rowid, text FROM chunk_words ORDER BY rowid",
        "SELECT rowid, text FROM message_words ORDER BY rowid",
        "SELECT id, is_indexed, is_misdated FROM messages ORDER BY id",
        "INSERT INTO message_words (message_words) VALUES ('integrity-check')",
        "INSERT INTO chunk_words (chunk_words) VALUES ('integrity-check')",
    ):
        assert rows(one, query) == rows(other, query)


@st.composite
def _states(draw: st.DrawFn) -> Message:
    """Return a message among lulls and bursts; some edits move it in time or make it silent."""
    number = draw(st.integers(0, 300))
    burst = timedelta(seconds=number % 100) + timedelta(hours=number // 100)
    moved = draw(st.sampled_from([timedelta()] * 9 + [timedelta(hours=3)]))
    return say(
        number,
        draw(st.sampled_from(["one", "two", "", "東京"])),
        created_at=SEEN + burst + moved,
        edited_at=draw(st.none() | st.integers(0, 9).map(lambda n: SEEN + timedelta(hours=n))),
    )


# What words cost


async def test_a_window_is_searched_without_asking_every_message_for_an_invented_id(
    tmp_path: Path, archive: MessageArchive
) -> None:
    await store(archive, say(1))
    asked = scoping._MISDATED.compile(
        dialect=SQLiteDialect(), compile_kwargs={"literal_binds": True}
    )
    ((*_, plan),) = rows(tmp_path, f"EXPLAIN QUERY PLAN {asked}")
    assert "messages_misdated" in str(plan)


async def test_frequent_words_are_left_out_where_enough_is_found_without_them(
    archive: MessageArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "BUDGET", 4)
    rare = [say(n, "common and rare") for n in (60, 61)]
    await store(archive, *rare, *(say(n, "common") for n in range(10)), say(200, "hay"))
    enough = await archive.matching(["common", "rare"], EVERYTHING, 2)
    assert enough == await archive.matching(["rare"], EVERYTHING, 2)
    assert len(await found(archive, "common", "rare")) == 12
    assert len(await archive.matching_chunks(["common", "rare"], EVERYTHING, 1)) == 1
    assert len(await archive.matching_chunks(["common", "rare"], EVERYTHING, 9)) == 2
    assert len(await found(archive, "common")) == 12
    assert len(await found(archive, "common", "missing")) == 12


@pytest.mark.parametrize("elsewhere", [{"guild": "away"}, {"channel": "hidden"}])
async def test_what_is_frequent_elsewhere_is_not_left_out_here(
    archive: MessageArchive, monkeypatch: pytest.MonkeyPatch, elsewhere: dict[str, Any]
) -> None:
    """Nor does it give its place to what is more frequent here."""
    monkeypatch.setattr(lexical, "BUDGET", 4)
    await store(archive, *(say(n, "python", **elsewhere) for n in range(200, 220)))
    await store(archive, *(say(n, "hay", **elsewhere) for n in range(300, 400)))
    release = "release of something that is hardly worth as many words as these"
    await store(archive, say(1, "python python"), *(say(60 + 60 * n, release) for n in range(3)))
    here = Scope({id_of("home"): {id_of("general")}})
    for limit in (1, 100):
        first, *_ = await archive.matching(["python", "release"], here, limit)
        assert first.message_id == message_id(1)
        chunk, *_ = await archive.matching_chunks(["python", "release"], here, limit)
        assert chunk.message_ids == (message_id(1),)


async def test_words_frequent_among_what_others_wrote_are_found_by_author_and_time(
    archive: MessageArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "BUDGET", 4)
    said = ["python"] * 10 + ["release"] * 2
    await store(archive, *(say(n, text, author="ben") for n, text in enumerate(said)))
    await store(archive, say(60, "python talk"))
    ana = EVERYTHING.by([id_of("ana")])
    assert await found(archive, "python", "release", scope=ana) == [message_id(60)]
    [chunk] = await archive.matching_chunks(["python", "release"], ana, 10)
    assert chunk.message_ids == (message_id(60),)
    window = EVERYTHING.during(Window(after=say(60).created_at))
    assert await found(archive, "python", "release", scope=window) == [message_id(60)]


async def test_opening_an_archive_imports_no_more_than_it_takes(
    tmp_path: Path,
) -> None:
    async with opened(SQLITE, tmp_path):
        modules, complaints = await archive_process.run("modules", file_of(tmp_path))
    assert not complaints
    assert "sqlalchemy" in modules.split()
    assert not {"alembic", "sqlalchemy.ext.asyncio"} & set(modules.split())
