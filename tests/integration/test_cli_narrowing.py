"""What is typed as a filter, resolved against an archive."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from app.adapters.exports import ExportHistory
from app.adapters.sql import SqlMessageArchive
from app.domain.collecting import Collect
from app.domain.errors import InvalidInput, NotFound
from app.domain.model import Scope, Window
from app.entrypoints.cli.narrowing import guild_named, narrow
from app.entrypoints.cli.options import Filters
from tests.exports import channel, export, id_of, message, message_id, write

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from app.entrypoints.cli.narrowing import Narrowed

NOW = datetime(2024, 6, 1, tzinfo=UTC)
GENERAL, DEV, THREAD = {0, 5, 600, 2000}, {60, 61, 63}, {62}
ELSEWHERE = {7}


@pytest.fixture
async def archive(exported: Path) -> AsyncGenerator[SqlMessageArchive, None]:
    """Hold the exports in memory."""
    archive = SqlMessageArchive("sqlite://")
    await archive.open()
    await Collect(archive).take(ExportHistory([exported]))
    yield archive
    await archive.close()


async def narrowed(archive: SqlMessageArchive, **filters: object) -> Narrowed:
    return await narrow(Filters(**filters), archive, "UTC", NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, GENERAL | DEV | THREAD | ELSEWHERE),
        ({"guild": "testers"}, GENERAL | DEV | THREAD),
        ({"guild": str(id_of("Testers"))}, GENERAL | DEV | THREAD),
        ({"channels": ("#general",)}, GENERAL | ELSEWHERE),
        ({"channels": ("general",), "guild": "Elsewhere"}, ELSEWHERE),
        ({"channels": ("dev",)}, DEV | THREAD),
        ({"channels": ("why no cache", "general"), "guild": "Testers"}, THREAD | GENERAL),
        ({"channels": (str(id_of("dev")),)}, DEV | THREAD),
        ({"author": "@bob"}, {5, 60, 62}),
        ({"author": "BOB", "channels": ("general",)}, {5}),
        ({"author": str(id_of("sam2"))}, {63}),
        ({"after": "2024-01-15 12:05", "before": "2024-01-15 12:07"}, {5}),
        ({"after": "2024-01-15T12:05:00+00:00", "before": "2024-01-15T12:07:00.5Z"}, {5, 7}),
        (
            {
                "after": "2024-01-15 13:05",
                "before": "2024-01-15 13:08",
                "timezone": "europe/berlin",
            },
            {5, 7},
        ),
        ({"at": "2024-01-15 12:05"}, {0, 5}),
        ({"at": "2024-01-15 12:05", "before": "2024-01-16", "after": "2024-01-15 12:01"}, {5}),
        ({"author": "bob", "before": "2020-01-01"}, set()),
    ],
)
async def test_filters_narrow_what_may_be_read(
    archive: SqlMessageArchive, filters: dict[str, object], expected: set[int]
) -> None:
    scope = (await narrowed(archive, **filters)).scope
    found = await archive.read([message_id(n) for n in range(2001)], scope)
    assert {message.id for message in found} == {message_id(n) for n in expected}


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"guild": "tester"}, "There is no server 'tester'; did you mean 'Testers'?"),
        (
            {"guild": "xyz"},
            "There is no server 'xyz'; the archive holds 'Elsewhere' and 'Testers'.",
        ),
        ({"channels": ("genral",)}, "There is no channel 'genral'; did you mean 'general'?"),
        ({"channels": ("general", "#dve")}, "There is no channel '#dve'; did you mean 'dev'?"),
        ({"channels": ("dev",), "guild": "Elsewhere"}, "the archive holds 'general'."),
        ({"author": "mallory"}, "Nobody called 'mallory' wrote there"),
        ({"author": "dave", "guild": "Testers"}, "Nobody called 'dave' wrote there"),
        ({"guild": "\x1b[31mred"}, r"'\x1b[31mred'"),
    ],
)
async def test_a_name_that_nobody_bears_is_answered_with_those_that_exist(
    archive: SqlMessageArchive, filters: dict[str, object], said: str
) -> None:
    with pytest.raises(NotFound) as raised:
        await narrowed(archive, **filters)
    assert said in str(raised.value)


async def test_a_name_that_several_bear_is_never_guessed(archive: SqlMessageArchive) -> None:
    with pytest.raises(InvalidInput) as raised:
        await narrowed(archive, author="Sam")
    assert f"{id_of('sam1')} (Sam, @sam1)" in str(raised.value)
    assert f"{id_of('sam2')} (Sam, @sam2)" in str(raised.value)


async def test_two_servers_of_one_name_are_told_apart_by_id(
    archive: SqlMessageArchive, tmp_path: Path
) -> None:
    again = {"id": "800000000000000001", "name": "Testers"}
    path = write(tmp_path / "again.json", export([message(9)], channel(id="8000"), again))
    await Collect(archive).take(ExportHistory([path]))
    with pytest.raises(InvalidInput, match=r"800000000000000001 \(Testers\)"):
        await narrowed(archive, guild="Testers")
    assert (await narrowed(archive, guild="800000000000000001")).scope.grants == {
        800000000000000001: None
    }


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"after": "2024-03-02", "before": "2024-03-01"}, "must be later than --after 2024-03-02"),
        ({"after": "2024-03-01", "before": "2024-03-01"}, "must be later"),
        ({"after": "yesterdy"}, "'yesterdy' is not a time"),
        ({"at": "now"}, "'now' is not a time"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
    ],
)
async def test_times_that_make_no_sense_are_refused(
    archive: SqlMessageArchive, filters: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        await narrowed(archive, **filters)
    assert said in str(raised.value)


async def test_now_is_when_the_question_is_asked_or_the_time_that_is_given(
    archive: SqlMessageArchive,
) -> None:
    assert (await narrowed(archive)).asked_at == NOW
    assert (await narrowed(archive)).scope.window == Window()
    earlier = await narrowed(archive, at="2024-01-15 12:05")
    assert earlier.asked_at == datetime(2024, 1, 15, 12, 5, tzinfo=UTC)
    assert earlier.asked_at in earlier.scope.window


async def test_a_question_is_asked_from_the_zone_that_is_given(
    archive: SqlMessageArchive,
) -> None:
    there = (await narrowed(archive, timezone="Asia/Tokyo")).asking("what happened yesterday?")
    assert there.zone == ZoneInfo("Asia/Tokyo")
    assert (await narrowed(archive)).asking("and here?").zone == ZoneInfo("UTC")


async def test_an_empty_archive_says_how_to_fill_it() -> None:
    archive = SqlMessageArchive("sqlite://")
    await archive.open()
    with pytest.raises(NotFound, match="discord-indexer import"):
        await guild_named("Testers", archive, Scope.everything())
    await archive.close()
