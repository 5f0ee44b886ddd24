"""Vectors and ids kept in memory.

Chroma takes 20 µs to hand out a vector, and a question compares hundreds; it takes 0.7 µs to
list an id, and a question about a time looks at all of them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Collection as Ids
    from collections.abc import Iterable, Iterator

    from chromadb.api.models.Collection import Collection

    from app.domain.vectors import Vector

Keys = npt.NDArray[np.int64]
Metadata = Mapping[str, Any]

_FETCH_AT_ONCE = 1_000
_FIRST_ROOM = 4_096
_NOTHING = np.empty((0, 0), np.float32)


@define
class VectorCache:
    """The vectors fetched last, up to `size` of them (1.6 KB each), and the ids of all.

    What is stored beside vectors is kept as well.

    It serves several threads. The vectors are rows of one matrix that is filled round and
    round, so that hundreds of them are handed out in one step. That a message has none is
    kept as well. Where other processes write to the same collections, `lifetime` seconds
    bound how long a vector can be used that they changed or removed. What this process
    changes is forgotten at once.
    """

    size: int = 65_536
    lifetime: float | None = None
    _matrix: npt.NDArray[np.float32] = field(default=_NOTHING, init=False, repr=False)
    _rows: dict[str, dict[int, int]] = field(factory=dict, init=False, repr=False)
    _owners: dict[int, tuple[str, int]] = field(factory=dict, init=False, repr=False)
    _absent: dict[str, set[int]] = field(factory=dict, init=False, repr=False)
    _ids: dict[str, Keys] = field(factory=dict, init=False, repr=False)
    _metadata: dict[tuple[str, int], Metadata] = field(factory=dict, init=False, repr=False)
    _next: int = field(default=0, init=False)
    _changes: int = field(default=0, init=False)
    _born: float = field(factory=time.monotonic, init=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @property
    def keeps_ids(self) -> bool:
        """Whether all ids are at hand: not where others write, and they were listed each time."""
        return self.lifetime is None

    def vectors(
        self, collection: Collection, message_ids: Ids[int]
    ) -> tuple[list[int], npt.NDArray[np.float32]]:
        """Return those of the messages that have vectors, and their vectors as rows."""
        wanted = list(dict.fromkeys(message_ids))
        with self._lock:
            self._expire()
            changes = self._changes
            rows = self._rows.get(collection.name, {})
            places = {key: rows[key] for key in wanted if key in rows}
            parts = [self._matrix[list(places.values())]] if places else []
            missing = set(wanted) - places.keys() - self._absent.get(collection.name, set())
        keys = list(places)
        for batch in _batches(sorted(missing)):
            fetched, vectors = _fetch(collection, batch)
            self._keep(collection.name, batch, fetched, vectors, changes)
            if fetched:
                keys += fetched
                parts.append(vectors)
        return keys, np.concatenate(parts) if parts else _NOTHING

    def metadata(self, collection: Collection, message_ids: Ids[int]) -> dict[int, Metadata]:
        """Return what is stored beside the vectors of these messages, of those that have any."""
        name = collection.name
        with self._lock:
            self._expire()
            changes, kept = self._changes, self._metadata
            found = {key: kept[name, key] for key in message_ids if (name, key) in kept}
        for batch in _batches(sorted(set(message_ids) - found.keys())):
            result = collection.get(ids=[str(key) for key in batch], include=["metadatas"])
            keys = map(int, result["ids"])
            fetched = dict(zip(keys, result["metadatas"] or (), strict=True))
            found |= fetched
            self._keep_metadata(name, fetched, changes)
        return found

    def ids(self, collection: Collection) -> Keys:
        """Return the ids of all messages that have vectors, ascending.

        They are listed anew each time where others write as well: a message that is
        missing in the list would not be found, and one that is gone would.
        """
        with self._lock:
            self._expire()
            changes, kept = self._changes, self._ids.get(collection.name)
        if kept is not None:
            return kept
        listed = np.array(sorted(map(int, collection.get(include=[])["ids"])), np.int64)
        with self._lock:
            if changes == self._changes and self.keeps_ids:
                self._ids[collection.name] = listed
        return listed

    def changed(self, collection: Collection, message_ids: Ids[int]) -> None:
        """Drop the vectors of messages that were just written."""
        with self._lock:
            self._forget(collection, message_ids)
            if (ids := self._ids.get(collection.name)) is not None:
                written = np.array(list(message_ids), np.int64)
                self._ids[collection.name] = np.union1d(ids, written)

    def removed(self, collection: Collection, message_ids: Ids[int]) -> None:
        """Drop the vectors of messages that were just removed."""
        with self._lock:
            self._forget(collection, message_ids)
            if (ids := self._ids.get(collection.name)) is not None:
                gone = np.array(list(message_ids), np.int64)
                self._ids[collection.name] = ids[~np.isin(ids, gone)]

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._changes += 1
            self._empty()

    def _forget(self, collection: Collection, message_ids: Ids[int]) -> None:
        self._changes += 1
        rows = self._rows.get(collection.name, {})
        absent = self._absent.get(collection.name, set())
        for key in message_ids:
            absent.discard(key)
            self._metadata.pop((collection.name, key), None)
            if (row := rows.pop(key, None)) is not None:
                del self._owners[row]

    def _keep(
        self,
        name: str,
        asked: list[int],
        keys: list[int],
        vectors: Iterable[Vector],
        changes: int,
    ) -> None:
        with self._lock:
            if changes != self._changes:
                return  # what was fetched may have been changed while it was
            self._keep_absent(name, set(asked).difference(keys))
            rows = self._rows.setdefault(name, {})
            for key, vector in zip(keys, vectors, strict=True):
                if key not in rows:  # another thread may have fetched it as well
                    row = self._free_row(len(vector))
                    self._matrix[row], rows[key], self._owners[row] = vector, row, (name, key)

    def _keep_absent(self, name: str, keys: set[int]) -> None:
        absent = self._absent.setdefault(name, set())
        if len(absent) + len(keys) > self.size:
            absent.clear()
        absent |= keys

    def _keep_metadata(self, name: str, fetched: dict[int, Metadata], changes: int) -> None:
        with self._lock:
            if changes != self._changes:
                return
            if len(self._metadata) + len(fetched) > self.size:
                self._metadata.clear()
            self._metadata.update(((name, key), data) for key, data in fetched.items())

    def _free_row(self, dimensions: int) -> int:
        """Return the row after the last one filled, taking it from whoever has it."""
        row, self._next = self._next, (self._next + 1) % self.size
        if row >= len(self._matrix):
            room = min(self.size, max(_FIRST_ROOM, 2 * len(self._matrix)))
            larger = np.empty((room, dimensions), np.float32)
            if len(self._matrix):
                larger[: len(self._matrix)] = self._matrix
            self._matrix = larger
        if (owner := self._owners.pop(row, None)) is not None:
            name, key = owner
            del self._rows[name][key]
        return row

    def _expire(self) -> None:
        now = time.monotonic()
        if self.lifetime is not None and now - self._born > self.lifetime:
            self._empty()
            self._born = now

    def _empty(self) -> None:
        self._rows.clear()
        self._owners.clear()
        self._absent.clear()
        self._ids.clear()
        self._metadata.clear()
        self._matrix, self._next = _NOTHING, 0


def _batches(keys: list[int]) -> Iterator[list[int]]:
    return (keys[start : start + _FETCH_AT_ONCE] for start in range(0, len(keys), _FETCH_AT_ONCE))


def _fetch(
    collection: Collection, message_ids: list[int]
) -> tuple[list[int], npt.NDArray[np.float32]]:
    result = collection.get(ids=[str(key) for key in message_ids], include=["embeddings"])
    return [int(key) for key in result["ids"]], np.asarray(result["embeddings"], np.float32)
