"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attrs import define

from app.ports.runtime import Clock


@define
class FrozenClock(Clock):
    """Shows `moment`; `pass_by` lets time go."""

    moment: datetime = datetime(2024, 6, 1, 12, tzinfo=UTC)
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        """Let so many seconds go by."""
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds
