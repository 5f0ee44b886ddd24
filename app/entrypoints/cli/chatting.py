"""The command for questions and follow-ups at a prompt: chat."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from app.domain.errors import IndexerError
from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.narrowing import narrow
from app.entrypoints.cli.options import Filters, filter_options

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from types import FrameType
    from typing import Any

    from app.domain.asking import Done
    from app.entrypoints.cli.runtime import Runtime
    from app.entrypoints.container import Container

PROMPT = "> "
LEAVING = {"/quit", "/exit", "quit", "exit"}
HELP = "/new forgets the questions so far, /quit or Ctrl-D leaves, Ctrl-C stops an answer."


@click.command(cls=ExampleCommand, examples=("chat --guild ubuntu",))
@filter_options
@click.pass_obj
def chat(runtime: Runtime, filters: Filters) -> None:
    """Ask questions and follow-ups at a prompt.

    Each question may refer to those before it. /new begins anew, /quit or Ctrl-D leaves,
    Ctrl-C stops an answer.
    """
    # There is no half-done work here: whoever ends the process ends it at once.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    async def work(container: Container) -> None:
        await _converse(container, filters, runtime.settings.timezone)

    runtime.run(work, searches=True)


async def _converse(container: Container, filters: Filters, zone: str) -> None:
    from app.entrypoints.cli.answering import show_answer

    converse, conversation = container.converse(), uuid4().hex
    # A name that nobody bears is an error now, not after the first question was typed.
    await narrow(filters, container.archive(), zone, container.clock().now())
    if sys.stdin.isatty():
        click.echo(HELP)
    while (text := _next_line()) is not None:
        if text in LEAVING:
            break
        if text == "/new":
            await converse.begin_anew(None, conversation)
            click.echo("The questions so far are forgotten.")
        elif text.startswith("/"):
            click.echo(HELP)
        elif text:
            try:
                now = container.clock().now()
                narrowed = await narrow(filters, container.archive(), zone, now)
                events = converse.stream(narrowed.asking(text), conversation)
                await _unless_stopped(show_answer(events, narrowed.zone, as_written=True))
            except IndexerError as error:
                click.echo(str(error), err=True)


def _next_line() -> str | None:
    """Read what is typed; `None` at the end of input or with Ctrl-C.

    This blocks the event loop on purpose: between two questions there is nothing to do.
    """
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        return line.strip() if line else None
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - gives `input` its editing and history
    with _on_interrupt(signal.default_int_handler):
        try:
            return input(PROMPT).strip()
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return None


async def _unless_stopped(answering: Coroutine[Any, Any, Done]) -> None:
    """Let an answer be shown; Ctrl-C ends it and not the conversation."""
    task = asyncio.ensure_future(answering)
    loop = asyncio.get_running_loop()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(task.cancel)

    with _on_interrupt(stop):
        try:
            await task
        except asyncio.CancelledError:
            click.echo("(stopped)")


@contextlib.contextmanager
def _on_interrupt(
    handler: Callable[[int, FrameType | None], Any],
) -> Generator[None, None, None]:
    previous = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
