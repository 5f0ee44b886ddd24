"""What every command stands on: the settings, and a container that runs for as long as it does."""

from __future__ import annotations

import asyncio
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import field, frozen

from app.domain.errors import ArchiveUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import TypeAlias

    from app.entrypoints.container import Container
    from app.entrypoints.settings import Settings

    Build: TypeAlias = "Callable[[Settings], Container]"
    T = TypeVar("T")

GOES_ON = "Stopped. What was done so far stays; the same command goes on from there."
INTERRUPTED = 130


class Stopped(click.ClickException):
    """Somebody pressed Ctrl-C or sent SIGTERM; the message says what that means here."""

    exit_code = INTERRUPTED


def build_container(settings: Settings) -> Container:
    """Return the container of the real program."""
    from app.entrypoints.container import Container

    return Container(settings=settings)


def make_folder(folder: Path) -> None:
    """Make the data directory, for its owner's eyes. Raises `ArchiveUnavailable`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveUnavailable(
            f"The data directory {folder} cannot be made ({error.strerror}): choose another one"
            " with --data-dir or DATA_DIR."
        ) from error


@frozen(slots=False)
class Runtime:
    """The choices made before the command, and how to run the command's work."""

    data_dir: Path | None
    build: Build = build_container
    started: float = field(factory=time.monotonic, eq=False)

    @cached_property
    def settings(self) -> Settings:
        """The settings, read on first use. Raises `InvalidSetting`."""
        from app.entrypoints.settings import read_settings

        return read_settings(overrides={"data_dir": self.data_dir})

    def run(
        self,
        work: Callable[[Container], Coroutine[Any, Any, T]],
        *,
        when_stopped: str = "Stopped.",
        searches: bool = False,
    ) -> T:
        """Do a command's work with everything opened before and closed after it.

        `when_stopped` tells a person who interrupts it what has become of the work. With
        `searches` the parts that take longest to load begin to at once, side by side.
        """
        try:
            return asyncio.run(self._within(work, searches=searches))
        except KeyboardInterrupt as error:
            raise Stopped(when_stopped) from error

    async def _within(
        self, work: Callable[[Container], Coroutine[Any, Any, T]], *, searches: bool
    ) -> T:
        from app.entrypoints.container import running

        make_folder(self.settings.folder)
        container = self.build(self.settings)
        loading = _load(container) if searches else []
        async with running(container):
            try:
                return await work(container)
            finally:
                # What still loads must not open anything after all is closed.
                await asyncio.gather(*loading, return_exceptions=True)


def _load(container: Container) -> list[asyncio.Future[object]]:
    """Begin to load the embedder and the index; whoever needs them meets their errors."""
    return [
        asyncio.ensure_future(container.embedder().embed(["warm up"])),
        asyncio.ensure_future(container.vectors().open()),
    ]
