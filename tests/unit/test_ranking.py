"""Fusing rankings into one order."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.context import recency
from app.domain.model import ChunkHit, Hit
from app.domain.ranking import CONVERSATION, MEANING, WORDS, Candidates, fuse, gather

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
scores = st.floats(0, 100, allow_nan=False)
score_tables = st.dictionaries(st.integers(1, 40), scores, max_size=20)


def candidates(
    words: dict[int, float], conversation: dict[int, float], similarity: dict[int, float]
) -> Candidates:
    ids = {*words, *conversation, *similarity}
    return Candidates(dict.fromkeys(ids, 1), words, conversation, similarity)


def test_a_chunks_score_goes_to_all_its_messages_and_the_best_chunk_counts() -> None:
    chunks = [ChunkHit(1, (10, 11), 3.0), ChunkHit(1, (11, 12), 5.0)]
    assert gather([], chunks, []).conversation == {10: 3.0, 11: 5.0, 12: 5.0}


def test_every_proposal_becomes_a_candidate_of_its_server() -> None:
    pool = gather([Hit(1, 7, 2.0)], [ChunkHit(8, (2,), 1.0)], [Hit(3, 9, 0.5)])
    assert pool.guilds == {1: 7, 2: 8, 3: 9}


def test_the_sum_is_the_weighted_z_scores() -> None:
    # Of two candidates the z-scores are +1 and -1, whatever the unit.
    first, second = fuse(candidates({1: 9.0, 2: 3.0}, {1: 4.0, 2: 8.0}, {1: 0.9, 2: 0.1}), 50)
    assert (first.message_id, second.message_id) == (2, 1)
    assert first.score == pytest.approx(-0.5 - 1.0 + 2.0)
    assert first.parts == pytest.approx({WORDS: -0.5, MEANING: -1.0, CONVERSATION: 2.0})
    assert first.similarity == 0.1


def test_a_candidate_without_a_vector_counts_as_the_least_similar() -> None:
    ranked = fuse(candidates({}, {3: 0.0}, {1: 0.9, 2: 0.2}), 50)
    part = {r.message_id: r.parts[MEANING] for r in ranked}
    assert part[3] == part[2] < part[1]
    assert {r.message_id: r.similarity for r in ranked}[3] is None


def test_a_ranking_that_tells_nothing_apart_adds_nothing() -> None:
    ranked = fuse(candidates({1: 2.0, 2: 1.0}, {1: 0.1 + 0.2, 2: 0.3}, {}), 50)
    assert [r.parts[CONVERSATION] for r in ranked] == [0.0, 0.0]


def test_no_more_than_the_best_are_returned() -> None:
    table = {n: float(n) for n in range(1, 9)}
    best = fuse(candidates(table, {}, {}), 3)
    assert [r.message_id for r in best] == [8, 7, 6]
    assert best == fuse(candidates(table, {}, {}), 50)[:3]


def test_no_candidates_give_no_order() -> None:
    assert fuse(candidates({}, {}, {}), 50) == []


@given(score_tables, score_tables, score_tables, st.randoms())
def test_the_order_of_the_input_does_not_matter(
    words: dict[int, float],
    conversation: dict[int, float],
    similarity: dict[int, float],
    random: Random,
) -> None:
    def shuffled(table: dict[int, float]) -> dict[int, float]:
        return dict(random.sample(list(table.items()), len(table)))

    straight = fuse(candidates(words, conversation, similarity), 50)
    mixed = fuse(candidates(shuffled(words), shuffled(conversation), shuffled(similarity)), 50)
    assert straight == mixed
    assert [r.score for r in straight] == sorted((r.score for r in straight), reverse=True)


def test_equal_scores_are_ordered_newest_first() -> None:
    assert [r.message_id for r in fuse(candidates({5: 1.0, 9: 1.0, 7: 1.0}, {}, {}), 50)] == [
        9,
        7,
        5,
    ]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, 1.0), (0.9, 1.0), (15, 0.5), (29, 1 / 30), (30, 0.0), (4_000, 0.0), (-5, 1.0)],
)
def test_recency_falls_over_thirty_whole_days(days: float, expected: float) -> None:
    assert recency(NOW - timedelta(days=days), NOW) == pytest.approx(expected)


few = st.sampled_from([0.0, 0.5, 1.0])  # so that equals are many
hits = st.lists(
    st.builds(Hit, st.integers(1, 30), st.just(7), few), unique_by=lambda h: h.message_id
)
chunks = st.lists(
    st.builds(ChunkHit, st.just(7), st.lists(st.integers(1, 30), min_size=1).map(tuple), few)
)


@given(hits, chunks, hits, st.randoms())
def test_equals_are_ordered_alike_in_whatever_order_the_rankings_bring_them(
    words: list[Hit], conversations: list[ChunkHit], nearest: list[Hit], random: Random
) -> None:
    straight = fuse(gather(words, conversations, nearest), 50)
    for proposals in (words, conversations, nearest):
        random.shuffle(proposals)
    assert fuse(gather(words, conversations, nearest), 50) == straight
    places = [(-ranked.score, -ranked.message_id) for ranked in straight]
    assert places == sorted(places)
