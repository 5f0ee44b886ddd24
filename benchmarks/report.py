"""Showing results: a table for people, JSON for programs, and the table kept in the docs."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.figures import BenchmarkFailed, Bound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.figures import Figure, Goal, Result

HEAD = ("benchmark", "what", "measured", "against", "ratio", "goal", "met")
_PACKAGES = ("chromadb", "onnxruntime", "tokenizers", "numpy", "sqlalchemy")
_GIB = 2**30


def rows_of(name: str, result: Result) -> list[tuple[str, ...]]:
    """Return a benchmark's figures as rows of the table."""
    return [(name, *_cells(figure)) for figure in result.figures]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table whose columns line up."""
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    ruler = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in (HEAD, ruler, *rows)
    )


def as_json(results: Mapping[str, Result]) -> dict[str, Any]:
    """Return all that was measured, for a program to read."""
    return {
        "machine": machine(),
        "figures": [
            {
                "benchmark": name,
                "what": figure.what,
                "value": figure.value,
                "unit": figure.unit,
                "spread": figure.spread,
                "against": figure.against,
                "baseline": figure.baseline,
                "ratio": figure.ratio,
                "goal": _goal(figure.goal),
                "met": figure.met,
            }
            for name, result in results.items()
            for figure in result.figures
        ],
    }


def machine() -> str:
    """Return in one line what was measured on: date, processor, memory, load, versions."""
    memory = psutil.virtual_memory().total / _GIB
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB;"
        f" {platform.system()}, load {os.getloadavg()[0]:.1f} when done;"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}"
    )


def write(document: Path, results: Mapping[str, Result], order: Sequence[str]) -> None:
    """Put the results in their places of a document; rows of other benchmarks stay.

    The places are marked `<!-- NAME -->` and `<!-- end of NAME -->`. Raises
    `BenchmarkFailed` when one is missing.
    """
    text = document.read_text(encoding="utf-8")
    kept = [row for row in _rows_in(_place(text, "table")) if row[0] not in results]
    rows = kept + [row for name, result in results.items() for row in rows_of(name, result)]
    rows.sort(key=lambda row: order.index(row[0]) if row[0] in order else len(order))
    text = _replace(text, "table", table(rows))
    text = _replace(text, "machine", machine())
    for name, result in results.items():
        if result.details:
            text = _replace(text, name, result.details)
    document.write_text(text, encoding="utf-8")


def _cells(figure: Figure) -> tuple[str, ...]:
    spread = f" ({figure.spread})" if figure.spread else ""
    against = figure.against
    if figure.baseline is not None:
        against += f": {_amount(figure.baseline, figure.unit)}"
    return (
        figure.what,
        _amount(figure.value, figure.unit) + spread,
        against,
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        _goal(figure.goal),
        {True: "yes", False: "**no**", None: ""}[figure.met],
    )


def _amount(value: float, unit: str) -> str:
    """Return a value with as many digits as mean something."""
    if unit in {"nDCG", "share"}:
        return f"{value:.3f}"
    digits = 0 if unit in {"", "MB"} or abs(value) >= 100 else 2 if unit == "s" else 1
    return f"{value:,.{digits}f} {unit}".rstrip()


def _goal(goal: Goal | None) -> str:
    if goal is None:
        return ""
    digits = f"{goal.limit:,g}"
    return f"{'ratio ' if goal.of_ratio else ''}{Bound(goal.bound)} {digits}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"^model name\s*: (.+)$", info.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def _place(text: str, name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", text, re.DOTALL)
    if found is None:
        raise BenchmarkFailed(f"the document has no place marked <!-- {name} -->")
    return found[1]


def _replace(text: str, name: str, content: str) -> str:
    place = f"<!-- {name} -->\n{_place(text, name)}<!-- end of {name} -->"
    return text.replace(place, f"<!-- {name} -->\n{content}\n<!-- end of {name} -->")


def _rows_in(markdown: str) -> list[tuple[str, ...]]:
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in markdown.splitlines()
        if line.startswith("|")
    ]
    return [row for row in rows[2:] if len(row) == len(HEAD)]
