"""The command that brings messages in: import."""

from __future__ import annotations

import os
import shlex
import time
from typing import TYPE_CHECKING

import click
from attrs import frozen

from app.domain.errors import IndexBusy, NotFound, Unavailable
from app.domain.model import Scope
from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.options import json_option
from app.entrypoints.cli.presenting import counted, one_line, print_json
from app.entrypoints.cli.runtime import GOES_ON

if TYPE_CHECKING:
    from pathlib import Path

    from app.domain.collecting import Collected
    from app.entrypoints.cli.runtime import Runtime
    from app.entrypoints.container import Container
    from app.ports.storage import GuildOverview


@frozen
class Imported:
    """What an import did; `problem` says why vectors are missing that were wanted."""

    collected: Collected
    indexed: int
    seconds_to_searchable: float
    seconds: float
    overviews: list[GuildOverview]
    problem: Unavailable | None = None


@click.command("import", cls=ExampleCommand, examples=("import my-export/ more.json.gz",))
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--no-embed", is_flag=True, help="Leave the vectors to `discord-indexer index`.")
@json_option
@click.pass_obj
def import_(runtime: Runtime, paths: tuple[str, ...], no_embed: bool, as_json: bool) -> int:
    """Import messages that DiscordChatExporter wrote as JSON.

    PATH is a file, a folder that is searched with all below it, a .zip or a .json.gz.
    Messages can be found by their words at once; vectors, for their meaning, follow.
    Importing again adds what is new and nothing twice. Where a file cannot be read to its
    end, everything else is imported, the file is named, and the exit code is 1.
    """
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110 - never raises
            # Told before a data directory is made for it.
            raise NotFound(f"There is no file or folder {one_line(path)} that can be looked at.")

    async def work(container: Container) -> Imported:
        return await _import(container, paths, runtime.started, embed=not no_embed)

    imported = runtime.run(work, when_stopped=GOES_ON, makes_archive=True)
    if as_json:
        print_json(_json(imported))
    else:
        _show_failures(imported.collected)
        if imported.collected.messages_read or not imported.collected.failures:
            _show(imported, runtime.data_dir, embedded=not no_embed)
    if imported.problem is not None and not isinstance(imported.problem, IndexBusy):
        raise imported.problem
    return 1 if imported.collected.failures else 0


async def _import(
    container: Container, paths: tuple[str, ...], started: float, *, embed: bool
) -> Imported:
    from app.adapters.exports import ExportHistory
    from app.entrypoints.cli.indexing import drain
    from app.entrypoints.cli.terminal import progress

    with progress() as report:

        def told(collected: Collected) -> None:
            read = collected.messages_read
            report(f"Read {counted(read, 'message')}", read, collected.read, collected.total)

        collected = await container.collect().take(ExportHistory(paths), told)
    searchable = time.monotonic() - started
    indexed, problem = 0, None
    if embed and collected.messages_read:
        try:
            indexed = (await drain(container)).embedded
        except Unavailable as error:
            problem = error
    overviews = await container.archive().overview(Scope.everything())
    seconds = time.monotonic() - started
    return Imported(collected, indexed, searchable, seconds, overviews, problem)


def _json(imported: Imported) -> dict[str, object]:
    collected = imported.collected
    new, updated = collected.stored.new, collected.stored.updated
    return {
        "files": collected.files,
        "messages_read": collected.messages_read,
        "messages_new": new,
        "messages_updated": updated,
        "messages_skipped": collected.messages_read - new - updated,
        "messages_indexed": imported.indexed,
        "seconds": imported.seconds,
        "seconds_to_searchable": imported.seconds_to_searchable,
        "failures": [
            {"file": f.file, "reason": f.reason, "messages_taken": f.messages_taken}
            for f in collected.failures
        ],
    }


def _show(imported: Imported, data_dir: Path | None, *, embedded: bool) -> None:
    collected = imported.collected
    click.echo(
        f"Read {counted(collected.messages_read, 'message')} from"
        f" {counted(collected.files, 'file')} in {imported.seconds_to_searchable:.1f} s"
        f"{_outcome(collected)}."
    )
    if not collected.messages_read:
        return
    if imported.problem is None and embedded:
        click.echo(f"Made {counted(imported.indexed, 'vector')} for searching by meaning.")
    else:
        click.echo(_without_vectors(imported.problem))
    for overview in imported.overviews:
        click.echo(
            f"{one_line(overview.guild.name)} now holds {counted(overview.messages, 'message')}"
            f" in {counted(len(overview.channels), 'channel')}."
        )
    where = f"--data-dir {shlex.quote(str(data_dir))} " if data_dir else ""
    click.echo(f'Next: discord-indexer {where}ask "..."')


def _outcome(collected: Collected) -> str:
    """Return what became of the messages read, which adds up to their number."""
    stored = collected.stored
    parts = {
        "new": stored.new,
        "updated": stored.updated,
        "already there": stored.unchanged,
        "refused (their author was forgotten, or they were removed)": stored.refused,
        "skipped (system notices, empty or repeated)": collected.skipped,
    }
    told = [f"{number:,} {what}" for what, number in parts.items() if number]
    return ": " + ", ".join(told) if told else ""


def _show_failures(collected: Collected) -> None:
    """Name each file that could not be read to its end, and what was taken of it."""
    for failure in collected.failures:
        taken = counted(failure.messages_taken, "message") if failure.messages_taken else "nothing"
        reason = one_line(failure.reason).removesuffix(".")
        click.echo(f"{one_line(failure.file)}: {reason} ({taken} imported from it).", err=True)


def _without_vectors(problem: Unavailable | None) -> str:
    sentence = "The messages can be found by their words now"
    if isinstance(problem, IndexBusy):
        return (
            f"{sentence}; another process works on the vectors, and it or"
            " `discord-indexer index` adds theirs."
        )
    return f"{sentence}; `discord-indexer index` makes their vectors."
