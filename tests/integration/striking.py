"""Runs of the program that are struck by a signal in the midst of one of its stages.

The stages are watched from outside: wrappers around functions of the program report when
each is entered and left (`struck`). A struck run cannot leave its stage: the signal comes
`delay` seconds after it was entered, or where the stage is done earlier, at its very end, when
everything is done and nobody was told. So which stage was hit is certain.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from attrs import asdict, frozen

from tests.integration.program import Finished, clean_environment

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@frozen
class Strike:
    """A signal, `delay` seconds after the stage was entered for the `call`-th time."""

    stage: str
    call: int
    delay: float
    signal: int = signal.SIGKILL


@frozen
class Span:
    """A stage as it was passed: which time it was, and when, in seconds."""

    stage: str
    call: int
    begin: float
    end: float | None
    """`None` where it was entered and never left."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        assert self.end is not None
        return self.end - self.begin


@frozen
class Run:
    """What a run left behind, and the stages that it passed."""

    finished: Finished
    spans: list[Span]

    def was_in(self, strike: Strike) -> bool:
        """Tell whether the run ended in the midst of the stage that it was struck in."""
        return (strike.stage, strike.call) in {
            (span.stage, span.call) for span in self.spans if span.end is None
        }

    def strikes(self, stage: str, moments: list[tuple[float, float]]) -> list[Strike]:
        """Return where to strike a run like this one.

        A moment is which of the stage's calls and how far into it, both from 0 to 1. Calls
        that had nothing to do, which take less than the others, are passed over.
        """
        spans = [span for span in self.spans if span.stage == stage]
        assert spans, f"this run has no stage {stage}"
        middle = median(span.seconds for span in spans)
        worthy = [span for span in spans if span.seconds >= middle]
        chosen = [(worthy[round(which * (len(worthy) - 1))], part) for which, part in moments]
        return [Strike(stage, span.call, span.seconds * part) for span, part in chosen]


@frozen
class Runs:
    """Runs the program, struck or not, on a data directory."""

    _process: subprocess.Popen[str]

    def run(self, data_dir: Path, *arguments: object, strike: Strike | None = None) -> Run:
        """Run a command to its end, whatever that is."""
        order = {
            "arguments": ["--data-dir", str(data_dir), *map(str, arguments)],
            "strike": {} if strike is None else asdict(strike),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        report = json.loads(self._process.stdout.readline())
        finished = Finished(report["code"], report["out"], report["err"])
        return Run(finished, _spans(report["events"]))


def _spans(events: list[tuple[str, str, int, float]]) -> list[Span]:
    ends = {(stage, call): at for event, stage, call, at in events if event == "leave"}
    return [
        Span(stage, call, at, ends.get((stage, call)))
        for event, stage, call, at in events
        if event == "enter"
    ]


@contextmanager
def runs(home: Path) -> Generator[Runs, None, None]:
    """Start the process that all runs are forked from, and end it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.struck"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        cwd=home,
        env=clean_environment(home),
    ) as process:
        yield Runs(process)
        assert process.stdin is not None
        process.stdin.close()
