"""Doing a command's work: everything is opened before and closed after it.

Apart from `runtime`, which `--help` imports too, and must not wait for asyncio.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from app.domain.errors import ArchiveUnavailable
from app.entrypoints.container import running

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine
    from pathlib import Path

    from app.entrypoints.container import Container

    T = TypeVar("T")


def finish(
    work: Callable[[Container], Coroutine[Any, Any, T]],
    container: Container,
    folder: Path,
    *,
    searches: bool,
) -> T:
    """Do the work with the container running, and warming up where the work `searches`.

    Raises `ArchiveUnavailable` where the data directory or the archive cannot be opened.
    """
    _make(folder)
    return asyncio.run(_within(work, container, searches=searches))


def _make(folder: Path) -> None:
    """Make the data directory, for its owner's eyes."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveUnavailable(
            f"The data directory {folder} cannot be made ({error.strerror}): choose another one"
            " with --data-dir or DATA_DIR."
        ) from error


@asynccontextmanager
async def _warming_up(container: Container) -> AsyncGenerator[None, None]:
    """Load what a search needs while the question is still being prepared.

    Imports and models take most of the second and a half that a cold search takes, and two
    cores can share them.
    """
    loading = asyncio.create_task(container.search().warm_up())
    try:
        yield
    finally:
        loading.cancel()
        await asyncio.wait([loading])


async def _within(
    work: Callable[[Container], Coroutine[Any, Any, T]], container: Container, *, searches: bool
) -> T:
    async with running(container), _warming_up(container) if searches else nullcontext():
        return await work(container)
