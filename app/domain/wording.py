"""Numbers, times and names as sentences need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

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


def day_and_time(moment: datetime) -> str:
    """Return a time as all answers show it; it is in UTC."""
    return f"{moment:%Y-%m-%d %H:%M}"


def spelled(window: Window) -> str:
    """Return a span of time as a person reads it, empty for all of time."""
    after = f" from {day_and_time(window.after)}" if window.after else ""
    before = f" until {day_and_time(window.before)}" if window.before else ""
    return f"{after}{before} (UTC)" if after or before else ""
