"""A question's window is the asker's own days, whatever the clocks there did.

The days are counted anew here: instant by instant, by the date that each has in the zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.model import Window
from app.domain.questions import read_question

DAY, STEP = timedelta(days=1), timedelta(minutes=15)

CHANGES = [
    ("Europe/Berlin", "2024-03-31"),
    ("Europe/Berlin", "2024-10-27"),
    ("America/New_York", "2024-03-10"),
    ("America/New_York", "2024-11-03"),
    ("America/Sao_Paulo", "2018-11-04"),  # there was no midnight
    ("America/Sao_Paulo", "2018-02-17"),  # the hour before midnight came twice
    ("America/Havana", "2024-03-10"),  # no midnight either
    ("America/Havana", "2024-11-03"),  # the hour after midnight came twice
    ("Africa/Cairo", "2023-04-28"),
    ("Africa/Cairo", "2023-10-26"),
    ("Australia/Lord_Howe", "2024-04-07"),  # by half an hour
    ("Australia/Lord_Howe", "2024-10-06"),
    ("Africa/Casablanca", "2024-03-10"),  # for the month of Ramadan
    ("Pacific/Apia", "2011-12-29"),  # the day after it never was
    ("Asia/Kathmandu", "2024-03-31"),  # no change, but 5:45 off
]
"""Zones, and a date there on which the clocks changed."""


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the first quarter of an hour that bears this date or a later one."""
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY
    while instant.astimezone(zone).date() < day:
        instant += STEP
    return instant


def days(first: date, after: date, zone: ZoneInfo) -> Window:
    """Return the days from `first` up to, and without, `after`."""
    return Window(first_instant(first, zone), first_instant(after, zone))


@pytest.mark.parametrize(("zone", "changed"), CHANGES)
@pytest.mark.parametrize("days_later", range(-1, 9))
@pytest.mark.parametrize("hour", ["00:15", "12:00", "23:45"])
def test_days_and_weeks_begin_and_end_with_their_dates(
    zone: str, changed: str, days_later: int, hour: str
) -> None:
    place = ZoneInfo(zone)
    wanted = datetime.fromisoformat(f"{changed} {hour}") + days_later * DAY
    asked_at = wanted.replace(tzinfo=place).astimezone(UTC)
    today = asked_at.astimezone(place).date()  # which is another one where it was skipped
    monday = today - today.weekday() * DAY
    for question, window in (
        ("what happened yesterday?", days(today - DAY, today, place)),
        ("what happened today?", days(today, today + DAY, place)),
        ("what happened the day before yesterday?", days(today - 2 * DAY, today - DAY, place)),
        ("what was said last week?", days(monday - 7 * DAY, monday, place)),
        ("what was said this week?", days(monday, monday + 7 * DAY, place)),
    ):
        assert read_question(question, asked_at, place).window == window, question


@pytest.mark.parametrize(("zone", "changed"), CHANGES)
def test_a_date_is_as_long_as_the_clocks_made_it(zone: str, changed: str) -> None:
    place, day = ZoneInfo(zone), date.fromisoformat(changed)
    asked_at = datetime(2025, 1, 1, tzinfo=UTC)
    for question in (f"what was said on {changed}?", f"what did we decide on {day:%d %B %Y}?"):
        assert read_question(question, asked_at, place).window == days(day, day + DAY, place)
    since = read_question(f"what has changed since {changed}?", asked_at, place).window
    assert since == Window(first_instant(day, place))


@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2037, 12, 30)),  # noqa: DTZ001 (made aware below)
    st.sampled_from(sorted({zone for zone, _ in CHANGES})),
)
def test_yesterday_is_just_what_has_its_date(moment: datetime, zone: str) -> None:
    place = ZoneInfo(zone)
    asked_at = moment.replace(tzinfo=UTC)
    today = asked_at.astimezone(place).date()
    window = read_question("what happened yesterday?", asked_at, place).window
    assert window == days(today - DAY, today, place)
    assert asked_at not in window
