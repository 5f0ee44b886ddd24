"""Finding the nearest vectors of one server inside a scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from app.domain.model import Hit, snowflake_at

if TYPE_CHECKING:
    from collections.abc import Collection as Ids
    from collections.abc import Iterable, Mapping

    from chromadb.api.models.Collection import Collection

    from app.adapters.chroma.cache import VectorCache
    from app.domain.model import Scope
    from app.domain.vectors import Vector

CHANNEL, AUTHOR = "channel", "author"

_OVERFETCH = 3
_EXACT_UP_TO = 4_000
_MARGIN = 1.5


@frozen
class Restriction:
    """What a scope admits of one server; `None` leaves a side open."""

    channels: frozenset[int] | None
    authors: frozenset[int] | None
    first_id: int
    end_id: int | None

    @classmethod
    def of(cls, scope: Scope, guild_id: int) -> Restriction:
        """Return what the scope leaves of a server."""
        granted = None if scope.grants is None else scope.grants.get(guild_id, frozenset())
        channels = (
            granted
            if scope.channels is None
            else scope.channels
            if granted is None
            else granted & scope.channels
        )
        window = scope.window
        return cls(
            channels,
            scope.authors,
            0 if window.after is None else snowflake_at(window.after),
            None if window.before is None else snowflake_at(window.before),
        )

    @property
    def is_open(self) -> bool:
        """Whether the whole server is admitted."""
        return not self.reads_metadata and not self.first_id and self.end_id is None

    @property
    def reads_metadata(self) -> bool:
        """Whether an id alone does not tell what is admitted."""
        return self.channels is not None or self.authors is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be admitted."""
        return self.channels == frozenset() or self.authors == frozenset()

    def admits(self, message_id: int, metadata: Mapping[str, Any] | None) -> bool:
        """Tell whether a stored message is admitted; a snowflake says when it was written."""
        if message_id < self.first_id or (self.end_id is not None and message_id >= self.end_id):
            return False
        if metadata is None:
            return not self.reads_metadata
        return (self.channels is None or metadata[CHANNEL] in self.channels) and (
            self.authors is None or metadata[AUTHOR] in self.authors
        )

    @property
    def where(self) -> dict[str, Any] | None:
        """The same for Chroma, but for the window, for which it would read every row."""
        clauses: list[dict[str, Any]] = [
            {key: {"$in": sorted(admitted)}}
            for key, admitted in ((CHANNEL, self.channels), (AUTHOR, self.authors))
            if admitted is not None
        ]
        if not clauses:
            return None
        return clauses[0] if len(clauses) == 1 else {"$and": clauses}


@frozen
class Search:
    """Searches one collection."""

    guild_id: int
    collection: Collection
    cache: VectorCache

    def nearest(self, vector: Vector, admitted: Restriction, limit: int) -> list[Hit]:
        """Return up to `limit` hits, as many as there are inside.

        Most askers may read most of a server, so a few more than asked for are fetched
        and those outside are left out. Where too few remain the messages inside are
        listed: few are compared one by one, for many the net is cast as wide as their
        share of the server demands.
        """
        if admitted.is_empty or limit <= 0:
            return []
        held = self.collection.count()
        wide = limit if admitted.is_open else limit * _OVERFETCH
        hits = self._approximate(vector, admitted, wide)
        if len(hits) >= min(limit, held):
            return _best(hits, limit)
        inside = self._inside(admitted)
        if len(inside) <= _EXACT_UP_TO:
            return self._exact(vector, inside, limit)
        return self._wider(vector, inside, limit, held)

    def _wider(self, vector: Vector, inside: set[int], limit: int, held: int) -> list[Hit]:
        wide = limit
        while wide < held:
            wide = int(_MARGIN * max(wide, limit * held / len(inside)))
            hits = [hit for hit in self._query(vector, wide) if hit.message_id in inside]
            if len(hits) >= limit:
                return _best(hits, limit)
        return self._exact(vector, inside, limit)

    def _query(self, vector: Vector, limit: int) -> list[Hit]:
        found = self.collection.query(
            query_embeddings=vector[None, :], n_results=limit, include=["distances"]
        )
        rows = zip(found["ids"][0], (found["distances"] or [[]])[0], strict=True)
        return [Hit(int(key), self.guild_id, 1 - distance) for key, distance in rows]

    def _approximate(self, vector: Vector, admitted: Restriction, limit: int) -> list[Hit]:
        if not admitted.reads_metadata:
            hits = self._query(vector, limit)
            return [hit for hit in hits if admitted.admits(hit.message_id, None)]
        found = self.collection.query(
            query_embeddings=vector[None, :], n_results=limit, include=["distances", "metadatas"]
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

    def _inside(self, admitted: Restriction) -> set[int]:
        found = self.collection.get(where=admitted.where, include=[])["ids"]
        return {
            key
            for key in map(int, found)
            if key >= admitted.first_id and (admitted.end_id is None or key < admitted.end_id)
        }

    def _exact(self, vector: Vector, inside: Ids[int], limit: int) -> list[Hit]:
        scores = self.similarities(vector, inside)
        return _best((Hit(key, self.guild_id, score) for key, score in scores.items()), limit)

    def similarities(self, vector: Vector, message_ids: Ids[int]) -> dict[int, float]:
        """Return the cosine of each of these messages that has a vector."""
        keys, vectors = self.cache.vectors(self.collection, message_ids)
        if not keys:
            return {}
        return dict(zip(keys, (np.stack(vectors) @ vector).tolist(), strict=True))


def _best(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """Return the best hits, the most similar first, the older of equals first."""
    return sorted(hits, key=lambda hit: (-hit.score, hit.message_id))[:limit]
