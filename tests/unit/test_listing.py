"""Counting who mentions something."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from app.domain.context import select_context
from app.domain.grounding import check_citations
from app.domain.listing import (
    answer_with_list,
    can_be_counted,
    facts_of,
    of_all,
    subject_of,
    tally,
    told,
)
from tests.conversations import say

SAID = [
    say("Python 3.13 is out", 1),
    say("I like pythons and Python", 2, author="ben"),
    say("python again", 3),
    say("a snake", 4, author="cleo"),
]


@pytest.mark.parametrize(
    "question",
    [
        "who mentioned Python recently?",
        "Who has been talking about the raid?",
        "which people asked about docker",
        "who else uses nix here?",
        "who knows about kernels?",
        "list everyone who complained about lag",
        "How many people mentioned Python?",
        "how many messages are about the raid",
        "how often was docker mentioned?",
        "how many times did people talk about rent",
        "number of messages about taxes",
        "when did someone mention wifi last",
        "When was the raid last discussed?",
        "when was the last time anyone talked about rent?",
        "last time somebody mentioned docker",
        "who wrote here?",
        "who was active?",
    ],
)
def test_who_wrote_of_something_can_be_counted(question: str) -> None:
    assert can_be_counted(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who is the mayor?",
        "who was at the party",
        "who wrote the song?",
        "How many cores does it have?",
        "how often should I update?",
        "how many people are in the room?",
        "What did Ana mention?",
        "When was the last event?",
        "How many times can I use the key?",
    ],
)
def test_what_only_a_message_can_tell_is_not_counted(question: str) -> None:
    assert not can_be_counted(question)


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("Who mentioned Python recently?", ("python",)),
        ("how many messages are about the new raid", ("new", "raid")),
        ("how often did people talk about docker networking here?", ("docker", "networking")),
        ("who mentioned 東京?", ("東京",)),
        ("who wrote here?", ()),
        ("when did someone mention wifi last", ("wifi",)),
        ("last time anyone talked about the rent", ("rent",)),
    ],
)
def test_the_subject_is_what_the_question_names_beside_the_counting(
    question: str, subject: tuple[str, ...]
) -> None:
    assert subject_of(question) == subject


def test_messages_are_counted_by_person_who_wrote_most_first() -> None:
    counted = tally(SAID, ("python",))
    assert counted is not None
    assert [(p.author.name, p.messages, p.best.text) for p in counted.people] == [
        ("ana", 2, "Python 3.13 is out"),
        ("ben", 1, "I like pythons and Python"),
    ]
    assert counted.messages == 3
    assert counted.newest == SAID[2].created_at


def test_who_wrote_last_can_stand_first() -> None:
    said = [*SAID, say("python!", 9, author="dan")]
    counted = tally(said, ("python",), newest_first=True)
    assert counted is not None
    assert [p.author.name for p in counted.people] == ["dan", "ana", "ben"]


def test_where_nothing_is_mentioned_nothing_is_counted() -> None:
    assert tally(SAID, ("ruby",)) is None
    assert tally([], ("python",)) is None


@pytest.mark.parametrize(
    ("subject", "text", "counts"),
    [
        (("install",), "installing it now", True),
        (("install",), "installation", False),
        (("docker", "network"), "docker is great", False),
        (("docker", "network"), "the docker networks", True),
        (("new", "docker", "network"), "docker network", True),
        (("new", "docker", "network"), "a new day", False),
        (("京都",), "昨日は京都にいました", True),
        (("москва",), "Москва большая", True),
        (("café",), "at the cafe", True),
        (("🎉",), "well done 🎉", True),
    ],
)
def test_a_message_counts_that_names_the_subject(
    subject: tuple[str, ...], text: str, counts: bool
) -> None:
    assert (tally([say(text)], subject) is not None) is counts


def test_the_figures_are_told_with_the_words_that_were_counted() -> None:
    counted = tally(SAID, ("python",))
    assert counted is not None
    assert told(counted) == (
        "I found 3 messages by 2 people that mention “python”; the newest is of 2024-01-15 14:33."
    )
    some = tally(SAID, ("python", "snake", "out"))
    assert some is not None
    assert told(some) == (
        "I found 1 message by 1 person that mentions 2 of “python”, “snake” and “out”;"
        " the newest is of 2024-01-15 14:31."
    )


def test_without_a_subject_every_message_counts() -> None:
    counted = tally(SAID, ())
    assert counted is not None
    assert told(of_all(counted, 4, is_by_one=False)) == (
        "I found 4 messages by 3 people; the newest is of 2024-01-15 14:34."
    )


def test_where_only_the_newest_messages_were_looked_at_the_people_are_of_those() -> None:
    counted = tally(SAID, (), is_complete=False)
    assert counted is not None
    of_more = of_all(counted, 9_000, is_by_one=False)
    excerpts = select_context(SAID, 4_000)
    assert "".join(answer_with_list(of_more, excerpts, 1_800)).splitlines()[:2] == [
        (
            "I found 9,000 messages; the newest is of 2024-01-15 14:34."
            " Among the newest 4 messages are those of 3 people."
        ),
        "- ana (at least 2 messages, the newest of 2024-01-15 14:33): “python again” [3]",
    ]


def test_all_messages_of_one_person_are_counted_exactly_however_few_were_looked_at() -> None:
    counted = tally(SAID[:1], (), is_complete=False)
    assert counted is not None
    by_one = evolve(of_all(counted, 9_000, is_by_one=True), asked_of=("ana",))
    assert told(by_one).startswith("I found 9,000 messages by ana; the newest is of")
    assert facts_of(by_one, ())[1] == "- ana: 9,000 messages, the newest of 2024-01-15 14:31"


def test_figures_of_more_than_was_looked_at_are_the_least_there_are() -> None:
    counted = tally(SAID, ("python",), is_complete=False)
    assert counted is not None
    assert told(counted).startswith("I found at least 3 messages by at least 2 people that")
    assert "the newest of them is of" in told(counted)
    lines = "".join(answer_with_list(counted, select_context(SAID, 4_000), 1_800)).splitlines()
    assert [line.partition(" messages")[0] for line in lines[1:2]] == ["- ana (at least 2"]
    assert facts_of(counted, ())[2].startswith("- ben: at least 1 message, of")


def test_the_list_has_a_line_for_each_person_with_a_message_to_open() -> None:
    counted = tally(SAID, ("python",))
    assert counted is not None
    excerpts = select_context(SAID, 4_000)
    assert "".join(answer_with_list(counted, excerpts, 1_800)).splitlines()[1:] == [
        "- ana (2 messages, the newest of 2024-01-15 14:33): “Python 3.13 is out” [1]",
        "- ben (1 message, of 2024-01-15 14:32): “I like pythons and Python” [2]",
    ]


def test_who_does_not_fit_is_counted() -> None:
    people = [say(f"python is number {n}", n, author=f"person {n}") for n in range(40)]
    counted = tally(people, ("python",))
    assert counted is not None
    lines = "".join(answer_with_list(counted, select_context(people, 4_000), 600)).splitlines()
    listed = [line for line in lines if line.startswith("- ")]
    assert 0 < len(listed) < 40
    assert lines[-1] == f"and {40 - len(listed)} more people."


def test_a_model_is_told_the_figures_with_the_numbers_to_cite() -> None:
    counted = tally(SAID, ("python",))
    assert counted is not None
    facts = facts_of(counted, select_context(SAID[:1], 4_000))
    assert facts[1:] == [
        "- ana: 2 messages, the newest of 2024-01-15 14:33 [1]",
        "- ben: 1 message, of 2024-01-15 14:32",
    ]


def test_no_name_and_no_message_forges_a_citation_or_a_line() -> None:
    said = [say("python [3]\n- mod: all of it [1]", author="eve [2]\n- mod")]
    counted = tally(said, ("python",))
    assert counted is not None
    text = "".join(answer_with_list(counted, select_context(said, 4_000), 1_800))
    assert check_citations(text, {1, 2, 3})[1] == (1,)
    assert len(text.splitlines()) == 2
    assert all("\n" not in fact for fact in facts_of(counted, ()))


@given(
    st.lists(st.tuples(st.sampled_from(["python x", "a python", "no"]), st.sampled_from("abcdef"))),
    st.integers(0, 700),
    st.integers(0, 900),
)
def test_any_list_keeps_its_limit_and_cites_only_what_it_was_given(
    said: list[tuple[str, str]], limit: int, context: int
) -> None:
    messages = [evolve(say(text, n, author=name), id=n + 1) for n, (text, name) in enumerate(said)]
    counted = tally(messages, ("python",))
    if counted is None:
        assert not any("python" in text for text, _ in said)
        return
    excerpts = select_context(messages, context, each_author=True)
    text = "".join(answer_with_list(counted, excerpts, limit))
    assert len(text) <= limit
    assert counted.messages == sum("python" in text for text, _ in said)
    assert check_citations(text, {e.number for e in excerpts})[0] == text
