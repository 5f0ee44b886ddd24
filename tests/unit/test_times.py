"""Times without a zone are given one in one place, and every time ends in UTC."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.times import as_utc, parse_now, parse_time, zone_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

BERLIN = zone_named("Europe/Berlin")


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def local_zone_is_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-15T14:30:00+00:00", datetime(2024, 1, 15, 14, 30, tzinfo=UTC)),
        ("2024-01-15T14:30:00Z", datetime(2024, 1, 15, 14, 30, tzinfo=UTC)),
        ("2024-01-15t14:30:00z", datetime(2024, 1, 15, 14, 30, tzinfo=UTC)),
        ("2024-01-15T14:30:00+05:30", datetime(2024, 1, 15, 9, tzinfo=UTC)),
        ("2024-01-15T14:30:00-0800", datetime(2024, 1, 15, 22, 30, tzinfo=UTC)),
        ("2024-01-15 14:30", datetime(2024, 1, 15, 13, 30, tzinfo=UTC)),
        (" 2024-01-15 14:30:59 ", datetime(2024, 1, 15, 13, 30, 59, tzinfo=UTC)),
        ("2024-07-15 14:30", datetime(2024, 7, 15, 12, 30, tzinfo=UTC)),
        ("2024-01-15", datetime(2024, 1, 14, 23, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_with_its_offset_or_else_in_the_zone(text: str, expected: datetime) -> None:
    moment = parse_time(text, BERLIN)

    assert moment == expected
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("digits", range(10))
def test_any_number_of_fraction_digits_is_read(digits: int) -> None:
    fraction = f".{'123456789'[:digits]}" if digits else ""

    moment = parse_time(f"2024-01-15T14:30:00{fraction}+00:00", UTC)

    assert moment.microsecond == int("123456"[:digits].ljust(6, "0"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "yesterday",
        "14:30",
        "2024",
        "2024-13-01",
        "2024-02-30",
        "2024-01-15T25:00",
        "2024-01-15T14:30:00+99:00",
        "2024-01-15T14:30:00 Europe/Berlin",
        "２０２４-01-15",
        "2024-01-15\0",
    ],
)
def test_what_is_no_time_is_named_beside_the_forms_that_are_allowed(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_time(text, UTC)

    assert repr(text) in str(refusal.value)
    assert "2024-01-15T14:30:00+02:00" in str(refusal.value)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_has_no_equal_in_utc_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="outside the years"):
        parse_time(text, UTC)


def test_a_time_that_the_clocks_skipped_is_read_with_the_offset_before() -> None:
    assert parse_time("2024-03-31 02:30", BERLIN) == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
    assert parse_time("2024-03-31 03:30", BERLIN) == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    first = datetime(2024, 10, 27, 0, 30, tzinfo=UTC)

    assert parse_time("2024-10-27 02:30", BERLIN) == first
    assert as_utc(naive("2024-10-27 02:30"), BERLIN) == first
    assert as_utc(naive("2024-10-27 02:30").replace(fold=1), BERLIN) == first + timedelta(hours=1)


def test_a_time_with_a_zone_keeps_its_instant_whatever_zone_is_given() -> None:
    moment = datetime(2024, 1, 15, 14, 30, tzinfo=timezone(timedelta(hours=9)))

    assert as_utc(moment, BERLIN) == moment
    assert as_utc(moment, None) == moment
    assert as_utc(moment, BERLIN).tzinfo is UTC


@pytest.mark.usefixtures("local_zone_is_new_york")
def test_without_any_zone_local_time_is_meant() -> None:
    assert as_utc(naive("2024-01-15 14:30"), None) == datetime(2024, 1, 15, 19, 30, tzinfo=UTC)
    assert parse_time("2024-07-15", None) == datetime(2024, 7, 15, 4, tzinfo=UTC)


@pytest.mark.usefixtures("local_zone_is_new_york")
def test_a_local_time_that_has_no_equal_in_utc_is_refused() -> None:
    with pytest.raises(InvalidInput, match="outside the years"):
        as_utc(naive("9999-12-31 23:59"), None)


@given(st.datetimes(), st.sampled_from([UTC, BERLIN, zone_named("Asia/Kolkata")]))
def test_writing_and_reading_a_time_changes_nothing(moment: datetime, zone: tzinfo) -> None:
    try:
        expected = as_utc(moment, zone)
    except InvalidInput:
        return

    assert parse_time(expected.isoformat(), None) == expected
    assert parse_time(moment.isoformat(), zone) == expected


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_time_in_utc_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        assert parse_time(text, BERLIN).tzinfo is UTC


@pytest.mark.parametrize("name", ["Europe/Berlin", "europe/berlin", " EUROPE/BERLIN "])
def test_a_zone_is_found_by_its_name_in_any_case(name: str) -> None:
    assert str(zone_named(name)) == "Europe/Berlin"


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Olympus", "Europe", "../../etc/passwd", "/etc/passwd", "a\0b", "Ü", "x" * 5000],
)
def test_an_unknown_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        zone_named(name)

    assert repr(name) in str(refusal.value)
    assert "Europe/Berlin" in str(refusal.value)


@pytest.mark.parametrize("text", ["1970-12-31", "2200-01-01", "0001-01-01", "9999-12-31T23:59:59Z"])
def test_nobody_asks_in_a_time_that_cannot_be_now(text: str) -> None:
    assert parse_time(text, UTC).tzinfo is UTC
    with pytest.raises(InvalidInput, match="1971 to 2199"):
        parse_now(text, UTC)


def test_now_can_be_any_other_time() -> None:
    assert parse_now("1971-01-01", UTC) == datetime(1971, 1, 1, tzinfo=UTC)
    assert parse_now("2199-12-31T23:59", UTC) == datetime(2199, 12, 31, 23, 59, tzinfo=UTC)
