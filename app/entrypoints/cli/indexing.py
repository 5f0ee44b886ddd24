"""The commands that make vectors: index, reindex."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from app.domain.model import Scope
from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.narrowing import guild_named
from app.entrypoints.cli.options import json_option
from app.entrypoints.cli.presenting import counted, one_line, print_json
from app.entrypoints.cli.runtime import GOES_ON

if TYPE_CHECKING:
    from app.domain.indexing import Progress
    from app.entrypoints.cli.runtime import Runtime
    from app.entrypoints.container import Container


@click.command(cls=ExampleCommand, examples=("import --no-embed my-export/", "index"))
@json_option
@click.pass_obj
def index(runtime: Runtime, as_json: bool) -> None:
    """Make the vectors that are still waiting, and remove those of what is gone."""
    done = runtime.run(drain, when_stopped=GOES_ON)
    _tell(done.embedded, runtime.started, as_json)


@click.command(cls=ExampleCommand, examples=("reindex --guild ubuntu",))
@click.option("--guild", metavar="ID|NAME", help="Only this server.")
@json_option
@click.pass_obj
def reindex(runtime: Runtime, guild: str | None, as_json: bool) -> None:
    """Build the vectors anew from the archive, beside the old ones, and switch to them.

    Needed when another embedding model was chosen. Until the end the old vectors are used;
    Discord and the exports are not asked again.
    """

    async def work(container: Container) -> int:
        archive, everything = container.archive(), Scope.everything()
        overviews = await archive.overview(everything)
        if guild is not None:
            chosen = await guild_named(guild, archive, everything)
            overviews = [held for held in overviews if held.guild.id == chosen.id]
        made = 0
        for held in overviews:
            made += await _rebuild(container, held.guild.id, held.guild.name, held.messages)
        await drain(container)
        return made

    made = runtime.run(
        work, when_stopped="Stopped. The old vectors are kept; the same command begins anew."
    )
    _tell(made, runtime.started, as_json)


async def drain(container: Container) -> Progress:
    """Carry out what waits for the vector index, showing how far it has come."""
    from app.entrypoints.cli.terminal import progress

    overviews = await container.archive().overview(Scope.everything())
    waiting = sum(overview.waiting for overview in overviews)
    with progress() as report:

        def told(done: Progress) -> None:
            # What arrives meanwhile is carried out as well.
            total = max(waiting, done.settled)
            action = f"Indexed {done.settled:,} of {counted(total, 'message')}"
            report(action, done.settled, done.settled, total)

        return await container.index().drain(told)


async def _rebuild(container: Container, guild_id: int, name: str, messages: int) -> int:
    from app.entrypoints.cli.terminal import progress

    with progress() as report:

        def told(done: Progress) -> None:
            action = f"{one_line(name)}: {done.settled:,} of {counted(messages, 'message')}"
            report(action, done.settled, done.settled, messages)

        return await container.index().rebuild(guild_id, told)


def _tell(vectors: int, started: float, as_json: bool) -> None:
    seconds = time.monotonic() - started
    if as_json:
        print_json({"messages_indexed": vectors, "seconds": seconds})
    else:
        click.echo(f"Made {counted(vectors, 'vector')} in {seconds:.1f} s; nothing waits any more.")
