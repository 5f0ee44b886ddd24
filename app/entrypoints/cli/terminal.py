"""What people see: colours, links and progress on a terminal, plain lines anywhere else."""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from app.entrypoints.cli.pace import Pace
from app.entrypoints.cli.presenting import one_line, printable, shown_time

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from datetime import tzinfo

    from app.domain.model import Citation, Message

    Report = Callable[[str, int, int, int], None]

SECONDS_BETWEEN_LINES = 5.0
"""How often progress is told where it cannot be drawn."""

_ENDLESS = 10_000  # columns: nothing is wrapped or cut where no terminal does it anyway
_NUMBER = re.compile(r"\[(\d{1,3})\]")


class BrokenPipeConsole(Console):
    """A console that leaves a closed pipe to whoever ends the program."""

    def on_broken_pipe(self) -> None:
        """Raise what happened, in place of ending the program here."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def console(*, stderr: bool = False, wraps: bool = False) -> Console:
    """Return a console that prints text as it is, and in colour on a terminal only.

    Breaking long lines is the terminal's, but where what is drawn is drawn again: that
    needs to know how many lines it took, so there the console `wraps` them itself.
    """
    stream = sys.stderr if stderr else sys.stdout
    return BrokenPipeConsole(
        file=stream,
        width=None if stream.isatty() else _ENDLESS,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not wraps,
    )


def is_rich(on: Console) -> bool:
    """Tell whether links and redrawing work there."""
    return on.is_terminal and not on.is_dumb_terminal and on.color_system is not None


def linked(text: str, citations: Iterable[Citation]) -> Text:
    """Return an answer whose `[n]` open the messages they stand for."""
    urls = {citation.number: citation.message.url for citation in citations}
    shown = Text(printable(text))
    for match in _NUMBER.finditer(shown.plain):
        if url := urls.get(int(match[1])):
            shown.stylize(Style(color="cyan", link=url), *match.span())
    return shown


def source_line(citation: Citation, zone: tzinfo, *, with_excerpt: bool) -> Text:
    """Return the line of a source, whose number opens the message."""
    message = citation.message
    number = Text(f"[{citation.number}]", Style(color="cyan", bold=True, link=message.url))
    line = Text.assemble(number, " ", origin(message, zone))
    return line.append(f" — {one_line(citation.excerpt)}") if with_excerpt else line


def origin(message: Message, zone: tzinfo) -> Text:
    """Return who wrote a message, where and when."""
    return Text.assemble(
        (one_line(message.author.display_name), "bold"),
        f" in #{one_line(message.channel.name)}, {shown_time(message.created_at, zone)}",
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """Return a plain table; columns whose name begins with `>` are numbers."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        name = column.removeprefix(">")
        drawn.add_column(name, justify="right" if column.startswith(">") else "left")
    for row in rows:
        drawn.add_row(*row)
    return drawn


@contextmanager
def progress() -> Generator[Report, None, None]:
    """Yield a function that shows how far a task has come.

    It takes what is being done, how many were counted, and how much of the whole is done;
    the words may change on the way. On standard error: a bar on a terminal, elsewhere a
    line every few seconds.
    """
    err = console(stderr=True)
    if is_rich(err):
        with _drawn_progress(err) as report:
            yield report
    else:
        yield _Lines(err).report


@contextmanager
def _drawn_progress(err: Console) -> Generator[Report, None, None]:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (BarColumn(30), TaskProgressColumn(), TextColumn("{task.description}", markup=False))
    started = time.monotonic()
    with Progress(*columns, console=err, transient=True) as drawn:
        task = drawn.add_task("", total=None)

        def report(action: str, count: int, done: int, total: int) -> None:
            pace = Pace(count, done, total, time.monotonic() - started)
            drawn.update(task, description=f"{action}, {pace}", completed=done, total=total or None)

        yield report


class _Lines:
    """Progress as lines, one every few seconds."""

    def __init__(self, err: Console) -> None:
        self._err = err
        self._started = self._told = time.monotonic()

    def report(self, action: str, count: int, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told >= SECONDS_BETWEEN_LINES:
            self._told = now
            self._err.print(f"{action}, {Pace(count, done, total, now - self._started)}")
