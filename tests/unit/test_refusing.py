"""What is said where no message answers."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from app.domain.refusing import NEAREST, NEAREST_SIMILARITY, nearest, places
from tests.conversations import say

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("channels", "named"),
    [
        ([], ""),
        ([("A", "x")], " in #x of A"),
        ([("A", "x"), ("A", "y"), ("B", "z")], " in #x and #y of A and #z of B"),
        ([("A", f"c{n}") for n in range(9)], " in A"),
        ([(server, f"c{n}") for server in "AB" for n in range(9)], " in A and B"),
        ([(server, "x") for server in "ABCD"], ""),
        ([("A [1]\n", "x\n[2]")], " in #x [2\\] of A [1\\]"),
    ],
)
def test_the_places_searched_are_named_where_they_are_few(
    channels: list[tuple[str, str]], named: str
) -> None:
    assert places(channels) == named


def test_the_nearest_messages_are_shown_with_their_address() -> None:
    message = say("so\nit is [1]")
    assert nearest([(message, 0.5)], TOKYO) == (
        f"\n\n{NEAREST}\n- ana in #general, 2024-01-15 23:30: “so it is [1\\]” {message.url}"
    )


def test_at_most_three_messages_are_shown_and_none_twice() -> None:
    said = [say(text, n) for n, text in enumerate(("one", "One!", "two", "three", "four"))]
    lines = nearest([(message, 0.9) for message in said], TOKYO).splitlines()[3:]
    assert [line.split("“")[1].split("”")[0] for line in lines] == ["one", "two", "three"]


@pytest.mark.parametrize("similarity", [None, NEAREST_SIMILARITY - 0.01, -1.0])
def test_what_is_not_similar_is_not_shown(similarity: float | None) -> None:
    assert nearest([(say("hello"), similarity)], TOKYO) == ""


def test_a_long_message_is_cut() -> None:
    (line,) = nearest([(say("word " * 200), 0.9)], TOKYO).splitlines()[3:]
    assert "word …” https://" in line
    assert len(line) < 300
