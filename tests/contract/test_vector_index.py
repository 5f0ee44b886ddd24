"""What every vector index promises: the nearest inside the scope, exactly the vectors put."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import IndexMismatch, IndexUnavailable
from app.domain.model import Scope, Window
from app.ports.storage import Entry
from tests.chroma_server import chroma_server
from tests.vector_indexes import (
    AUTHOR,
    CHANNEL,
    DIMENSIONS,
    GUILD,
    IDENTITY,
    OTHER_GUILD,
    OTHER_IDENTITY,
    Exact,
    Place,
    entries,
    entry,
    in_batches,
    in_dictionary,
    in_memory,
    message_id,
    minute,
    on_disk,
    on_server,
    some_vectors,
    towards,
)

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Callable,
        Coroutine,
        Iterator,
        Sequence,
    )
    from pathlib import Path

    from app.ports.storage import VectorIndex
    from tests.chroma_server import ChromaServer

T = TypeVar("T")

EVERYTHING = Scope.everything()
CLOSE = 1e-5
"""How far a cosine may be off: float32, summed up in another order."""

ADAPTERS: dict[str, Callable[[Path, ChromaServer], Place]] = {
    "MemoryVectorIndex": in_dictionary,
    "ChromaVectorIndex in memory": in_memory,
    "ChromaVectorIndex on disk": on_disk,
    "ChromaVectorIndex on a server": on_server,
}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    with chroma_server(tmp_path_factory.mktemp("chroma-server")) as running:
        yield running


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def place(
    adapter: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncGenerator[Place, None]:
    server = request.getfixturevalue("server") if adapter.endswith("server") else None
    opened = ADAPTERS[adapter](tmp_path, server)  # type: ignore[arg-type]  # only one needs it
    yield opened
    await opened.close()


@pytest.fixture
async def index(place: Place) -> VectorIndex:
    return await place.index()


async def found(index: VectorIndex, scope: Scope = EVERYTHING, limit: int = 100) -> set[int]:
    return {hit.message_id for hit in await index.nearest(towards(1), scope, limit)}


# What is nearest


async def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    assert await index.nearest(towards(1), EVERYTHING, 10) == []
    assert await index.similarities(towards(1), {GUILD: [message_id(1)]}, EVERYTHING) == {}
    assert await index.count(EVERYTHING) == 0
    assert await index.stale(EVERYTHING) == []


async def test_the_score_is_the_cosine_and_the_most_similar_comes_first(
    index: VectorIndex,
) -> None:
    await index.put(
        GUILD, [entry(1, towards(-1)), entry(2, towards(0, 1)), entry(3, towards(3, 4))]
    )
    hits = await index.nearest(towards(1), EVERYTHING, 10)
    assert [hit.message_id for hit in hits] == [message_id(3), message_id(2), message_id(1)]
    assert [hit.score for hit in hits] == pytest.approx([0.6, 0, -1], abs=CLOSE)
    assert {hit.guild_id for hit in hits} == {GUILD}


async def test_the_older_of_two_equal_messages_comes_first(index: VectorIndex) -> None:
    await index.put(GUILD, [entry(number, towards(1, 1)) for number in (3, 1, 2)])
    hits = await index.nearest(towards(1), EVERYTHING, 3)
    assert [hit.message_id for hit in hits] == [message_id(1), message_id(2), message_id(3)]


async def test_no_more_than_the_limit_is_returned(index: VectorIndex) -> None:
    await index.put(GUILD, entries(some_vectors(30)))
    assert len(await index.nearest(towards(1), EVERYTHING, 7)) == 7
    assert len(await index.nearest(towards(1), EVERYTHING, 1_000_000_000_000)) == 30
    assert await index.nearest(towards(1), EVERYTHING, 0) == []


async def test_servers_are_searched_together_and_the_best_of_all_is_returned(
    index: VectorIndex,
) -> None:
    await index.put(GUILD, [entry(1, towards(1, 2)), entry(2, towards(0, 1))])
    await index.put(OTHER_GUILD, [entry(3, towards(1, 1)), entry(4, towards(1, 3))])
    hits = await index.nearest(towards(1), EVERYTHING, 3)
    assert [(hit.guild_id, hit.message_id) for hit in hits] == [
        (OTHER_GUILD, message_id(3)),
        (GUILD, message_id(1)),
        (OTHER_GUILD, message_id(4)),
    ]


async def test_ids_of_64_bits_come_back_whole(index: VectorIndex) -> None:
    ids = [2**53 + 1, 2**62 + 3, 2**63 - 1]
    channel = author = 2**62 + 1
    await index.put(GUILD, [Entry(key, channel, author, towards(1)) for key in ids])
    scope = Scope({GUILD: [channel]}).by([author])
    assert await found(index, scope) == set(ids)
    assert await found(index, Scope({GUILD: [channel - 1]})) == set()
    assert set(await index.similarities(towards(1), {GUILD: ids}, EVERYTHING)) == set(ids)


# Changing what is held


async def test_a_vector_that_is_put_again_replaces_the_first(index: VectorIndex) -> None:
    await index.put(GUILD, [entry(1, towards(1), channel=1)])
    assert await index.similarities(towards(1), {GUILD: [message_id(1)]}, EVERYTHING) != {}
    await index.put(GUILD, [entry(1, towards(0, 1), channel=2)])
    assert await index.count(EVERYTHING) == 1
    assert await found(index, Scope({GUILD: [1]})) == set()
    [hit] = await index.nearest(towards(1), Scope({GUILD: [2]}), 10)
    assert hit.score == pytest.approx(0, abs=CLOSE)
    similarities = await index.similarities(towards(1), {GUILD: [message_id(1)]}, EVERYTHING)
    assert similarities == {message_id(1): pytest.approx(0, abs=CLOSE)}


async def test_of_a_message_given_twice_the_last_counts(index: VectorIndex) -> None:
    await index.put(GUILD, [entry(1, towards(1)), entry(1, towards(0, 1))])
    [hit] = await index.nearest(towards(1), EVERYTHING, 10)
    assert hit.score == pytest.approx(0, abs=CLOSE)


async def test_what_was_removed_is_not_found(index: VectorIndex) -> None:
    await index.put(GUILD, [entry(1, towards(1)), entry(2, towards(1, 1))])
    await index.similarities(towards(1), {GUILD: [message_id(1)]}, EVERYTHING)
    await index.remove(GUILD, [message_id(1)])
    assert await found(index) == {message_id(2)}
    assert await index.similarities(towards(1), {GUILD: [message_id(1)]}, EVERYTHING) == {}
    assert await index.count(EVERYTHING) == 1


async def test_removing_what_is_not_there_does_nothing(index: VectorIndex) -> None:
    await index.remove(GUILD, [message_id(1)])
    await index.put(GUILD, [entry(1, towards(1))])
    await index.remove(GUILD, [message_id(2), message_id(2)])
    await index.remove(GUILD, [])
    await index.remove(OTHER_GUILD, [message_id(1)])
    assert await found(index) == {message_id(1)}


async def test_what_was_removed_can_be_put_again(index: VectorIndex) -> None:
    await index.put(GUILD, [entry(1, towards(1))])
    await index.remove(GUILD, [message_id(1)])
    await index.put(GUILD, [entry(1, towards(1))])
    assert await found(index) == {message_id(1)}


async def test_a_dropped_server_is_gone_and_can_begin_anew(index: VectorIndex) -> None:
    await index.put(GUILD, [entry(1, towards(1))])
    await index.put(OTHER_GUILD, [entry(2, towards(1))])
    await index.similarities(towards(1), {GUILD: [message_id(1)]}, EVERYTHING)
    await index.drop(GUILD)
    await index.drop(GUILD)
    assert await found(index) == {message_id(2)}
    assert await index.similarities(towards(1), {GUILD: [message_id(1)]}, EVERYTHING) == {}
    await index.put(GUILD, [entry(3, towards(1))])
    assert await found(index) == {message_id(2), message_id(3)}
    assert await index.similarities(towards(1), {GUILD: [message_id(1)]}, EVERYTHING) == {}


async def test_putting_nothing_changes_nothing(index: VectorIndex) -> None:
    await index.put(GUILD, [])
    assert await index.count(EVERYTHING) == 0


async def test_more_than_one_batch_is_put_and_removed(index: VectorIndex) -> None:
    held = entries(some_vectors(2_300))
    await index.put(GUILD, held)
    assert await index.count(EVERYTHING) == 2_300
    await index.remove(GUILD, [e.message_id for e in held[:2_200]])
    assert await found(index, limit=200) == {e.message_id for e in held[2_200:]}


async def test_vectors_survive_closing_and_opening(place: Place) -> None:
    index = await place.index()
    await index.put(GUILD, [entry(1, towards(1)), entry(2, towards(1, 1))])
    await index.remove(GUILD, [message_id(2)])
    again = await place.index()
    assert await found(again) == {message_id(1)}
    assert await again.similarities(
        towards(1), {GUILD: [message_id(1), message_id(2)]}, EVERYTHING
    ) == {message_id(1): pytest.approx(1, abs=CLOSE)}


async def test_reading_and_writing_at_the_same_time_disturb_nobody(index: VectorIndex) -> None:
    await index.put(GUILD, entries(some_vectors(300)))
    kept = {e.message_id for e in entries(some_vectors(100))}

    async def write() -> None:
        for first in range(300, 900, 60):
            await index.put(GUILD, entries(some_vectors(60, seed=first), first))
            await index.remove(GUILD, [message_id(first - 100)])

    async def read() -> None:
        for vector in some_vectors(15, seed=1):
            hits = await index.nearest(vector, EVERYTHING, 50)
            assert len(hits) == 50
            assert kept == set(await index.similarities(vector, {GUILD: kept}, EVERYTHING))

    await asyncio.gather(write(), *(read() for _ in range(4)))
    assert await index.count(EVERYTHING) == 890


# Similarities


async def test_similarities_are_told_of_messages_that_have_a_vector(index: VectorIndex) -> None:
    await index.put(GUILD, [entry(1, towards(3, 4)), entry(2, towards(0, 1))])
    await index.put(OTHER_GUILD, [entry(3, towards(1))])
    asked = {
        GUILD: [message_id(n) for n in (1, 1, 2, 5)],
        OTHER_GUILD: [message_id(3), message_id(1)],
        999: [message_id(1)],
    }
    assert await index.similarities(towards(1), asked, EVERYTHING) == {
        message_id(1): pytest.approx(0.6, abs=CLOSE),
        message_id(2): pytest.approx(0, abs=CLOSE),
        message_id(3): pytest.approx(1, abs=CLOSE),
    }
    assert await index.similarities(towards(1), {}, EVERYTHING) == {}
    assert await index.similarities(towards(1), {GUILD: []}, EVERYTHING) == {}


# Scopes


async def test_nothing_is_found_or_counted_with_a_scope_that_admits_nothing(
    index: VectorIndex,
) -> None:
    await index.put(GUILD, [entry(1, towards(1))])
    closed = (
        Scope.nothing(),
        Scope({GUILD: []}),
        Scope({OTHER_GUILD: None}),
    )
    for scope in closed:
        assert await found(index, scope) == set()
        assert await index.count(scope) == 0
    for scope in (
        EVERYTHING.in_channels([]),
        EVERYTHING.by([]),
        EVERYTHING.during(Window(minute(3), minute(3))),
        EVERYTHING.during(Window(minute(5), minute(1))),
    ):
        assert await found(index, scope) == set()


async def test_a_window_admits_its_first_moment_and_not_its_last(index: VectorIndex) -> None:
    await index.put(GUILD, [entry(number, towards(1)) for number in range(5)])
    scope = EVERYTHING.during(Window(minute(1), minute(3)))
    assert await found(index, scope) == {message_id(1), message_id(2)}
    assert await found(index, EVERYTHING.during(Window(minute(3)))) == {
        message_id(3),
        message_id(4),
    }


async def test_a_small_part_of_a_server_is_found_however_far_its_messages_are(
    index: VectorIndex,
) -> None:
    near = [entry(number, towards(10, number % 7, 1)) for number in range(1_500)]
    far = [
        entry(number, towards(-1, number), channel=8, author=2) for number in range(2_000, 2_020)
    ]
    await index.put(GUILD, [*near, *far])
    wanted = [key for key, _ in Exact(far).nearest(towards(1))]
    for scope in (
        Scope({GUILD: [8]}),
        EVERYTHING.in_channels([8, 99]),
        EVERYTHING.by([2]),
        EVERYTHING.during(Window(after=minute(2_000))),
        Scope({GUILD: [7, 8]}).by([2]).during(Window(minute(1), minute(2_020))),
    ):
        hits = await index.nearest(towards(1), scope, 15)
        assert [hit.message_id for hit in hits] == wanted[:15]


async def test_a_scope_of_many_thousand_channels_is_no_problem(index: VectorIndex) -> None:
    channels = range(40_000)
    await index.put(
        GUILD,
        [entry(1, towards(1), channel=39_999), entry(2, towards(1), channel=50_000)],
    )
    assert await found(index, Scope({GUILD: channels})) == {message_id(1)}


HELD = {
    guild: [
        Entry(message_id(guild + row), row % 4, row % 3, vector)
        for row, vector in enumerate(some_vectors(60, seed=guild))
    ]
    for guild in (1_000, 2_000, 3_000)
}
SCOPES = st.builds(
    lambda grants, channels, authors, after, before: Scope(
        grants,
        channels,
        authors,
        Window(
            None if after is None else minute(after), None if before is None else minute(before)
        ),
    ),
    st.none()
    | st.dictionaries(
        st.sampled_from([*HELD, 4_000]), st.none() | st.sets(st.integers(0, 5)), max_size=4
    ),
    st.none() | st.frozensets(st.integers(0, 5)),
    st.none() | st.frozensets(st.integers(0, 3)),
    st.none() | st.integers(900, 3_100),
    st.none() | st.integers(900, 3_100),
)


async def test_all_that_is_found_is_in_scope_and_it_is_the_nearest_of_it(
    index: VectorIndex,
) -> None:
    for guild, held in HELD.items():
        await index.put(guild, held)
    everybody = {guild: [e.message_id for e in held] for guild, held in HELD.items()}

    def now(asked: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(asked, loop).result(timeout=60)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(scope=SCOPES, limit=st.integers(1, 200), seed=st.integers(0, 50))
    def check(scope: Scope, limit: int, seed: int) -> None:
        vector = some_vectors(1, seed=seed)[0]
        hits = now(index.nearest(vector, scope, limit))
        inside = [e for guild, held in HELD.items() for e in held if _admits(scope, guild, e)]
        wanted = Exact(inside).nearest(vector)[:limit]
        assert {h.message_id for h in hits} <= {e.message_id for e in inside}
        told = now(index.similarities(vector, everybody, scope))
        assert told.keys() == {e.message_id for e in inside}
        assert now(index.count(scope)) == len(inside)
        assert [h.score for h in hits] == pytest.approx([s for _, s in wanted], abs=CLOSE)
        assert [(h.score, -h.message_id) for h in hits] == sorted(
            ((h.score, -h.message_id) for h in hits), reverse=True
        )

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(check)


def _admits(scope: Scope, guild: int, held: Entry) -> bool:
    row = next(row for row, e in enumerate(HELD[guild]) if e is held)
    return (
        scope.may_read(guild, held.channel_id)
        and (scope.authors is None or held.author_id in scope.authors)
        and minute(guild + row) in scope.window
    )


# Vectors of another embedding


async def test_vectors_of_another_embedding_are_neither_used_nor_mixed_with(
    place: Place,
) -> None:
    index = await place.index(OTHER_IDENTITY)
    await index.put(GUILD, [entry(1, towards(1))])
    index = await place.index(IDENTITY)
    assert index.identity == IDENTITY
    with pytest.raises(IndexMismatch, match="reindex"):
        await index.put(GUILD, [entry(2, towards(1))])
    await index.put(OTHER_GUILD, [entry(3, towards(1))])
    assert await found(index) == {message_id(3)}
    assert await index.similarities(towards(1), {GUILD: [message_id(1)]}, EVERYTHING) == {}
    assert await index.count(EVERYTHING) == 1
    assert await index.stale(EVERYTHING) == [GUILD]
    assert await index.stale(Scope({OTHER_GUILD: None})) == []
    assert await index.stale(Scope({GUILD: []})) == []


async def test_vectors_of_another_embedding_can_be_removed(place: Place) -> None:
    index = await place.index(OTHER_IDENTITY)
    await index.put(GUILD, [entry(1, towards(1)), entry(2, towards(1))])
    index = await place.index(IDENTITY)
    await index.remove(GUILD, [message_id(1)])
    assert await found(await place.index(OTHER_IDENTITY)) == {message_id(2)}
    index = await place.index(IDENTITY)
    await index.drop(GUILD)
    assert await index.stale(EVERYTHING) == []
    await index.put(GUILD, [entry(3, towards(1))])
    assert await found(index) == {message_id(3)}


# Building anew


async def test_a_rebuilt_server_holds_what_it_was_rebuilt_from(place: Place) -> None:
    index = await place.index(OTHER_IDENTITY)
    await index.put(GUILD, [entry(1, towards(1)), entry(2, towards(1))])
    index = await place.index(IDENTITY)
    built = in_batches([entry(2, towards(0, 1))], [], [entry(3, towards(1, 1))])
    assert await index.rebuild(GUILD, built) == 2
    assert await index.stale(EVERYTHING) == []
    assert await found(index) == {message_id(2), message_id(3)}
    assert await index.similarities(
        towards(1), {GUILD: [message_id(1), message_id(2)]}, EVERYTHING
    ) == {message_id(2): pytest.approx(0, abs=CLOSE)}
    await index.put(GUILD, [entry(4, towards(1))])
    assert await found(await place.index(IDENTITY)) == {message_id(n) for n in (2, 3, 4)}


async def test_a_server_that_had_nothing_can_be_rebuilt_and_one_rebuilt_from_nothing(
    index: VectorIndex,
) -> None:
    assert await index.rebuild(GUILD, in_batches([entry(1, towards(1))])) == 1
    assert await found(index) == {message_id(1)}
    assert await index.rebuild(GUILD, in_batches()) == 0
    assert await found(index) == set()


async def test_until_the_rebuild_ends_the_old_vectors_are_found(index: VectorIndex) -> None:
    await index.put(GUILD, [entry(1, towards(1))])

    async def looking() -> AsyncIterator[Sequence[Entry]]:
        yield [entry(2, towards(1))]
        assert await found(index) == {message_id(1)}
        assert await index.count(EVERYTHING) == 1

    assert await index.rebuild(GUILD, looking()) == 1
    assert await found(index) == {message_id(2)}


async def test_an_interrupted_rebuild_leaves_the_old_vectors_and_the_next_succeeds(
    place: Place,
) -> None:
    index = await place.index()
    await index.put(GUILD, [entry(1, towards(1))])

    async def breaking() -> AsyncIterator[Sequence[Entry]]:
        yield [entry(2, towards(1))]
        raise RuntimeError("the archive went away")

    with pytest.raises(RuntimeError, match="the archive went away"):
        await index.rebuild(GUILD, breaking())
    assert await found(index) == {message_id(1)}
    index = await place.index()
    assert await found(index) == {message_id(1)}
    assert await index.rebuild(GUILD, in_batches([entry(3, towards(1))])) == 1
    assert await found(index) == {message_id(3)}


async def test_what_changes_during_a_rebuild_is_not_lost_to_it(index: VectorIndex) -> None:
    await index.put(GUILD, [entry(number, towards(1)) for number in (1, 2, 3)])

    async def slow() -> AsyncIterator[Sequence[Entry]]:
        yield [entry(1, towards(1)), entry(2, towards(1))]
        await index.put(GUILD, [entry(1, towards(0, 1)), entry(4, towards(0, 1))])
        await index.remove(GUILD, [message_id(2), message_id(3)])
        yield [entry(3, towards(1)), entry(4, towards(1))]

    await index.rebuild(GUILD, slow())
    hits = await index.nearest(towards(0, 1), EVERYTHING, 10)
    assert {(hit.message_id, round(hit.score)) for hit in hits} == {
        (message_id(1), 1),
        (message_id(4), 1),
    }


async def test_a_server_that_is_dropped_during_a_rebuild_stays_dropped(
    index: VectorIndex,
) -> None:
    await index.put(GUILD, [entry(1, towards(1))])

    async def dropping() -> AsyncIterator[Sequence[Entry]]:
        yield [entry(1, towards(1))]
        await index.drop(GUILD)

    with pytest.raises(IndexUnavailable, match="removed"):
        await index.rebuild(GUILD, dropping())
    assert await found(index) == set()
    assert await index.stale(EVERYTHING) == []


async def test_opening_and_closing_twice_is_harmless(index: VectorIndex) -> None:
    await index.open()
    await index.put(GUILD, [entry(1, towards(1))])
    await index.close()
    await index.close()
    await index.open()


def test_the_vectors_of_the_tests_have_unit_length() -> None:
    assert np.linalg.norm(some_vectors(5), axis=1) == pytest.approx(np.ones(5))
    assert some_vectors(5).shape == (5, DIMENSIONS)
    assert CHANNEL != AUTHOR
