"""Dividing what was said in a channel into stretches of conversation."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.domain.chunking import MAX_MESSAGES, SILENCE_MS, cell_of, cell_span, split_cell

MINUTE = 60_000
START, END = cell_span(123_456)

moments = st.lists(st.integers(START, END - 1), max_size=200).map(sorted)


def lengths(moments_ms: list[int]) -> list[int]:
    return [len(chunk) for chunk in split_cell(moments_ms)]


def test_a_cell_spans_more_than_two_hours_and_meets_the_next() -> None:
    assert (END - START) / MINUTE > 120
    assert cell_of(START) == cell_of(END - 1) == 123_456
    assert cell_span(cell_of(END))[0] == END


def test_cells_before_the_epoch_are_cells_too() -> None:
    assert cell_of(-1) == -1
    assert cell_span(-1)[1] == 0


def test_nothing_said_makes_no_chunk() -> None:
    assert split_cell([]) == []


def test_a_short_conversation_is_one_chunk() -> None:
    assert lengths([START + n * MINUTE for n in range(MAX_MESSAGES)]) == [MAX_MESSAGES]


def test_a_silence_of_half_an_hour_ends_a_conversation() -> None:
    assert lengths([START, START + SILENCE_MS - 1]) == [2]
    assert lengths([START, START + SILENCE_MS]) == [1, 1]


def test_a_long_conversation_is_halved_at_the_middle_of_the_grid() -> None:
    middle = (START + END) // 2
    early = [middle - 5 * MINUTE + n for n in range(3)]
    late = [middle + n for n in range(MAX_MESSAGES - 2)]
    assert lengths([*early, *late]) == [3, MAX_MESSAGES - 2]


def test_what_was_said_in_one_millisecond_is_divided_by_number() -> None:
    assert lengths([START + 7] * (2 * MAX_MESSAGES + 1)) == [MAX_MESSAGES, MAX_MESSAGES, 1]


@given(moments)
def test_chunks_cover_all_messages_in_order(moments_ms: list[int]) -> None:
    positions = [at for chunk in split_cell(moments_ms) for at in chunk]
    assert positions == list(range(len(moments_ms)))


@given(moments)
def test_chunks_are_neither_empty_nor_long_nor_silent(moments_ms: list[int]) -> None:
    for chunk in split_cell(moments_ms):
        assert 0 < len(chunk) <= MAX_MESSAGES
        said = [moments_ms[at] for at in chunk]
        assert all(later - earlier < SILENCE_MS for earlier, later in pairwise(said))


@given(moments)
def test_conversations_are_divided_only_where_they_must_be(moments_ms: list[int]) -> None:
    """At a silence, at a line of the grid, or within a millisecond."""
    for left, right in pairwise(split_cell(moments_ms)):
        before, after = moments_ms[left[-1]], moments_ms[right[0]]
        crosses_grid = before != after
        assert after - before >= SILENCE_MS or crosses_grid or len(left) == MAX_MESSAGES
        if after - before < SILENCE_MS:
            conversation = [at for at in moments_ms if abs(at - before) < END - START]
            assert len(conversation) > MAX_MESSAGES


@given(moments, st.integers(START, END - 1))
def test_a_message_changes_no_chunk_beyond_a_silence(moments_ms: list[int], one: int) -> None:
    def far_from_it(said: list[int]) -> list[tuple[int, ...]]:
        chunks = [tuple(said[at] for at in chunk) for chunk in split_cell(said)]
        lonely = _conversation_of(one, said)
        return [chunk for chunk in chunks if not lonely & set(chunk)]

    assert far_from_it(sorted([*moments_ms, one])) == [
        chunk
        for chunk in (tuple(moments_ms[at] for at in c) for c in split_cell(moments_ms))
        if not _conversation_of(one, sorted([*moments_ms, one])) & set(chunk)
    ]


def _conversation_of(one: int, said: list[int]) -> set[int]:
    """Return all that is joined to a moment without a silence."""
    joined = {one}
    for step in (1, -1):
        last = one
        for moment in said[::step]:
            if 0 <= (moment - last) * step < SILENCE_MS:
                joined.add(moment)
                last = moment
    return joined
