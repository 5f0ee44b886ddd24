"""Where messages come from: exports now, a live server later."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.domain.model import Channel, Guild, Message


@frozen
class Page:
    """Some messages of one channel, ready to be archived, and how far the source has come.

    `channels` are all that `messages` refer to, parents of threads included, so that
    a channel's name is known even where it has no message. `skipped` counts what the
    source held but nobody said: system notices, empty messages, repetitions.
    `read` and `total` are in bytes; `total` and `files` are of the whole source.
    """

    guild: Guild
    channels: tuple[Channel, ...]
    messages: tuple[Message, ...]
    skipped: int = 0
    read: int = 0
    total: int = 0
    files: int = 0


@frozen
class Failure:
    """A part of the source that could not be read to its end, and what was taken before."""

    file: str
    reason: str
    messages_taken: int


class HistorySource(Protocol):
    """A server's past, page by page."""

    @abstractmethod
    def pages(self) -> AsyncGenerator[Page | Failure, None]:
        """Yield every message, oldest first within a channel where the source allows.

        A message that several parts hold comes once for each, in the state that each
        saw, for the archive to choose; within a page every id comes once.
        A part that is broken is reported as a `Failure` after the pages that could be
        read from it, and the rest of the source follows. Memory is bounded whatever the
        size of the source; the event loop is never blocked. Closing the iterator early
        stops the reading. Raises `NotFound` when the source as a whole does not exist.
        """
        ...
