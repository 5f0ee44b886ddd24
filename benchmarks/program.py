"""The program as its users run it: a process, its seconds, its output, its memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psutil
from attrs import frozen

from app.entrypoints.settings import known_settings
from benchmarks.figures import BenchmarkFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = str(Path(sys.executable).with_name("discord-indexer"))
_SAMPLE_EVERY = 0.02
_SHOWN_OF_ERRORS = 500


@frozen
class Finished:
    """A process that ended well: seconds from its start to its exit, and what it printed.

    `peak_bytes` is the most memory its whole tree had resident, 0 unless it was watched.
    """

    seconds: float
    output: bytes
    peak_bytes: int = 0

    @property
    def json(self) -> dict[str, Any]:
        """The output of a command with --json."""
        parsed: dict[str, Any] = orjson.loads(self.output)
        return parsed

    @property
    def json_lines(self) -> list[dict[str, Any]]:
        """The output of a command with --batch."""
        return [orjson.loads(line) for line in self.output.splitlines()]


def index_program(
    data_dir: Path, *arguments: str, watch_memory: bool = False, **settings: str
) -> Finished:
    """Run `discord-indexer` on a data directory, with these settings and none of yours."""
    command = [PROGRAM, "--data-dir", str(data_dir), *arguments]
    return run_command(command, watch_memory=watch_memory, **settings)


def run_command(command: Sequence[str], *, watch_memory: bool = False, **settings: str) -> Finished:
    """Run a command to its end. Raises `BenchmarkFailed` unless it exits with 0."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            cwd=tempfile.gettempdir(),  # where no .env lies about
            env=_environment() | settings,
        )
        peak = _watch(process) if watch_memory else 0
        code = process.wait()
        seconds = time.perf_counter() - started
        output.seek(0)
        errors.seek(0)
        if code:
            said = errors.read().decode(errors="replace").strip()[-_SHOWN_OF_ERRORS:]
            raise BenchmarkFailed(f"{' '.join(command)} exited with {code}: {said}")
        return Finished(seconds, output.read(), peak)


def _environment() -> dict[str, str]:
    """Return the environment without the program's settings."""
    settings = {field.metadata["name"] for field in known_settings()}
    return {key: value for key, value in os.environ.items() if key not in settings}


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Return the most bytes that the process and its descendants had resident, until it ends."""
    root, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        with suppress(psutil.Error):
            tree = [root, *root.children(recursive=True)]
            peak = max(peak, sum(map(_peak_of, tree)))
        time.sleep(_SAMPLE_EVERY)
    return peak


def _peak_of(process: psutil.Process) -> int:
    """Return a process's own high-water mark where the system keeps one, else what it has now.

    The mark misses no peak between two samples. Not `ru_maxrss`: a child's begins at what
    its parent had when it was forked.
    """
    with suppress(OSError, ValueError, StopIteration):
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="ignore")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
