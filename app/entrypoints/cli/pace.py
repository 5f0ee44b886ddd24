"""How fast something goes and when it will be done, in words."""

from __future__ import annotations

from attrs import frozen

MINUTE, HOUR = 60, 3_600


@frozen
class Pace:
    """How far a task has come after `elapsed` seconds.

    `done` of `total` measures the way and need not be what `count` counts: an import has
    read so many bytes and found so many messages in them. `total` 0 means unknown.
    """

    count: int
    done: int
    total: int
    elapsed: float

    @property
    def share(self) -> float:
        """How much is done, 0 to 1; 0 when the total is not known."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def rate(self) -> float:
        """How many are counted a second."""
        return self.count / self.elapsed if self.elapsed else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the same pace, `None` while that cannot be told."""
        return self.elapsed * (1 - self.share) / self.share if self.share else None

    def __str__(self) -> str:
        """Return rate and time left: "8,100/s, about 12 s left"."""
        left = self.seconds_left
        return f"{self.rate:,.0f}/s" + ("" if left is None else f", about {duration(left)} left")


def duration(seconds: float) -> str:
    """Return a span of time as people say it, in no finer unit than they would."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE:02} min"
