"""How much memory an import takes, however long the history is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.figures import Figure, Result, under

if TYPE_CHECKING:
    from benchmarks.figures import Goal
    from benchmarks.rig import Imported, Rig

MB = 1_000_000
GOAL = under(600)
GIGABYTE_GOAL = under(300)


def run(rig: Rig) -> Result:
    """Import ten times the bench without vectors, and twice the bench with them."""
    return Result(
        (
            _figure("without vectors", rig.archived(10), rig.archived(), GOAL),
            _figure("with vectors", rig.indexed(2), rig.indexed(), GOAL),
        )
    )


def run_tenfold(rig: Rig) -> Result:
    """Import ten times the bench with all its vectors, which takes some ten minutes."""
    return Result((_figure("with vectors", rig.indexed(10), rig.indexed(), GOAL),))


def run_gigabyte(rig: Rig) -> Result:
    """Import exports of a gigabyte without vectors."""
    size = sum(file.stat().st_size for file in rig.material.files)
    copies = round(1_000 * MB / size)
    return Result(
        (_figure("1 GB without vectors", rig.archived(copies), rig.archived(), GIGABYTE_GOAL),)
    )


def _figure(what: str, large: Imported, small: Imported, goal: Goal) -> Figure:
    return Figure(
        f"peak of importing {large.messages:,} messages {what}",
        large.peak_bytes / MB,
        "MB",
        f"importing {small.messages:,}",
        small.peak_bytes / MB,
        goal,
        f"{large.messages / large.seconds:,.0f} messages/s",
    )
