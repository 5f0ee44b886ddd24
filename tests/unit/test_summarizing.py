"""What happened in a span of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from app.domain.context import select_context
from app.domain.grounding import check_citations
from app.domain.model import Message, Window, snowflake_at
from app.domain.questions import read_question
from app.domain.summarizing import (
    Digest,
    answer_with_digest,
    busiest_hours,
    digest_of,
    facts_of,
    split_stretches,
    wants_digest,
)
from tests.conversations import START, say

NOW = datetime(2024, 1, 16, 12, tzinfo=UTC)


def talk() -> list[Message]:
    """Return a lively talk of the release, and a monologue elsewhere."""
    return [
        say("when do we ship the release?", 0),
        say("the release ships on Friday after the tests", 1, author="ben"),
        say("tests of the release are green", 2, author="cleo"),
        say("ok", 3),
        say("lunch anyone", 60, channel="random"),
        say("I had lunch", 61, channel="random"),
    ]


def digest() -> Digest:
    window = Window(START - timedelta(hours=1), START + timedelta(hours=3))
    return digest_of(talk(), 6, window)


@pytest.mark.parametrize(
    "question",
    [
        "summarize yesterday's discussion",
        "What did I miss?",
        "what happened in the last 3 hours?",
        "tl;dr please",
        "catch me up on yesterday",
        "what did people talk about last night?",
        "What's new?",
        "Give me an overview of today",
    ],
)
def test_a_summary_without_a_topic_is_one_of_everything(question: str) -> None:
    assert wants_digest(read_question(question, NOW, UTC))


@pytest.mark.parametrize(
    "question",
    [
        "summarize yesterday's discussion about the release",
        "what happened to the gateway?",
        "Summarize the discussion on mean subtraction",
        "what did people say about docker?",
        "how do I install firefox?",
        "昨天說了什麼?",
    ],
)
def test_what_names_a_topic_is_searched(question: str) -> None:
    assert not wants_digest(read_question(question, NOW, UTC))


def test_a_silence_of_half_an_hour_or_another_channel_begins_a_new_stretch() -> None:
    said = [say(str(minute), minute) for minute in (0, 29, 58, 88, 90)]
    said.append(say("elsewhere", 1, channel="random"))
    stretches = [[m.text for m in stretch] for stretch in split_stretches(reversed(said))]
    assert stretches == [["0", "29", "58"], ["88", "90"], ["elsewhere"]]


def test_the_stretch_in_which_most_people_wrote_most_stands_first() -> None:
    first, second = digest().stretches
    assert (first.channel.name, len(first.messages), first.people) == ("general", 4, 3)
    assert (second.channel.name, len(second.messages), second.people) == ("random", 2, 1)


def test_the_key_message_shares_its_words_with_the_others_and_says_more() -> None:
    key = digest().stretches[0].key
    assert key[0].text == "the release ships on Friday after the tests"
    assert key[-1].text == "ok"


def test_what_many_reply_to_is_key() -> None:
    plain = [say(f"word{n} thing{n}", n) for n in range(5)]
    replies = [
        evolve(say(f"reply{n}", 5 + n, author="ben"), reply_to=plain[3].id) for n in range(3)
    ]
    (stretch,) = digest_of([*plain, *replies], 8, Window()).stretches
    assert stretch.key[0] == plain[3]


def test_the_best_of_each_stretch_come_by_turns() -> None:
    worth = digest().by_worth()
    assert [m.channel.name for m in worth[:3]] == ["general", "random", "general"]
    assert len(worth) == 6


def test_the_digest_tells_figures_and_quotes() -> None:
    excerpts = select_context(digest().by_worth(), 4_000)
    text = "".join(answer_with_digest(digest(), excerpts, 1_800))
    assert text.startswith(
        "6 messages from 2024-01-15 13:30 until 2024-01-15 17:30 (UTC):"
        " 3 people in 2 channels.\n\n**#general, 2024-01-15 14:30 to 14:33**, 4 messages by"
        " 3 people\n> when do we ship the release?\nana, 14:30 [1]\n"
    )
    assert "**#random, 2024-01-15 15:30 to 15:31**, 2 messages by 1 person" in text
    assert check_citations(text, {e.number for e in excerpts}) == (text, tuple(range(1, 7)))


def test_where_there_is_little_room_the_key_messages_stay() -> None:
    excerpts = select_context(digest().by_worth(), 4_000)
    text = "".join(answer_with_digest(digest(), excerpts, 260))
    assert "ships on Friday" in text
    assert "ok" not in text.split()
    assert answer_with_digest(digest(), excerpts, 10) == ["6 messages"]


def test_what_says_the_same_is_quoted_once() -> None:
    again = [say("the gateway of the server is broken", n, author=f"p{n}") for n in range(3)]
    made = digest_of([*again, say("👍", 8), say("👍", 9)], 5, Window())
    by_all = [e for m in made.by_worth() for e in select_context([m], 4_000)]
    text = "".join(answer_with_digest(made, by_all, 1_800))
    assert text.count("is broken") == 1
    assert text.count("👍") == 1


def test_a_window_of_which_only_a_part_was_read_says_so() -> None:
    text = "".join(answer_with_digest(evolve(digest(), messages=9_000), (), 1_800))
    assert text.startswith("9,000 messages")
    assert "of which I read the 6 of the busiest hours" in text


def test_a_model_is_told_the_figures() -> None:
    facts = facts_of(digest())
    assert facts[1:] == [
        "- #general, 2024-01-15 14:30 to 14:33: 4 messages by 3 people",
        "- #random, 2024-01-15 15:30 to 15:31: 2 messages by 1 person",
    ]


def test_of_too_many_messages_those_of_the_busiest_hours_are_kept() -> None:
    def ids(hour: int, many: int) -> list[int]:
        return [snowflake_at(START + timedelta(hours=hour, seconds=n)) for n in range(many)]

    busy, quiet = ids(5, 30), ids(2, 3)
    assert busiest_hours([*quiet, *busy], 30) == busy
    assert busiest_hours([*quiet, *busy], 33) == [*quiet, *busy]
    assert len(busiest_hours([*quiet, *busy], 7)) == 7
    assert busiest_hours([], 7) == []


@given(
    st.lists(
        st.builds(
            say,
            st.text(max_size=40) | st.sampled_from(["the release", "[1] release\n[2]", "ok"]),
            st.integers(0, 300),
            author=st.sampled_from(["ana", "ben [9]\nx"]),
            channel=st.sampled_from(["general", "ran\ndom [3]"]),
        ),
        max_size=20,
        unique_by=lambda message: message.id,
    ),
    st.integers(0, 1_000),
)
def test_any_digest_keeps_its_limit_and_quotes_word_for_word(
    said: list[Message], limit: int
) -> None:
    made = digest_of(said, len(said), Window())
    assert sum(len(s.messages) for s in made.stretches) == made.read
    assert all(set(s.key) == set(s.messages) for s in made.stretches)
    excerpts = select_context(made.by_worth(), 1_000)
    pieces = answer_with_digest(made, excerpts, limit)
    text = "".join(pieces)
    assert len(text) <= limit
    assert check_citations(text, {e.number for e in excerpts})[0] == text
    assert digest_of(reversed(said), len(said), Window()) == made
