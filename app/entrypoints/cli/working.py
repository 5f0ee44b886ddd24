"""Doing a command's work: everything is opened before and closed after it.

Apart from `runtime`, which `--help` imports too, and must not wait for asyncio.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from app.domain.errors import ArchiveUnavailable
from app.entrypoints.container import running

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
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
    """Do the work with the container running; with `searches` begin to load at once.

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


async def _within(
    work: Callable[[Container], Coroutine[Any, Any, T]], container: Container, *, searches: bool
) -> T:
    loading = _load(container) if searches else []
    async with running(container):
        try:
            return await work(container)
        finally:
            # What still loads must not open anything after all is closed.
            await asyncio.gather(*loading, return_exceptions=True)


def _load(container: Container) -> list[asyncio.Future[object]]:
    """Load embedder and index beside each other; whoever uses them meets their errors."""
    return [
        asyncio.ensure_future(container.embedder().embed(["warm up"])),
        asyncio.ensure_future(container.vectors().open()),
    ]
