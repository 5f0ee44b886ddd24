"""Index: let the vectors follow the archive."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING

from attrs import field, frozen

from app.domain.errors import IndexDamaged
from app.domain.vectors import is_worth_a_vector
from app.ports.storage import Entry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from app.domain.model import Message, Scope
    from app.domain.vectors import Vector
    from app.ports.language import Embedder
    from app.ports.storage import Mark, MessageArchive, VectorIndex

WINDOW = 1_024
"""Messages embedded in one go: enough to sort by length well, few enough to show progress."""

READY_WINDOWS = 2
"""Embedded windows that may wait to be written: bounds the memory, hides the writing."""

REMEMBERED_TEXTS = 4_096
"""Vectors kept at hand for texts that occur again, about 9 MB; five times as many would save
another 40 of 20,000 embeddings."""


@frozen
class Progress:
    """How many marks were carried out so far, and how many of them gained a vector."""

    settled: int = 0
    embedded: int = 0


@frozen
class Index:
    """Carries out the archive's marks: embeds what is new, removes what is gone.

    `scope` is what this worker is in charge of. A mark is cleared only after the index
    has made its change durable, so whatever interrupts it, the next run goes on.
    """

    archive: MessageArchive
    vectors: VectorIndex
    embedder: Embedder
    scope: Scope
    _known: OrderedDict[str, Vector] = field(factory=OrderedDict, init=False)

    async def drain(self, progress: Callable[[Progress], None] = lambda _: None) -> Progress:
        """Carry out every mark that waits, and mend what an interruption damaged.

        Raises `IndexUnavailable`, `EmbedderUnavailable` or `ArchiveUnavailable`; what was
        done until then is done.
        """
        try:
            return await self._carry_out(progress)
        except IndexDamaged:
            for guild_id in await self._damaged():
                await self.rebuild(guild_id, progress)
            return await self._carry_out(progress)

    async def _carry_out(self, progress: Callable[[Progress], None]) -> Progress:
        """Carry out the marks; embedding overlaps with writing."""
        await self.vectors.open()
        await self.vectors.count(self.scope)  # notices damage also where nothing waits
        ready: asyncio.Queue[tuple[list[Mark], dict[int, Vector]] | None] = asyncio.Queue(
            READY_WINDOWS
        )
        writing = asyncio.create_task(self._write(ready, progress))
        embedding = asyncio.create_task(self._embed_waiting(ready))
        try:
            await asyncio.gather(embedding, writing)
        finally:
            # Whichever failed, neither may go on alone.
            for task in (embedding, writing):
                task.cancel()
            await asyncio.gather(embedding, writing, return_exceptions=True)
        return writing.result()

    async def purge(self) -> None:
        """Remove the vectors of messages that are gone, without embedding anything.

        Texts kept at hand go as well: they may be of those messages.
        """
        self._known.clear()
        await self.vectors.open()
        last = 0
        while marks := await self.archive.waiting(self.scope, WINDOW, last):
            last = marks[-1].version
            gone = [mark for mark in marks if mark.message is None]
            await self._settle(gone, {})

    async def rebuild(
        self, guild_id: int, progress: Callable[[Progress], None] = lambda _: None
    ) -> int:
        """Build a server's vectors anew from the archive and switch to them; return how many."""
        return await self.vectors.rebuild(guild_id, self._entries(guild_id, progress))

    async def _damaged(self) -> list[int]:
        """Return the servers whose vectors are lost."""
        found = []
        for held in await self.archive.overview(self.scope):
            try:
                await self.vectors.count(self.scope.in_guilds([held.guild.id]))
            except IndexDamaged:
                found.append(held.guild.id)
        return found

    async def _embed_waiting(
        self, ready: asyncio.Queue[tuple[list[Mark], dict[int, Vector]] | None]
    ) -> None:
        last = 0
        while marks := await self.archive.waiting(self.scope, WINDOW, last):
            last = marks[-1].version
            messages = [mark.message for mark in marks if mark.message is not None]
            await ready.put((marks, await self._embed(messages)))
        await ready.put(None)

    async def _write(
        self,
        ready: asyncio.Queue[tuple[list[Mark], dict[int, Vector]] | None],
        progress: Callable[[Progress], None],
    ) -> Progress:
        done = Progress()
        while (window := await ready.get()) is not None:
            marks, vectors = window
            await self._settle(marks, vectors)
            done = Progress(done.settled + len(marks), done.embedded + len(vectors))
            progress(done)
        return done

    async def _settle(self, marks: Sequence[Mark], vectors: dict[int, Vector]) -> None:
        """Bring the index up to date for these marks, then clear them."""
        entries, gone = defaultdict(list), defaultdict(list)
        for mark in marks:
            if mark.message is not None and mark.message_id in vectors:
                entries[mark.guild_id].append(_entry(mark.message, vectors[mark.message_id]))
            else:
                gone[mark.guild_id].append(mark.message_id)
        for guild_id, ids in gone.items():
            await self.vectors.remove(guild_id, ids)
        for guild_id, batch in entries.items():
            await self.vectors.put(guild_id, batch)
        if marks:
            await self.archive.settle(marks)

    async def _entries(
        self, guild_id: int, progress: Callable[[Progress], None]
    ) -> AsyncIterator[Sequence[Entry]]:
        scope, last, done = self.scope.in_guilds([guild_id]), 0, Progress()
        while ids := await self.archive.ids(scope, WINDOW, last):
            last = ids[-1]
            messages = await self.archive.read(ids, scope)
            vectors = await self._embed(messages)
            yield [_entry(m, vectors[m.id]) for m in messages if m.id in vectors]
            done = Progress(done.settled + len(messages), done.embedded + len(vectors))
            progress(done)

    async def _embed(self, messages: Sequence[Message]) -> dict[int, Vector]:
        """Return the vector of each message that is worth one; equal texts are embedded once."""
        texts = {m.id: m.indexed_text for m in messages if is_worth_a_vector(m.text)}
        fresh = [text for text in dict.fromkeys(texts.values()) if text not in self._known]
        vectors = await self.embedder.embed(fresh) if fresh else ()
        known = dict(zip(fresh, vectors, strict=True))
        result = {
            message_id: known[text] if text in known else self._known[text]
            for message_id, text in texts.items()
        }
        self._remember(known)
        return result

    def _remember(self, vectors: dict[str, Vector]) -> None:
        self._known.update(vectors)
        while len(self._known) > REMEMBERED_TEXTS:
            self._known.popitem(last=False)


def _entry(message: Message, vector: Vector) -> Entry:
    return Entry(message.id, message.channel.id, message.author.id, vector)
