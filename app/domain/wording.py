"""Numbers, times and names as sentences need them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from app.domain.model import Window

_IRREGULAR = {"person": "people"}


def counted(number: int, noun: str) -> str:
    """Return "1 message", "2,000 messages", "3 people"."""
    plural = _IRREGULAR.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"."""
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def flat(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def local(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment on the clock of a zone, or as it is where no clock goes so far."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def day_and_time(moment: datetime, zone: tzinfo = UTC) -> str:
    """Return a time as all answers show it."""
    return f"{local(moment, zone):%Y-%m-%d %H:%M}"


def spelled(window: Window, zone: tzinfo = UTC) -> str:
    """Return a span of time as a person reads it, empty for all of time."""
    after = f" from {day_and_time(window.after, zone)}" if window.after else ""
    before = f" until {day_and_time(window.before, zone)}" if window.before else ""
    return f"{after}{before} ({zone})" if after or before else ""
