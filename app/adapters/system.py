"""The machine's own clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from attrs import frozen

from app.ports.runtime import Clock


@frozen
class SystemClock(Clock):
    """The time as the operating system tells it."""

    def now(self) -> datetime:
        """Return the current time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return time.monotonic()
