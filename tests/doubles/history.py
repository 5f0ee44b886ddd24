"""A source of history that gives what a test wrote down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from app.domain.errors import NotFound
from app.ports.history import Failure, HistorySource, Page

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@frozen
class ScriptedHistory(HistorySource):
    """Yields these parts each time it is asked; `None` stands for a source that is not there."""

    parts: tuple[Page | Failure, ...] | None = field(default=())

    async def pages(self) -> AsyncGenerator[Page | Failure, None]:
        if self.parts is None:
            raise NotFound("There is no such history.")
        for part in self.parts:
            yield part
