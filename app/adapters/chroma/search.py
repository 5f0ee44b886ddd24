"""Finding the nearest vectors of one server inside a scope."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from attrs import frozen

from app.domain.model import Hit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Collection as Ids

    from chromadb.api.models.Collection import Collection

    from app.adapters.chroma.cache import Keys, VectorCache
    from app.adapters.chroma.restriction import Restriction
    from app.domain.vectors import Vector

_OVERFETCH = 3
_FETCH_AT_MOST = 10_000
_EXACT_UP_TO = 4_000
"""Comparing that many one by one takes 10 ms, and 100 ms the first time."""

_MARGIN = 1.5
_WIDER = 5
_SAME = 6
"""Decimals up to which two similarities are the same."""


@frozen
class _Part:
    """Some messages of a server."""

    ids: Sequence[int] | Keys
    holds: Callable[[int], bool]


@frozen
class Search:
    """Searches the collection of one server."""

    guild_id: int
    collection: Collection
    cache: VectorCache

    def nearest(self, vector: Vector, admitted: Restriction, limit: int) -> list[Hit]:
        """Return `limit` hits, best first, or as many as are admitted.

        Most askers may read most of a server, so somewhat more than asked for is fetched
        and what is not admitted left out. Where that does not suffice, or how many are
        admitted is known beforehand, these are searched with the care that it takes.
        """
        if limit < 1 or admitted.is_empty:
            return []
        if admitted.is_open or admitted.reads_metadata or not self.cache.keeps_ids:
            wide = limit if admitted.is_open else limit * _OVERFETCH
            hits = self._fetch(vector, admitted, min(wide, _FETCH_AT_MOST))
            if len(hits) >= limit and not _are_alike(hits[:limit]):
                return best(hits, limit)
        return self._nearest_of(vector, self._part(admitted), limit)

    def count(self, admitted: Restriction) -> int:
        """Return how many vectors are admitted."""
        if admitted.is_empty:
            return 0
        return self.collection.count() if admitted.is_open else len(self._part(admitted).ids)

    def similarities(
        self, vector: Vector, message_ids: Ids[int], admitted: Restriction
    ) -> dict[int, float]:
        """Return the cosine of each of these messages that is admitted and has a vector."""
        if not admitted.is_open:
            message_ids = [key for key in message_ids if admitted.admits_id(key)]
        if admitted.reads_metadata:
            stored = self.cache.metadata(self.collection, message_ids)
            message_ids = [key for key, data in stored.items() if admitted.admits(key, data)]
        return self._cosines(vector, message_ids)

    def _cosines(self, vector: Vector, message_ids: Ids[int]) -> dict[int, float]:
        keys, vectors = self.cache.vectors(self.collection, message_ids)
        return dict(zip(keys, (vectors @ vector).tolist(), strict=True)) if keys else {}

    def _nearest_of(self, vector: Vector, part: _Part, limit: int) -> list[Hit]:
        """Search in a part: few messages one by one, many by a net as wide as it takes."""
        held = self.collection.count()
        wide = max(limit, int(_MARGIN * limit * held / max(1, len(part.ids))))
        while wide < held and (len(part.ids) > _EXACT_UP_TO or wide <= limit * _OVERFETCH):
            hits = [hit for hit in self._query(vector, wide) if part.holds(hit.message_id)]
            if len(hits) >= limit and not _are_alike(hits[:limit]):
                return best(hits, limit)
            wide *= _WIDER
        scores = self._cosines(vector, list(map(int, part.ids)))
        return best((Hit(key, self.guild_id, score) for key, score in scores.items()), limit)

    def _fetch(self, vector: Vector, admitted: Restriction, limit: int) -> list[Hit]:
        if not admitted.reads_metadata:  # which would take three times as long
            hits = self._query(vector, limit)
            return [hit for hit in hits if admitted.admits_id(hit.message_id)]
        found = self.collection.query(
            query_embeddings=vector[None, :],
            n_results=limit,
            include=["distances", "metadatas"],
        )
        rows = zip(
            found["ids"][0],
            (found["distances"] or [[]])[0],
            (found["metadatas"] or [[]])[0],
            strict=True,
        )
        return [
            Hit(int(key), self.guild_id, 1 - distance)
            for key, distance, metadata in rows
            if admitted.admits(int(key), metadata)
        ]

    def _query(self, vector: Vector, limit: int) -> list[Hit]:
        found = self.collection.query(
            query_embeddings=vector[None, :], n_results=limit, include=["distances"]
        )
        rows = zip(found["ids"][0], (found["distances"] or [[]])[0], strict=True)
        return [Hit(int(key), self.guild_id, 1 - distance) for key, distance in rows]

    def _part(self, admitted: Restriction) -> _Part:
        if not admitted.reads_metadata:
            ids = self.cache.ids(self.collection)
            end = len(ids) if admitted.end_id is None else bisect_left(ids, admitted.end_id)
            return _Part(
                ids[bisect_left(ids, admitted.first_id) : end].tolist(), admitted.admits_id
            )
        found = (
            self.collection.get(where=clause, include=[])["ids"] for clause in admitted.clauses()
        )
        inside = {key for ids in found for key in map(int, ids) if admitted.admits_id(key)}
        return _Part(sorted(inside), inside.__contains__)


def best(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """Return the best hits, the most similar first, the older of equals first."""
    return sorted(hits, key=lambda hit: (-hit.score, hit.message_id))[:limit]


def _are_alike(hits: list[Hit]) -> bool:
    """Tell whether most of these are copies.

    Some hundred copies of a vector form an island in the graph, and a search that gets there
    does not always find a way out; one that keeps more candidates more often does.
    """
    return len({round(hit.score, _SAME) for hit in hits}) < len(hits) / 2
