"""What every command stands on: the settings, and how to run the command's work."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import field, frozen

from app.domain.errors import NotFound

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
"""The exit code that a shell reports for Ctrl-C."""


class Stopped(click.ClickException):
    """Somebody pressed Ctrl-C or sent SIGTERM; the message says what that means here."""

    exit_code = INTERRUPTED


def no_archive(settings: Settings) -> str:
    """Say where an archive was looked for, and how to come to one."""
    return (
        f"There is no archive in {settings.archive_place}: begin with `discord-indexer import"
        " PATH`, or name the right folder with --data-dir or DATA_DIR."
    )


def build_container(settings: Settings) -> Container:
    """Return the container of the real program."""
    from app.entrypoints.container import Container

    return Container(settings=settings)


@frozen(slots=False)
class Runtime:
    """The choices made before the command; `started` is by the stopwatch."""

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
        makes_archive: bool = False,
        searches: bool = False,
    ) -> T:
        """Do a command's work with everything opened before and closed after it.

        `when_stopped` tells a person who interrupts it what has become of the work. Unless
        the work `makes_archive`, raises `NotFound` where there is none, and makes nothing:
        a folder's name may be mistyped. What work that `searches` needs is loaded meanwhile.
        """
        settings = self.settings
        if not (makes_archive or settings.has_archive):
            raise NotFound(no_archive(settings))
        try:
            from app.entrypoints.cli.working import finish

            return finish(work, self.build(settings), settings.folder, searches=searches)
        except KeyboardInterrupt as error:
            raise Stopped(when_stopped) from error
