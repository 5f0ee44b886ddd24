"""Cutting many messages into slices that a model reads at once."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from app.domain.prompt import SEPARATOR, format_excerpt
from app.domain.slicing import LARGEST_NUMBER, MOST_SLICES, slices_of
from tests.conversations import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.prompt import Excerpt


def length(excerpts: Sequence[Excerpt]) -> int:
    return len(SEPARATOR.join(map(format_excerpt, excerpts)))


def test_what_a_model_reads_at_once_is_not_sliced() -> None:
    said = [say(f"message of number {n}", n) for n in range(10)]
    assert slices_of(said, 4_000) == ()
    assert slices_of([], 4_000) == ()


def test_slices_follow_each_other_in_time_and_are_numbered_through() -> None:
    said = [say(f"message of number {n}", n) for n in range(30)]
    slices = slices_of(said[::-1], 1_000)
    assert len(slices) == 3
    whole = list(chain.from_iterable(slices))
    assert [e.number for e in whole] == list(range(1, 31))
    assert [e.message for e in whole] == said
    assert {len(excerpts) for excerpts in slices} <= {9, 10, 11}


def test_of_more_than_all_slices_hold_the_most_telling_are_kept_in_each() -> None:
    said = [say(f"message of number {n}", n) for n in range(300)]
    by_worth = sorted(said, key=lambda message: int(message.text.split()[-1]) % 10)
    slices = slices_of(by_worth, 1_000)
    assert len(slices) == MOST_SLICES
    kept = {e.message.id for e in chain.from_iterable(slices)}
    assert {m.id for m in by_worth[:30]} <= kept
    assert len(kept) < 100


def test_numbers_stay_such_that_they_can_be_cited() -> None:
    said = [say(f"m{n}", n) for n in range(1_500)]
    slices = slices_of(said, 30_000)
    assert max(e.number for e in chain.from_iterable(slices)) <= LARGEST_NUMBER


@given(st.lists(st.text(max_size=900), max_size=40), st.integers(1, 2_000))
def test_no_slice_is_longer_than_a_model_reads(texts: list[str], limit: int) -> None:
    said = [say(text, minute) for minute, text in enumerate(texts)]
    slices = slices_of(said, limit)
    assert len(slices) <= MOST_SLICES
    assert all(0 < length(excerpts) <= limit for excerpts in slices)
    numbers = [e.number for e in chain.from_iterable(slices)]
    assert numbers == list(range(1, len(numbers) + 1))
