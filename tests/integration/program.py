"""The program as a person runs it: a process of its own, on a data directory of its own.

    program = Program(tmp_path / "data")
    program.done("import", folder)
    found = program.json("search", "printer driver")

Nothing of the surroundings has a say: no setting, no `.env`, no home directory. Answers are
quoted from the messages, so that no model is needed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from click.testing import CliRunner

from app.entrypoints.cli.program import program
from app.entrypoints.cli.runtime import build_container
from app.entrypoints.settings import known_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.entrypoints.cli.runtime import Build

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "examples" / "server"
LONGEST_RUN_SECONDS = 120

DONE, FAILED, WRONG_USAGE, UNAVAILABLE, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit codes."""

_KEPT = {"PATH", "LANG", "TMPDIR", "SYSTEMROOT"}
_KEPT_PREFIXES = ("LC_", "COVERAGE_")


def clean_environment(home: Path) -> dict[str, str]:
    """Return an environment without anybody's settings, for a program that lives in `home`."""
    kept = {k: v for k, v in os.environ.items() if k in _KEPT or k.startswith(_KEPT_PREFIXES)}
    ours = {"HOME": str(home), "PYTHONPATH": str(ROOT), "LLM_BACKEND": "extractive"}
    return kept | ours


@frozen
class Finished:
    """What a run left behind: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on standard error that says what went wrong."""
        lines = self.err.splitlines()
        assert len(lines) == 1, f"one sentence was expected in place of:\n{self.err}"
        return lines[0]


@frozen
class Program:
    """The command line on one data directory.

    `wrapper` stands before the command: `("unshare", "--net")`.
    """

    data_dir: Path
    settings: Mapping[str, str] = field(factory=dict)
    wrapper: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The environment that the process is given."""
        return clean_environment(self.data_dir.parent) | dict(self.settings)

    def run(self, *arguments: object, typed: str = "") -> Finished:
        """Run a command to its end; `typed` is its standard input."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(typed, LONGEST_RUN_SECONDS)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        return Finished(process.returncode, out, err)

    def done(self, *arguments: object) -> Finished:
        """Run a command that must succeed."""
        finished = self.run(*arguments)
        assert finished.code == DONE, finished
        return finished

    def json(self, *arguments: object) -> Any:  # noqa: ANN401 - JSON is anything
        """Return what a command that must succeed prints with `--json`."""
        return json.loads(self.done(*arguments, "--json").out)

    def found(self, query: str, *arguments: object) -> list[int]:
        """Return the ids that a search finds, best first."""
        results = self.json("search", query, *arguments)["results"]
        return [int(result["message_id"]) for result in results]

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start a command; its three streams are pipes of lines."""
        command = [sys.executable, "-m", "app", "--data-dir", str(self.data_dir)]
        return subprocess.Popen(
            [*self.wrapper, *command, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=self.data_dir.parent,
            env=self.environment,
        )


@frozen
class InProcess(Program):
    """The command line in the process of the tests, which spares it the imports.

    `build` makes the container that the commands work with.
    """

    build: Build = build_container

    def run(self, *arguments: object, typed: str = "") -> Finished:
        """Run a command to its end; `typed` is its standard input."""
        names = [str(attribute.metadata["name"]) for attribute in known_settings()]
        runner = CliRunner(env=dict.fromkeys(names) | self.environment)
        words = ["--data-dir", str(self.data_dir), *map(str, arguments)]
        with chdir(self.data_dir.parent):
            result = runner.invoke(
                program, words, typed, obj=self.build, catch_exceptions=False, standalone_mode=False
            )
        return Finished(result.return_value or DONE, result.stdout, result.stderr)
