"""Checking the numbers that an answer cites."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.grounding import check_citations, cut_repetitions, supporting
from tests.conversations import excerpts_of


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use apt now. Use apt now. Use apt now.", "Use apt now."),
        ("Use apt now. Use apt now.", "Use apt now. Use apt now."),
        ("First. Use apt now. Use apt now.\nuse  APT now. Last.", "First. Use apt now. Last."),
        ("One two three\nfour five six\n" * 3 + "One two thr", "One two three\nfour five six"),
        ("Ana agrees a lot [1]. Ana agrees a lot [2]. Ana agrees a lot [3].", None),
        ("Yes. Yes. Yes. Yes.", None),
        ("```\nreturn the value now\nreturn the value now\nreturn the value now\n```", None),
        ("> say it again, Sam\n> say it again, Sam\n> say it again, Sam\nana [1]", None),
        ("天氣很好。天氣很好。天氣很好。再見。", "天氣很好。再見。"),
        ("Version 1.2.3 is out now. Version 1.2.4 is out now. Version 1.2.5 is out now.", None),
        ("", None),
    ],
)
def test_what_is_written_three_times_stays_once(text: str, expected: str | None) -> None:
    assert cut_repetitions(text) == (text if expected is None else expected)


def test_a_loop_that_ran_until_the_room_was_full_is_cut() -> None:
    loop = "The release is on Friday, as Ana said [1]. " * 40
    assert cut_repetitions(f"Here it is. {loop}"[:1_000]) == (
        "Here it is. The release is on Friday, as Ana said [1]."
    )


@given(st.text(alphabet="ab c.!\n`>[1]。", max_size=200))
def test_cutting_adds_nothing_and_twice_is_as_good_as_once(text: str) -> None:
    cut = cut_repetitions(text)
    assert len(cut) <= len(text)
    assert set(cut.split()) <= set(text.split())
    assert cut_repetitions(cut) == cut


EXCERPTS = excerpts_of(
    "The release ships on Friday after all tests are green.",
    "Bread is baked at noon.",
    "Tests of the release are green on Friday, so it ships.",
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("The release ships on Friday after the tests.", (1, 3)),
        ("They bake bread at noon.", (2,)),
        ("Bread is nice.", ()),
        ("Elephants drink from deep rivers in the evening.", ()),
        ("The excerpts do not say whether the release ships on Friday.", ()),
        ("", ()),
    ],
)
def test_an_answer_without_citations_gets_the_excerpts_that_hold_its_words(
    text: str, numbers: tuple[int, ...]
) -> None:
    assert supporting(text, EXCERPTS) == numbers
