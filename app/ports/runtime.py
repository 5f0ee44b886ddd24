"""The program's surroundings: time."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """The time of day and a stopwatch."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...

    @abstractmethod
    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        ...
