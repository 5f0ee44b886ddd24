"""ExportHistory: every page of every export, read in a thread of its own."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from app.adapters.exports.documents import Shelf, shown
from app.adapters.exports.reading import head_of, read_pages
from app.adapters.exports.splitting import NotAnExport
from app.domain.errors import InvalidInput, NotFound
from app.ports.history import Failure, HistorySource, Page

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterable, Iterator

    from app.adapters.exports.documents import Document
    from app.adapters.exports.heads import Head

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _as_paths(paths: Iterable[Path | str]) -> tuple[Path, ...]:
    return tuple(map(Path, paths))


@frozen
class ExportHistory(HistorySource):
    """The exports that lie at some paths: files, folders searched to the ground, archives.

    Each is read twice: its first lines, to know all channels by name before the first
    message mentions one, and then the whole. What else lies in a folder is passed over.
    """

    paths: tuple[Path, ...] = field(converter=_as_paths)
    page_size: int = 1000

    async def pages(self) -> AsyncGenerator[Page | Failure, None]:
        """Yield every message of every export, the next page being read meanwhile.

        Raises `NotFound`, before anything is read, when there is nothing at a path.
        """
        loop, parts = asyncio.get_running_loop(), self._parts()
        thread = ThreadPoolExecutor(1, thread_name_prefix="exports")
        coming = loop.run_in_executor(thread, next, parts, None)
        try:
            while (part := await coming) is not None:
                coming = loop.run_in_executor(thread, next, parts, None)
                yield part
        finally:
            coming.cancel()  # what is being read now is waited for, by the thread
            closed = loop.run_in_executor(thread, parts.close)
            thread.shutdown(wait=False)
            await closed

    def _parts(self) -> Generator[Page | Failure, None, None]:
        for path in self.paths:
            if not os.path.exists(path):  # noqa: PTH110 - never raises
                raise NotFound(f"There is no file or folder {shown(path)} that can be looked at.")
        with Shelf() as shelf:
            survey = _Survey()
            for path in self.paths:
                yield from survey.look_at(path, shelf)
            total = sum(document.size for document in survey.exports)
            done, files = 0, len(survey.exports)
            for document in survey.exports:
                for part in read_pages(document, survey.names, self.page_size):
                    if isinstance(part, Page):
                        yield evolve(part, read=done + part.read, total=total, files=files)
                    else:
                        yield part
                done += document.size


@define
class _Survey:
    """Which documents are exports, and how their channels are called."""

    exports: list[Document] = field(factory=list, init=False)
    names: dict[int, dict[int, str]] = field(factory=dict, init=False)
    _named_at: dict[int, tuple[datetime, str]] = field(factory=dict, init=False)
    _seen: set[str] = field(factory=set, init=False)

    def look_at(self, path: Path, shelf: Shelf) -> Iterator[Failure]:
        """Learn what lies at a path; yield what cannot be read at all."""
        is_barren = True
        for document in shelf.find(path):
            found = document if isinstance(document, Failure) else self._learn(document)
            is_barren = is_barren and found is None
            if isinstance(found, Failure):
                yield found
        if is_barren:
            reason = "It holds no export; make one with DiscordChatExporter and --format Json."
            yield Failure(shown(path), reason, 0)

    def _learn(self, document: Document) -> Document | Failure | None:
        """Return an export, or why it cannot be read; `None` for any other document."""
        if document.identity in self._seen:
            return document
        self._seen.add(document.identity)
        try:
            head = head_of(document)
        except NotAnExport:
            return None
        except InvalidInput as error:
            return Failure(document.name, str(error), 0)
        self.exports.append(document)
        self._learn_names(head)
        return document

    def _learn_names(self, head: Head) -> None:
        """Keep the latest name of each channel, whatever the order of the exports."""
        known = self.names.setdefault(head.guild.id, {})
        parent = [] if head.parent is None else [(head.parent.id, head.parent.name)]
        for channel_id, name in [*parent, (head.channel.id, head.mention)]:
            named_at = (head.exported_at or _LONG_AGO, name)
            if named_at >= self._named_at.get(channel_id, named_at):
                self._named_at[channel_id] = named_at
                known[channel_id] = name
