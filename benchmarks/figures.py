"""What a benchmark returns: figures, what they are compared with, and the goals they must meet."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence


class BenchmarkFailed(Exception):
    """A measurement could not be taken; the text says why."""


class Bound(StrEnum):
    """On which side of its limit a figure must stay."""

    AT_LEAST = "≥"
    UNDER = "<"


@frozen
class Goal:
    """A limit of a figure's value or, where `of_ratio`, of its ratio to the baseline."""

    bound: Bound
    limit: float
    of_ratio: bool = False

    def is_met(self, value: float) -> bool:
        """Tell whether a value is on the right side; what is no number never is."""
        if math.isnan(value):
            return False
        return value >= self.limit if self.bound is Bound.AT_LEAST else value < self.limit


def at_least(limit: float) -> Goal:
    """Return the goal of a value of `limit` or more."""
    return Goal(Bound.AT_LEAST, limit)


def under(limit: float) -> Goal:
    """Return the goal of a value below `limit`."""
    return Goal(Bound.UNDER, limit)


def ratio_at_least(limit: float) -> Goal:
    """Return the goal of at least `limit` times the baseline."""
    return Goal(Bound.AT_LEAST, limit, of_ratio=True)


@frozen
class Figure:
    """One measured number.

    `baseline` is in the same unit, taken of `against` in the same minute; `spread` says
    how the value varied ("p95 14 ms").
    """

    what: str
    value: float
    unit: str
    against: str = ""
    baseline: float | None = None
    goal: Goal | None = None
    spread: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the baseline the value is, `None` without one."""
        return None if self.baseline is None else self.value / self.baseline

    @property
    def met(self) -> bool | None:
        """Whether the goal is met, `None` where none is set."""
        if self.goal is None:
            return None
        judged = self.ratio if self.goal.of_ratio else self.value
        return judged is not None and self.goal.is_met(judged)


@frozen
class Result:
    """The figures of one benchmark; `details` is Markdown that says more than a row can."""

    figures: tuple[Figure, ...]
    details: str = ""


def median(values: Sequence[float]) -> float:
    """Return the median. Raises `BenchmarkFailed` when nothing was measured."""
    if not values:
        raise BenchmarkFailed("nothing was measured")
    return float(np.median(values))


def p95(values: Sequence[float]) -> float:
    """Return what nineteen of twenty values do not exceed."""
    return float(np.percentile(values, 95))
