"""The program: its commands, its global options, and what every failure becomes."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import signal
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from app import __version__
from app.domain.errors import IndexerError, InvalidInput, Unavailable
from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.options import DATA_DIR, LOG_LEVEL, report_from
from app.entrypoints.cli.runtime import INTERRUPTED, Runtime, build_container

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from app.entrypoints.cli.runtime import Build

NAME = "discord-indexer"
DONE, FAILED, WRONG_USAGE, UNAVAILABLE = 0, 1, 2, 3

COMMANDS: Mapping[str, tuple[str, str]] = {
    "import": ("importing:import_", "Import exported messages."),
    "index": ("indexing:index", "Make the vectors that are still waiting."),
    "reindex": ("indexing:reindex", "Build the vectors anew and switch to them."),
    "ask": ("asking:ask", "Answer a question, with its sources."),
    "search": ("searching:search", "Rank messages, without a model."),
    "chat": ("chatting:chat", "Ask questions and follow-ups at a prompt."),
    "status": ("status:status", "Show what is stored and what works."),
    "doctor": ("doctor:doctor", "Check every setting and say how to mend it."),
    "forget": ("forgetting:forget", "Erase a person, channel or server."),
    "opt-in": ("forgetting:opt_in", "Let a forgotten person's messages in again."),
}
"""Of each command where it is, as module:function, and what `--help` says of it."""

_log = logging.getLogger(__name__)


class LazyGroup(ExampleCommand, click.Group):
    """A group that imports a command's module when the command is run, and not to list it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Put the command itself in place of the entry that only stands in the list."""
        name, entry, rest = super().resolve_command(ctx, args)
        return name, entry and load_command(str(name)), rest


def load_command(name: str) -> click.Command:
    """Import a command."""
    module, attribute = COMMANDS[name][0].split(":")
    command = getattr(import_module(f"app.entrypoints.cli.{module}"), attribute)
    assert isinstance(command, click.Command)  # noqa: S101 - the table above is wrong otherwise
    return command


@click.group(
    NAME,
    cls=LazyGroup,
    examples=("import my-export/", 'ask "How did we fix the build?"'),
    commands={name: click.Command(name, short_help=about) for name, (_, about) in COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something it depends on is unavailable.",
)
@click.option(
    "--data-dir",
    type=DATA_DIR,
    help="Where everything is kept, in place of DATA_DIR.",
)
@click.option(
    "--log-level",
    type=LOG_LEVEL,
    default="warning",
    expose_value=False,
    callback=lambda _context, _option, level: report_from(level),
    help="What is reported on standard error; debug adds tracebacks.",
)
@click.version_option(__version__, prog_name=NAME, message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context, data_dir: Path | None) -> None:
    """Ask your Discord server's history and get answers with their sources."""
    folder = data_dir and data_dir.expanduser()  # `--data-dir=~/data` reaches us as it is
    context.obj = Runtime(folder, context.obj or build_container)


def main(arguments: Sequence[str] | None = None, build: Build = build_container) -> NoReturn:
    """Run the program and exit; `build` makes the container that the commands work with."""
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal cannot show is no reason to fail.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    # Else Python goes through every object once more before it ends, 0.3 s after a search.
    atexit.register(gc.freeze)
    with _termination_as_interrupt():
        code = _exit_code(arguments, build)
    sys.exit(code)


def _exit_code(arguments: Sequence[str] | None, build: Build) -> int:
    """Run the program; whatever goes wrong becomes one sentence and a code here, and only here."""
    try:
        code = program.main(arguments, NAME, standalone_mode=False, obj=build)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python must not flush into it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a person reads it
        if not isinstance(error, click.ClickException):
            _log.debug("the command failed", exc_info=error)
        sentence, code = _verdict(error)
        click.echo(sentence, err=True)
    return int(code or DONE)


def _verdict(error: BaseException) -> tuple[str, int]:
    """Return what to tell a person about an error, and the exit code."""
    match error:
        case click.UsageError():
            return _usage(error), WRONG_USAGE
        case click.ClickException():
            return error.format_message(), error.exit_code
        case click.Abort() | KeyboardInterrupt():
            return "Stopped.", INTERRUPTED
        case InvalidInput():
            return str(error), WRONG_USAGE
        case IndexerError():
            return str(error), UNAVAILABLE if isinstance(error, Unavailable) else FAILED
        case _:
            return _unexpected(error), FAILED


def _usage(error: click.UsageError) -> str:
    sentence = error.format_message()
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return sentence  # the whole help
    sentence = " ".join(sentence.split())
    path = error.ctx.command_path if error.ctx else NAME
    return f"{sentence}{'' if sentence.endswith(('.', '?')) else '.'} See `{path} --help`."


def _unexpected(error: BaseException) -> str:
    what = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(".")
    hint = "" if _log.isEnabledFor(logging.DEBUG) else "; --log-level debug shows where"
    return f"Something went wrong that should not ({what}){hint}."


@contextmanager
def _termination_as_interrupt() -> Generator[None, None, None]:
    """Let SIGTERM end a command as Ctrl-C does: finish the write at hand, close, explain."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
