"""Making an answer fit: at most so long, cut where it reads well, and said to be cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.reply import TRUNCATION_MARK, cut_text, truncate_reply

SENTENCES = "The first one is here. The second follows it. A third one comes last."
CODE = "Run this:\n```sh\n" + "sudo apt-get install fail2ban\n" * 10 + "```\nThen restart."


def test_what_fits_is_returned_as_it_is() -> None:
    assert truncate_reply("  short \n", 9) == "  short \n"


def test_a_cut_answer_says_so_on_a_line_of_its_own() -> None:
    cut = truncate_reply(SENTENCES * 10, 100)
    assert cut == f"The first one is here. The second follows it.\n\n{TRUNCATION_MARK}"


def test_an_answer_that_was_cut_before_gets_the_mark_even_where_it_fits() -> None:
    assert truncate_reply("And so on", 1_800, was_cut=True) == f"And so on\n\n{TRUNCATION_MARK}"
    assert len(truncate_reply("x" * 100, 100, was_cut=True)) <= 100


@pytest.mark.parametrize("limit", [0, 1, 10, len(TRUNCATION_MARK), len(TRUNCATION_MARK) + 2])
def test_where_there_is_no_room_as_much_of_the_mark_stands_as_fits(limit: int) -> None:
    assert truncate_reply(SENTENCES, limit) == TRUNCATION_MARK[:limit]


def test_a_limit_below_nothing_gives_nothing() -> None:
    assert truncate_reply(SENTENCES, -3) == ""
    assert cut_text(SENTENCES, -3) == ""


def test_the_mark_never_stands_inside_a_block_of_code() -> None:
    for limit in range(30, len(CODE)):
        body, mark, rest = truncate_reply(CODE, limit).partition(TRUNCATION_MARK)
        assert (mark, rest) == (TRUNCATION_MARK, "")
        assert body.count("```") % 2 == 0
        assert len(body + mark) <= limit


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        (SENTENCES, 30, "The first one is here."),
        (SENTENCES, 22, "The first one is here."),  # ends just where the room does
        (SENTENCES, 44, "The first one is here. The second follows"),
        (SENTENCES, 45, "The first one is here. The second follows it."),
        (SENTENCES, 21, "The first one is"),
        ('He said "Stop!" Then he left us.', 17, 'He said "Stop!"'),
        ("A list:\n- one thing\n- another", 22, "A list:\n- one thing"),
        ("version 3.2.1 of it", 12, "version"),  # points in numbers end nothing
        ("再起動してください。それから確認します。", 12, "再起動してください。"),
        ("unbroken" * 10, 20, "unbroken" * 2 + "unbr"),
        ("a " + "b" * 50, 20, "a " + "b" * 18),  # the word's end would waste the room
    ],
)
def test_a_text_is_cut_after_a_sentence_or_else_a_word(
    text: str, limit: int, expected: str
) -> None:
    assert cut_text(text, limit) == expected


def test_accents_and_joined_emoji_stay_with_what_they_belong_to() -> None:
    assert cut_text("noe\u0308l" * 3, 8) == "noe\u0308l" + "no"
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert cut_text("fam" + family, 5) == "fam"


@given(st.text(), st.integers(-5, 80))
def test_a_cut_text_is_the_begin_of_the_whole_and_within_the_limit(text: str, limit: int) -> None:
    cut = cut_text(text, limit)
    assert text.startswith(cut)
    assert len(cut) <= max(0, limit)


@given(st.text(alphabet="ab. \n`"), st.integers(-5, 80), st.booleans())
def test_no_answer_is_ever_longer_than_its_limit(text: str, limit: int, was_cut: bool) -> None:
    assert len(truncate_reply(text, limit, was_cut=was_cut)) <= max(0, limit)
