"""Checking the numbers that an answer cites."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.grounding import check_citations


@pytest.mark.parametrize(
    ("text", "expected", "cited"),
    [
        ("Use apt [1].", "Use apt [1].", (1,)),
        ("Use apt [9].", "Use apt.", ()),
        ("Use apt [2][1] or dpkg [2].", "Use apt [2][1] or dpkg [2].", (2, 1)),
        ("Use apt [1, 9].", "Use apt [1].", (1,)),
        ("Both [1,2]", "Both [1][2]", (1, 2)),
        ("[7] starts", " starts", ()),
        ("see array[0] or [x]", "see array or [x]", ()),
        ("", "", ()),
    ],
)
def test_numbers_of_no_excerpt_are_removed(text: str, expected: str, cited: tuple[int]) -> None:
    assert check_citations(text, {1, 2}) == (expected, cited)


@given(st.text(alphabet="ab [],.0123456789"), st.frozensets(st.integers(0, 20)))
def test_only_given_numbers_are_cited_and_checking_twice_changes_nothing(
    text: str, numbers: frozenset[int]
) -> None:
    checked, cited = check_citations(text, numbers)
    assert set(cited) <= numbers
    assert check_citations(checked, numbers) == (checked, cited)
