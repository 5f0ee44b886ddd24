"""Many questions in one process: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from attrs import evolve, field, frozen

from app.domain.errors import InvalidInput, NotFound
from app.domain.times import parse_now
from app.entrypoints.cli.narrowing import guild_named
from app.entrypoints.cli.presenting import answer_json, counted, print_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterator

    from app.domain.model import Question
    from app.domain.searching import Findings
    from app.entrypoints.cli.narrowing import Narrowed
    from app.entrypoints.container import Container
    from app.ports.storage import MessageArchive

LONGEST_LINE_CHARS = 100_000
"""Far more than the longest question takes, however it is written."""


@frozen
class _Asker:
    """Reads questions from lines, within what the options narrowed all of them to."""

    archive: MessageArchive
    narrowed: Narrowed
    _guilds: dict[str, int] = field(factory=dict, init=False)

    async def question(self, line: dict[str, Any]) -> Question:
        """Return the question of a line. Raises `InvalidInput` or `NotFound`."""
        text = line.get("query")
        if not isinstance(text, str) or not text.strip():
            raise InvalidInput("query must be some text")
        narrowed = self.narrowed
        if asked_at := line.get("asked_at"):
            narrowed = narrowed.as_of(parse_now(str(asked_at), narrowed.zone))
        guild = line.get("guild_id", line.get("guild"))
        if guild is not None:
            scope = narrowed.scope.in_guilds([await self._guild(str(guild))])
            narrowed = evolve(narrowed, scope=scope)
        return narrowed.asking(text)

    async def _guild(self, name: str) -> int:
        if name not in self._guilds:
            guild = await guild_named(name, self.archive, self.narrowed.scope)
            self._guilds[name] = guild.id
        return self._guilds[name]


async def search_all(container: Container, narrowed: Narrowed, file: str) -> int:
    """Search for every line of the file; return the exit code, 1 if any line failed."""

    async def answer(question: Question) -> tuple[Findings, dict[str, Any]]:
        findings = await container.search().find(question, question.max_results)
        return findings, {"seconds": findings.seconds}

    return await _answer_lines(_Asker(container.archive(), narrowed), file, answer)


async def ask_all(container: Container, narrowed: Narrowed, file: str) -> int:
    """Ask every line of the file; return the exit code, 1 if any line failed."""

    async def answer(question: Question) -> tuple[Findings, dict[str, Any]]:
        done = await container.ask().whole(question)
        return done.findings, {
            "seconds": done.answer.response_time,
            "ask": answer_json(done.answer),
        }

    return await _answer_lines(_Asker(container.archive(), narrowed), file, answer)


async def _answer_lines(
    asker: _Asker,
    file: str,
    answer: Callable[[Question], Awaitable[tuple[Findings, dict[str, Any]]]],
) -> int:
    """Answer line by line, each as soon as it is read; a bad one spoils no other."""
    failed, problems = 0, set[str]()
    with _opened(file) as text:
        for number, line in enumerate(_lines(text), 1):
            if not line.strip():
                continue
            query_id = None
            try:
                parsed = _parsed(line)
                query_id = parsed.get("query_id")
                findings, more = await answer(await asker.question(parsed))
            except (InvalidInput, NotFound) as error:
                failed += 1
                nothing = {"ranked": [], "seconds": 0.0, "seconds_embedding": 0.0}
                print_json({"query_id": query_id, **nothing, "error": f"line {number}: {error}"})
                continue
            if findings.problem:
                problems.add(findings.problem)
            print_json({"query_id": query_id, **_ranking(findings), **more})
    for problem in sorted(problems):
        click.echo(problem, err=True)
    if failed:
        click.echo(f"{counted(failed, 'line')} could not be answered and say why.", err=True)
    return 1 if failed else 0


def _ranking(findings: Findings) -> dict[str, Any]:
    return {
        "ranked": [str(found.message.id) for found in findings.found],
        "seconds_embedding": findings.seconds_embedding,
    }


def _lines(text: IO[str]) -> Iterator[str]:
    """Yield line by line, in bounded memory: of a longer line one character too many."""
    while line := text.readline(LONGEST_LINE_CHARS + 1):
        yield line
        while line and not line.endswith("\n"):
            line = text.readline(LONGEST_LINE_CHARS + 1)


def _parsed(line: str) -> dict[str, Any]:
    if len(line.rstrip("\n")) > LONGEST_LINE_CHARS:
        raise InvalidInput(f"this is longer than {LONGEST_LINE_CHARS:,} characters")
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"this is not JSON ({error})") from error
    if not isinstance(parsed, dict):
        raise InvalidInput("this is not a JSON object")
    return parsed


@contextmanager
def _opened(file: str) -> Generator[IO[str], None, None]:
    if file == "-":
        # A byte that is no UTF-8 spoils its own line only.
        getattr(sys.stdin, "reconfigure", lambda **_: None)(errors="replace")
        yield sys.stdin
        return
    try:
        lines = Path(file).open(encoding="utf-8", errors="replace")  # noqa: SIM115 - see below
    except OSError as error:
        raise NotFound(f"{file} cannot be read ({error.strerror}).") from error
    with lines:  # what fails in here is no fault of the file
        yield lines
