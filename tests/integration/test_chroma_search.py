"""Finding the nearest in Chroma where its graph alone would not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import define, field

from app.adapters.chroma import search
from app.adapters.chroma.cache import VectorCache
from app.adapters.chroma.index import ChromaVectorIndex
from app.adapters.chroma.location import InMemory
from app.adapters.chroma.restriction import Restriction
from app.domain.model import Scope, Window
from app.domain.vectors import EmbeddingIdentity
from app.ports.storage import Entry
from tests.vector_indexes import GUILD, Exact, message_id, minute, some_vectors

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from chromadb.api.models.Collection import Collection

    from app.domain.vectors import Vector

DIMENSIONS = 64
IDENTITY = EmbeddingIdentity("test", "one", "1" * 64, DIMENSIONS)
EVERYTHING = Scope.everything()


@pytest.fixture
async def index() -> AsyncGenerator[ChromaVectorIndex, None]:
    index = ChromaVectorIndex(InMemory(), IDENTITY)
    yield index
    await index.close()


def spread(vectors: Vector, channels: int = 10) -> list[Entry]:
    """Return a message for each vector, in one channel after the other."""
    return [Entry(message_id(row), row % channels, 1, vector) for row, vector in enumerate(vectors)]


async def recall(
    index: ChromaVectorIndex, inside: list[Entry], queries: Vector, scope: Scope = EVERYTHING
) -> float:
    """Return which share of the 100 nearest is found; equally near ones count alike."""
    shares = []
    for query in queries:
        wanted = Exact(inside).nearest(query)[:100]
        hits = await index.nearest(query, scope, 100)
        assert len(hits) == len(wanted)
        assert {hit.message_id for hit in hits} <= {e.message_id for e in inside}
        shares.append(np.mean([hit.score >= wanted[-1][1] - 1e-5 for hit in hits]))
    return float(np.mean(shares))


async def test_a_hundred_copies_each_of_some_messages_do_not_hide_the_others(
    index: ChromaVectorIndex,
) -> None:
    vectors = some_vectors(4_000, dimensions=DIMENSIONS)
    for first in range(0, 2_000, 200):
        vectors[first : first + 100] = vectors[first]
    held = spread(vectors)
    await index.put(GUILD, held)
    queries = some_vectors(20, seed=1, dimensions=DIMENSIONS)
    assert await recall(index, held, queries) > 0.95


@define
class TrappingCollection:
    """Finds 300 copies of one message, unless it is asked for more than a thousand."""

    vectors: Vector
    name: str = "trapping"

    def count(self) -> int:
        return len(self.vectors)

    def query(
        self, query_embeddings: Vector, n_results: int, include: list[str]
    ) -> dict[str, list[list[object]]]:
        scores = self.vectors @ query_embeddings[0]
        seen = range(300) if n_results < 1_000 else range(len(scores))
        best = sorted(seen, key=lambda row: -scores[row])[:n_results]
        return {
            "ids": [[str(row) for row in best]],
            "distances": [[1 - float(scores[row]) for row in best]],
        }

    def get(self, include: list[str]) -> dict[str, list[str]]:
        return {"ids": [str(row) for row in range(len(self.vectors))]}


def test_a_search_that_found_nothing_but_copies_looks_further() -> None:
    vectors = some_vectors(6_000, dimensions=DIMENSIONS)
    vectors[:300] = vectors[0]
    collection: Collection = TrappingCollection(vectors)  # type: ignore[assignment]
    searching = search.Search(GUILD, collection, VectorCache())
    hits = searching.nearest(vectors[5_000], Restriction.of(EVERYTHING, GUILD), 250)
    wanted = np.argsort(-(vectors @ vectors[5_000]))[:250]
    assert [hit.message_id for hit in hits] == wanted.tolist()


@pytest.mark.parametrize("exact_up_to", [0, 100, 4_000])
@pytest.mark.parametrize(
    "scope",
    [
        Scope({GUILD: [3]}),
        EVERYTHING.by([1]).in_channels([1, 2, 3, 4, 5, 6]),
        EVERYTHING.during(Window(minute(2_900))),
        EVERYTHING.during(Window(minute(1_000), minute(1_600))),
    ],
    ids=["a channel", "most channels", "the last hundred", "a fifth"],
)
async def test_the_nearest_of_a_part_are_found_however_they_are_searched(
    index: ChromaVectorIndex, monkeypatch: pytest.MonkeyPatch, scope: Scope, exact_up_to: int
) -> None:
    monkeypatch.setattr(search, "_EXACT_UP_TO", exact_up_to)
    held = spread(some_vectors(3_000, dimensions=DIMENSIONS))
    await index.put(GUILD, held)
    inside = [
        e
        for row, e in enumerate(held)
        if scope.may_read(GUILD, e.channel_id) and minute(row) in scope.window
    ]
    queries = some_vectors(5, seed=1, dimensions=DIMENSIONS)
    assert await recall(index, inside, queries, scope) > 0.95


# The vectors kept in memory


@define
class CountedCollection:
    """Hands out vectors like Chroma, and keeps what it was asked for."""

    vectors: dict[int, Vector]
    name: str = "counted"
    asked: list[int] = field(factory=list)

    def get(self, ids: list[str], include: list[str]) -> dict[str, object]:
        assert include == ["embeddings"]
        keys = [int(key) for key in ids]
        assert len(set(keys)) == len(keys)
        self.asked += keys
        found = [key for key in keys if key in self.vectors]
        return {
            "ids": [str(key) for key in found],
            "embeddings": np.array([self.vectors[key] for key in found]),
        }


@pytest.fixture
def counted() -> CountedCollection:
    return CountedCollection(dict(enumerate(some_vectors(2_500))))


def vectors_of(cache: VectorCache, counted: CountedCollection, *keys: int) -> list[int]:
    """Return for which messages there were vectors, having checked these."""
    collection: Collection = counted  # type: ignore[assignment]  # it has what is needed
    found, vectors = cache.vectors(collection, keys)
    for key, vector in zip(found, vectors, strict=True):
        assert (vector == counted.vectors[key]).all()
    return sorted(found)


def forget(cache: VectorCache, counted: CountedCollection, *keys: int) -> None:
    cache.changed(counted, keys)  # type: ignore[arg-type]


def test_a_vector_is_fetched_once(counted: CountedCollection) -> None:
    cache = VectorCache()
    assert vectors_of(cache, counted, 1, 2, 2, 9_999) == [1, 2]
    assert vectors_of(cache, counted, 2, 3) == [2, 3]
    assert vectors_of(cache, counted, 9_999) == []
    assert counted.asked == [1, 2, 9_999, 3]
    assert vectors_of(cache, counted, *range(2_500)) == list(range(2_500))


def test_the_vectors_fetched_longest_ago_make_room(counted: CountedCollection) -> None:
    cache = VectorCache(size=2)
    for key in (1, 2, 1, 3, 2, 1):
        assert vectors_of(cache, counted, key) == [key]
    assert counted.asked == [1, 2, 3, 1]


def test_a_message_that_gets_a_vector_is_looked_for_again(counted: CountedCollection) -> None:
    cache = VectorCache()
    assert vectors_of(cache, counted, 9_999) == []
    counted.vectors[9_999] = counted.vectors[1]
    forget(cache, counted, 9_999)
    assert vectors_of(cache, counted, 9_999) == [9_999]


def test_the_room_of_a_forgotten_vector_is_used_again(counted: CountedCollection) -> None:
    cache = VectorCache(size=3)
    vectors_of(cache, counted, 1, 2, 3)
    forget(cache, counted, 1)
    assert vectors_of(cache, counted, 2, 3, 4) == [2, 3, 4]
    assert vectors_of(cache, counted, 2, 3, 4) == [2, 3, 4]
    assert counted.asked == [1, 2, 3, 4]


def test_more_vectors_than_there_is_room_for_are_handed_out(counted: CountedCollection) -> None:
    assert vectors_of(VectorCache(size=3), counted, *range(10)) == list(range(10))


def test_a_changed_vector_is_fetched_again(counted: CountedCollection) -> None:
    cache = VectorCache()
    vectors_of(cache, counted, 1, 2)
    counted.vectors[1] = counted.vectors[5]
    forget(cache, counted, 1)
    vectors_of(cache, counted, 1, 2)
    cache.clear()
    vectors_of(cache, counted, 2)
    assert counted.asked == [1, 2, 1, 2]


async def test_a_window_follows_what_is_written_and_removed(index: ChromaVectorIndex) -> None:
    """Also after the ids of the server were listed once."""
    held = spread(some_vectors(600, dimensions=DIMENSIONS))
    late = EVERYTHING.during(Window(minute(590)))
    await index.put(GUILD, held[:595])

    async def found() -> set[int]:
        return {h.message_id for h in await index.nearest(held[0].vector, late, 50)}

    assert await found() == {entry.message_id for entry in held[590:595]}
    await index.put(GUILD, held[595:])
    assert await found() == {entry.message_id for entry in held[590:]}
    await index.remove(GUILD, [entry.message_id for entry in held[590:597]])
    assert await found() == {entry.message_id for entry in held[597:]}
    forever = EVERYTHING.during(Window(minute(590), datetime.max.replace(tzinfo=UTC)))
    hits = await index.nearest(held[0].vector, forever, 50)
    assert {hit.message_id for hit in hits} == {entry.message_id for entry in held[597:]}


def test_a_vector_that_changes_while_it_is_fetched_is_not_kept() -> None:
    @define
    class ChangedCollection(CountedCollection):
        def get(self, ids: list[str], include: list[str]) -> dict[str, object]:
            answer = super().get(ids, include)
            if len(self.asked) == 1:
                self.vectors[1] = self.vectors[5]
                forget(cache, self, 1)
            return answer

    cache = VectorCache()
    changed = ChangedCollection(dict(enumerate(some_vectors(10))))
    cache.vectors(changed, [1])  # type: ignore[arg-type]
    assert vectors_of(cache, changed, 1) == [1]
    assert changed.asked == [1, 1]


def test_what_others_may_have_changed_is_kept_only_so_long(counted: CountedCollection) -> None:
    cache = VectorCache(lifetime=0)
    vectors_of(cache, counted, 1)
    counted.vectors[1] = counted.vectors[5]
    assert vectors_of(cache, counted, 1) == [1]
    lasting = VectorCache(lifetime=3_600)
    vectors_of(lasting, counted, 1)
    vectors_of(lasting, counted, 1)
    assert counted.asked == [1, 1, 1]
