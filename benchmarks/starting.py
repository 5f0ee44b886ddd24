"""How long a person waits for a command that is not running yet."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, Result, median, under
from benchmarks.program import PROGRAM, run_command

if TYPE_CHECKING:
    from benchmarks.figures import Goal
    from benchmarks.rig import Rig


def run(rig: Rig) -> Result:
    """Time processes that do nothing, and the program; in turn, files in the system's cache."""
    query = rig.material.queries[0]
    start = [PROGRAM, "--data-dir", str(rig.indexed().data_dir)]
    asked = [query.question.text, "--guild", str(query.guild_id)]
    python, chroma, usage, search, ask = (
        "python -c pass",
        "python -c 'import chromadb'",
        "--help",
        "search",
        "ask, quoting the best messages",
    )
    commands = {
        python: [sys.executable, "-c", "pass"],
        chroma: [sys.executable, "-c", "import chromadb"],
        usage: [PROGRAM, "--help"],
        search: [*start, "search", *asked],
        ask: [*start, "ask", *asked],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rig.rounds):
        for name, command in commands.items():
            seconds[name].append(run_command(command, LLM_BACKEND="extractive").seconds)

    def figure(what: str, against: str, goal: Goal | None = None) -> Figure:
        longest = f"longest {max(seconds[what]):.2f} s"
        taken, baseline = median(seconds[what]), median(seconds[against])
        return Figure(what, taken, "s", against, baseline, goal, longest)

    return Result(
        (
            figure(usage, python, under(0.35)),
            figure(search, chroma, under(2.0)),
            figure(ask, chroma),
        )
    )
