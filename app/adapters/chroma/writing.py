"""Writing vectors, also beside those in use."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from app.adapters.allocator import return_freed_memory
from app.adapters.chroma.restriction import AUTHOR, CHANNEL

if TYPE_CHECKING:
    from collections.abc import Collection as Ids
    from collections.abc import Sequence

    from chromadb.api.models.Collection import Collection

    from app.adapters.chroma.cache import VectorCache
    from app.ports.storage import Entry

_MUCH = 20_000
_TIDIED_EACH = 2_000
_AT_ONCE = 1_000  # on the way to a server a vector takes 8 KB, and servers limit requests


@frozen
class Writer:
    """Writes to collections; never two threads at a time. `limit` is what Chroma takes at once."""

    cache: VectorCache
    limit: int
    _written: Counter[str] = field(factory=Counter, init=False)

    def upsert(self, collection: Collection, entries: Sequence[Entry]) -> None:
        """Add or replace vectors; of one message given twice the last counts."""
        newest = list({entry.message_id: entry for entry in entries}.values())
        for start in range(0, len(newest), self._step):
            batch = newest[start : start + self._step]
            collection.upsert(
                ids=[str(entry.message_id) for entry in batch],
                embeddings=np.stack([entry.vector for entry in batch]),
                metadatas=[{CHANNEL: entry.channel_id, AUTHOR: entry.author_id} for entry in batch],
            )
            self.cache.changed(collection, [entry.message_id for entry in batch])
            self._count(collection, len(batch))

    def is_laden_with_others(self, collection: Collection | None) -> bool:
        """Tell whether Chroma holds much in memory that was written to other collections.

        It keeps the whole graph of each that was used, 2 KB a vector.
        """
        ours = 0 if collection is None else self._written[collection.name]
        return self._written.total() - ours >= _MUCH

    def delete(self, collection: Collection, message_ids: Ids[int]) -> None:
        """Remove vectors; ids that have none are ignored."""
        known = list(dict.fromkeys(message_ids))
        for start in range(0, len(known), self._step):
            batch = known[start : start + self._step]
            collection.delete(ids=[str(key) for key in batch])
            self.cache.removed(collection, batch)

    def _count(self, collection: Collection, written: int) -> None:
        before = self._written.total()
        self._written[collection.name] += written
        if before // _TIDIED_EACH < self._written.total() // _TIDIED_EACH:
            return_freed_memory()

    @property
    def _step(self) -> int:
        return min(_AT_ONCE, self.limit)


@frozen(eq=False)
class Rebuilding:
    """A collection that is built beside the one in use.

    What is built comes from a walk through the archive, which may have passed a message
    before it changed, or be slower than the change: what was put or removed meanwhile is
    newer than what the walk still brings.
    """

    collection: Collection
    writer: Writer
    _changed: set[int] = field(factory=set, init=False)

    def add(self, entries: Sequence[Entry]) -> None:
        """Write what the walk brings."""
        self.writer.upsert(
            self.collection, [e for e in entries if e.message_id not in self._changed]
        )

    def put(self, entries: Sequence[Entry]) -> None:
        """Write what was put meanwhile."""
        self._changed.update(entry.message_id for entry in entries)
        self.writer.upsert(self.collection, entries)

    def remove(self, message_ids: Ids[int]) -> None:
        """Remove what was removed meanwhile."""
        self._changed.update(message_ids)
        self.writer.delete(self.collection, message_ids)
