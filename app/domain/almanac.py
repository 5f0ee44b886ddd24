"""What the asker's clock and calendar show: days, weeks and months as half-open windows."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

from attrs import frozen

from app.domain.model import Window

DAY = timedelta(days=1)
FIRST_YEAR = 2010
"""An earlier year is a topic: Discord began in 2015, imported archives go little further."""

PARTS_OF_DAY = {
    "": (time.min, time.min),
    "morning": (time(4), time(12)),
    "afternoon": (time(12), time(18)),
    "evening": (time(17), time.min),
    "night": (time(18), time(6)),
}
"""Local hours of a part of the day; an end that is not after its start lies on the next day."""

_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


@frozen
class Almanac:
    """The calendar around a moment, which carries the asker's time zone."""

    moment: datetime

    @property
    def today(self) -> date:
        """The date where the asker is."""
        return self.moment.date()

    def at(self, day: date, hour: time = time.min) -> datetime:
        """Return the instant; where a change of the clocks repeats or skips it, the first."""
        return datetime.combine(day, hour, self.moment.tzinfo).astimezone(UTC)

    def day_of(self, instant: datetime) -> date:
        """Return the date that an instant has where the asker is."""
        return instant.astimezone(self.moment.tzinfo).date()

    def days(self, first: date, after: date) -> Window:
        """Return the days from `first` up to, and without, `after`."""
        return Window(self.at(first), self.at(after))

    def part(self, day: date, part: str | None = None) -> Window:
        """Return a day, or its morning, afternoon, evening or night."""
        begin, end = PARTS_OF_DAY[(part or "").lower()]
        return Window(self.at(day, begin), self.at(day + DAY if end <= begin else day, end))

    def unit(self, unit: str, moved_by: int = 0) -> Window:
        """Return this week, month, quarter or year, or one so many before or after it."""
        return self.unit_of(unit, moved(begin(unit, self.today), unit, moved_by))

    def unit_of(self, unit: str, day: date) -> Window:
        """Return the week, month, quarter or year around a day."""
        first = begin(unit, day)
        return self.days(first, moved(first, unit, 1))

    def back(self, unit: str, count: int) -> datetime:
        """Return so many units ago: to the second for minutes and hours, else a midnight."""
        if unit in {"minute", "hour"}:
            return self.moment.astimezone(UTC) - count * timedelta(**{f"{unit}s": 1})
        return self.at(moved(self.today, unit, -count))

    def last_day(self, day: int, month: int, year: int | None = None) -> date | None:
        """Return the date; without a year the last one that has come; None if there is none."""
        for candidate in [year] if year else range(self.today.year, self.today.year - 5, -1):
            if candidate >= FIRST_YEAR and 0 < day <= monthrange(candidate, month)[1]:
                found = date(candidate, month, day)
                if year or found <= self.today:
                    return found
        return None

    def last_month(self, month: int, year: int | None = None) -> date | None:
        """Return a month's first day; without a year of the last one that has begun."""
        found = year or self.today.year - (month > self.today.month)
        return date(found, month, 1) if found >= FIRST_YEAR else None


def begin(unit: str, day: date) -> date:
    """Return the first day of the unit around a day."""
    match unit:
        case "week":
            return day - day.weekday() * DAY
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def moved(day: date, unit: str, count: int) -> date:
    """Return the day so many units later; where a month is too short for it, its last day."""
    if unit in {"day", "week"}:
        return day + count * (7 if unit == "week" else 1) * DAY
    months = day.year * 12 + day.month - 1 + count * _MONTHS_IN[unit]
    year, month = max(months // 12, 1), months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
