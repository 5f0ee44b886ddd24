"""Collect: bring messages from a source into the archive."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from app.ports.history import Failure
from app.ports.storage import Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.ports.history import HistorySource, Page
    from app.ports.storage import MessageArchive


@frozen
class Collected:
    """How far a collection has come: messages, and bytes of the source's `files`."""

    stored: Stored = field(factory=Stored)
    skipped: int = 0
    failures: tuple[Failure, ...] = ()
    read: int = 0
    total: int = 0
    files: int = 0

    @property
    def messages_read(self) -> int:
        """How many messages the source held, taken or not."""
        stored = self.stored
        return stored.new + stored.updated + stored.unchanged + stored.refused + self.skipped


@frozen
class Collect:
    """Archives what a source holds; each page is durable before the next is read."""

    archive: MessageArchive

    async def take(
        self, source: HistorySource, progress: Callable[[Collected], None] = lambda _: None
    ) -> Collected:
        """Archive every page and return the sums; broken parts are listed, not raised.

        Stopped at any point, what was archived stays and taking again goes on from there.
        Raises `NotFound` when the source does not exist, `ArchiveUnavailable`.
        """
        collected = Collected()
        async with aclosing(source.pages()) as pages:
            async for page in pages:
                if isinstance(page, Failure):
                    collected = evolve(collected, failures=(*collected.failures, page))
                else:
                    collected = _added(collected, page, await self.archive.store(page))
                progress(collected)
        return collected


def _added(collected: Collected, page: Page, stored: Stored) -> Collected:
    return evolve(
        collected,
        stored=collected.stored + stored,
        skipped=collected.skipped + page.skipped,
        read=page.read,
        total=page.total,
        files=page.files,
    )
