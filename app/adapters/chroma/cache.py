"""Vectors kept in memory: Chroma takes 20 µs to hand out each, and a question compares hundreds."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Collection as Ids
    from collections.abc import Iterable

    from chromadb.api.models.Collection import Collection

    from app.domain.vectors import Vector

_FETCH_AT_ONCE = 1_000


@define
class VectorCache:
    """The vectors used last, up to `size` of them (1.7 KB each); for several threads.

    Where other processes write to the same collections, `lifetime` seconds bound how
    long a vector can be used that they changed or removed. What this process changes is
    forgotten at once.
    """

    size: int = 65_536
    lifetime: float | None = None
    _vectors: OrderedDict[tuple[str, int], Vector] = field(factory=OrderedDict, init=False)
    _changes: int = field(default=0, init=False)
    _born: float = field(factory=time.monotonic, init=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    def vectors(
        self, collection: Collection, message_ids: Ids[int]
    ) -> tuple[list[int], list[Vector]]:
        """Return those of the messages that have vectors, and their vectors."""
        found: dict[int, Vector] = {}
        with self._lock:
            self._expire()
            changes = self._changes
            for key in message_ids:
                if (vector := self._vectors.get((collection.name, key))) is not None:
                    self._vectors.move_to_end((collection.name, key))
                    found[key] = vector
        missing = list(dict.fromkeys(key for key in message_ids if key not in found))
        for start in range(0, len(missing), _FETCH_AT_ONCE):
            fetched = _fetch(collection, missing[start : start + _FETCH_AT_ONCE])
            self._keep(collection.name, fetched, changes)
            found.update(fetched)
        return list(found), list(found.values())

    def forget(self, collection: Collection, message_ids: Iterable[int]) -> None:
        """Drop the vectors of messages; to be called after they were changed."""
        with self._lock:
            self._changes += 1
            for key in message_ids:
                self._vectors.pop((collection.name, key), None)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._changes += 1
            self._vectors.clear()

    def _keep(self, name: str, fetched: dict[int, Vector], changes: int) -> None:
        with self._lock:
            if changes != self._changes:
                return  # what was fetched may have been changed while it was
            for key, vector in fetched.items():
                self._vectors[name, key] = vector
            while len(self._vectors) > self.size:
                self._vectors.popitem(last=False)

    def _expire(self) -> None:
        now = time.monotonic()
        if self.lifetime is not None and now - self._born > self.lifetime:
            self._vectors.clear()
            self._born = now


def _fetch(collection: Collection, message_ids: list[int]) -> dict[int, Vector]:
    result = collection.get(ids=[str(key) for key in message_ids], include=["embeddings"])
    embeddings = np.asarray(result["embeddings"], np.float32)
    # Copies: a row would keep the whole array alive.
    return {int(key): row.copy() for key, row in zip(result["ids"], embeddings, strict=True)}
