"""The command that shows what is stored and what works: status."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from app.domain.errors import IndexBusy, Unavailable
from app.domain.model import Scope
from app.domain.times import zone_named
from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.options import json_option
from app.entrypoints.cli.presenting import (
    guilds_json,
    one_line,
    print_json,
    shown_bytes,
    shown_time,
)
from app.entrypoints.cli.runtime import no_archive
from app.ports.language import Readiness

if TYPE_CHECKING:
    from datetime import datetime, tzinfo
    from pathlib import Path

    from app.entrypoints.cli.runtime import Runtime
    from app.entrypoints.container import Container
    from app.entrypoints.settings import Settings
    from app.ports.language import Embedder
    from app.ports.storage import GuildOverview, VectorIndex

COLOURS = {"ok": "green", "degraded": "yellow", "off": "dim", "down": "red"}


@frozen
class Status:
    """What is stored, and the state of everything the program depends on.

    `vectors` is `None` while they cannot be counted, and the index's state says why.
    """

    overviews: list[GuildOverview]
    vectors: int | None
    embedding_model: str
    disk_bytes: int
    dependencies: dict[str, Readiness]

    @property
    def messages(self) -> int:
        """How many messages are stored."""
        return sum(overview.messages for overview in self.overviews)

    @property
    def waiting(self) -> int:
        """How many of them wait for their vector."""
        return sum(overview.waiting for overview in self.overviews)


@click.command(cls=ExampleCommand, examples=("status --json",))
@json_option
@click.pass_obj
def status(runtime: Runtime, as_json: bool) -> None:
    """Show what is stored of each server, and whether everything that is needed works."""

    async def work(container: Container) -> Status:
        return await read_status(container, runtime.settings)

    settings = runtime.settings
    if settings.has_archive:
        found = runtime.run(work)
    else:
        found = asyncio.run(_status_of_nothing(runtime.build(settings), settings))
    if as_json:
        print_json(_json(found))
    else:
        _show(found, settings)


async def read_status(container: Container, settings: Settings) -> Status:
    """Look at everything. Raises `ArchiveUnavailable`."""
    archive, embedder = container.archive(), container.embedder()
    overviews = await archive.overview(Scope.everything())
    size = await asyncio.to_thread(_size_of, settings.folder)
    if settings.database_url is not None:
        size += await archive.size_bytes()
    (vectors, index), models = await asyncio.gather(
        _index_state(container.vectors(), sum(o.messages - o.waiting for o in overviews)),
        _model_states(container),
    )
    archived = Readiness("ok", f"{sum(o.messages for o in overviews):,} messages")
    dependencies = {"archive": archived, "index": index, **models}
    return Status(overviews, vectors, str(embedder.identity), size, dependencies)


async def _status_of_nothing(container: Container, settings: Settings) -> Status:
    """Look at what works before there is an archive, without making anything."""
    try:
        models = await _model_states(container)
    finally:
        for used in reversed(container.closing()):
            await used.close()
    nothing = Readiness("off", f"there is none in {settings.archive_place}")
    dependencies = {"archive": nothing, "index": Readiness("off", "nothing to find"), **models}
    return Status([], 0, str(container.embedder().identity), 0, dependencies)


async def _model_states(container: Container) -> dict[str, Readiness]:
    embedding, model = await asyncio.gather(
        embedder_state(container.embedder()), container.model().readiness()
    )
    return {"embedder": embedding, "model": model}


async def _index_state(vectors: VectorIndex, settled: int) -> tuple[int | None, Readiness]:
    """Return how many vectors there are, and whether they are as they should be.

    `settled` is how many messages do not wait for the index any more.
    """
    try:
        count = await vectors.count(Scope.everything())
        stale = await vectors.stale(Scope.everything())
    except IndexBusy as error:
        return None, Readiness("degraded", str(error))
    except Unavailable as error:
        return None, Readiness("down", str(error))
    if stale:
        detail = "another model made the vectors of some servers; run `discord-indexer reindex`"
        return count, Readiness("degraded", detail)
    if settled and not count:
        detail = "it holds no vector of what is stored; run `discord-indexer reindex`"
        return count, Readiness("degraded", detail)
    return count, Readiness("ok", f"{count:,} vectors")


async def embedder_state(embedder: Embedder) -> Readiness:
    """Tell whether vectors can be made, by making one."""
    try:
        await embedder.embed(["Is anybody there?"])
    except Unavailable as error:
        return Readiness("down", str(error))
    return Readiness("ok", str(embedder.identity))


def _size_of(folder: Path) -> int:
    return sum(map(_bytes_of, folder.rglob("*")))


def _bytes_of(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # another process has just removed it
        return 0


def _json(status: Status) -> dict[str, Any]:
    return {
        "guilds": guilds_json(status.overviews),
        "messages": status.messages,
        "vectors": status.vectors,
        "waiting": status.waiting,
        "embedding_model": status.embedding_model,
        "disk_bytes": status.disk_bytes,
        "dependencies": {
            name: {"state": readiness.state, "detail": readiness.detail}
            for name, readiness in status.dependencies.items()
        },
    }


def _show(status: Status, settings: Settings) -> None:
    from rich.text import Text

    from app.entrypoints.cli.terminal import console, table

    out, zone = console(), zone_named(settings.timezone)
    out.print(f"Data directory: {settings.folder.absolute()}\n")
    if not settings.has_archive:
        out.print(no_archive(settings))
    elif not status.messages:
        out.print("Nothing has been imported yet; begin with `discord-indexer import PATH`.")
    for overview in status.overviews:
        out.print(Text(f"{one_line(overview.guild.name)} ({overview.guild.id})", "bold"))
        rows = [
            [
                f"  #{one_line(held.channel.name)}",
                f"{held.messages:,}",
                _span(held.first, held.last, zone),
            ]
            for held in overview.channels
        ]
        rows.append(
            ["  in all", f"{overview.messages:,}", _span(overview.first, overview.last, zone)]
        )
        out.print(table(("", ">messages", "from, to"), rows), soft_wrap=False)
        out.print()
    vectors = "unknown" if status.vectors is None else f"{status.vectors:,}"
    out.print(
        f"{status.messages:,} messages, {vectors} vectors, {status.waiting:,} waiting,"
        f" {shown_bytes(status.disk_bytes)}"
    )
    for name, readiness in status.dependencies.items():
        state = Text(f"{readiness.state:<9}", COLOURS.get(readiness.state, ""))
        out.print(Text.assemble(f"{name:<9} ", state, one_line(readiness.detail)))


def _span(first: datetime | None, last: datetime | None, zone: tzinfo) -> str:
    if first is None or last is None:
        return ""
    return f"{shown_time(first, zone)}, {shown_time(last, zone)}"
