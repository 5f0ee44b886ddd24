"""Vectors kept in memory, because Chroma takes 20 µs to hand out each."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Collection as Ids
    from collections.abc import Iterable

    from chromadb.api.models.Collection import Collection

    from app.domain.vectors import Vector

_FETCH_AT_ONCE = 1_000


@frozen
class VectorCache:
    """The vectors used last, up to `size` of them (1.7 KB each)."""

    size: int = 65_536
    _vectors: OrderedDict[tuple[str, int], Vector] = field(factory=OrderedDict, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def vectors(
        self, collection: Collection, message_ids: Ids[int]
    ) -> tuple[list[int], list[Vector]]:
        """Return those of the messages that have vectors, and these."""
        name = collection.name
        found: dict[int, Vector] = {}
        with self._lock:
            for key in message_ids:
                if (vector := self._vectors.get((name, key))) is not None:
                    self._vectors.move_to_end((name, key))
                    found[key] = vector
        missing = [key for key in message_ids if key not in found]
        for start in range(0, len(missing), _FETCH_AT_ONCE):
            found.update(self._fetch(collection, missing[start : start + _FETCH_AT_ONCE]))
        return list(found), list(found.values())

    def forget(self, collection: Collection, message_ids: Iterable[int]) -> None:
        """Drop the vectors of messages that changed."""
        with self._lock:
            for key in message_ids:
                self._vectors.pop((collection.name, key), None)

    def _fetch(self, collection: Collection, message_ids: list[int]) -> dict[int, Vector]:
        result = collection.get(ids=[str(key) for key in message_ids], include=["embeddings"])
        embeddings = np.asarray(result["embeddings"], np.float32)
        fetched = {int(key): row.copy() for key, row in zip(result["ids"], embeddings, strict=True)}
        with self._lock:
            for key, vector in fetched.items():
                self._vectors[collection.name, key] = vector
            while len(self._vectors) > self.size:
                self._vectors.popitem(last=False)
        return fetched
