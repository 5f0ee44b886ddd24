"""What a question asks for beside a time: kind, people, channels, what is current."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.mentions import ASKER, HERE, Role
from app.domain.questions import Kind, Reading, read_question

NOW = datetime(2024, 4, 17, 15, 30, tzinfo=UTC)


def read(question: str) -> Reading:
    return read_question(question, NOW, UTC)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("summarize yesterday's discussion", Kind.SUMMARY),
        ("Can you give me a recap of last week?", Kind.SUMMARY),
        ("tl;dr of #dev please", Kind.SUMMARY),
        ("what did I miss in #dev?", Kind.SUMMARY),
        ("What happened yesterday?", Kind.SUMMARY),
        ("what's new?", Kind.SUMMARY),
        ("what has everyone been talking about today", Kind.SUMMARY),
        ("What did the team discuss about the price?", Kind.SUMMARY),
        ("What was said on 29 March 2024 about product cost?", Kind.SUMMARY),
        ("catch me up", Kind.SUMMARY),
        ("who mentioned Python recently?", Kind.WHO),
        ("Who's working on the bot?", Kind.WHO),
        ("which users asked about docker?", Kind.WHO),
        ("hey, do you know who runs the server?", Kind.WHO),
        ("@indexer who runs the server?", Kind.WHO),
        ("hello @indexer, and @ana: when is the raid?", Kind.WHEN),
        ("<@123> how many people asked?", Kind.HOW_MANY),
        ("list people who use Arch", Kind.WHO),
        ("when was the last server event?", Kind.WHEN),
        ("What time does the raid start?", Kind.WHEN),
        ("can you tell me when the release was?", Kind.WHEN),
        ("on which day did we vote?", Kind.WHEN),
        ("How many people asked about docker?", Kind.HOW_MANY),
        ("how often did Ana mention tea", Kind.HOW_MANY),
        ("how do I upgrade to 8.04?", Kind.LOOKUP),
        ("what's the new version?", Kind.LOOKUP),
        ("what happened to wd40?", Kind.LOOKUP),
        ("What did Ana say about the server?", Kind.LOOKUP),
        ("how much does it cost?", Kind.LOOKUP),
        ("is the whole thing free?", Kind.LOOKUP),
        ("どのバージョンですか", Kind.LOOKUP),
        ("", Kind.LOOKUP),
    ],
)
def test_the_kind_of_answer(question: str, kind: Kind) -> None:
    assert read(question).kind is kind


@pytest.mark.parametrize(
    ("question", "authors"),
    [
        ("What did Ana say about the server?", ["Ana"]),
        ("what did @ana.b think?", ["ana.b"]),
        ("What does Sa[i]nT tell sugi to try?", ["Sa[i]nT"]),
        ("what did the Project Manager suggest?", ["Project Manager"]),
        ("What did Tracey Breheny respond to Sian Gwenllian?", ["Tracey Breheny"]),
        ("what did Ana and Ben say about tea?", ["Ana", "Ben"]),
        ("did Ana ever mention docker?", ["Ana"]),
        ("what is best according to codebrainz?", ["codebrainz"]),
        ("what was Kirsty Williams' opinion of it?", ["Kirsty Williams"]),
        ("What's earthen's first suggestion?", ["earthen"]),
        ("messages by Ana about tea", ["Ana"]),
        ("everything posted by @ana", ["ana"]),
        ("what Ana said about tea", ["Ana"]),
        ("what advice does vocx give?", ["vocx"]),
        ("what did <@123456789012345678> say?", ["123456789012345678"]),
        ("what did I say about tea?", [ASKER]),
        ("show my messages about tea", [ASKER]),
        ("what did we say about tea?", []),
        ("what did the team decide?", []),
        ("what did people think of it?", []),
        ("who said that?", []),
        ("what was said about tea?", []),
        ("what do you think?", []),
        ("does anyone know what to say?", []),
        ("how does it work?", []),
    ],
)
def test_whose_words_are_asked_for(question: str, authors: list[str]) -> None:
    assert [m.name for m in read(question).mentions if m.role is Role.BY] == authors


@pytest.mark.parametrize(
    ("question", "is_filter"),
    [
        ("messages by Ana about tea", True),
        ("everything posted by Ana", True),
        ("Ana's messages about tea", True),
        ("what did @ana say?", True),
        ("what did I say?", True),
        ("what did Ana say?", False),
        ("Ana's opinion of tea", False),
        ("what is best according to Ana?", False),
    ],
)
def test_whether_only_what_somebody_wrote_is_wanted(question: str, *, is_filter: bool) -> None:
    assert [mention.is_filter for mention in read(question).mentions] == [is_filter]


def test_a_person_spoken_of_is_no_author() -> None:
    mentions = read("who mentioned @ana?").mentions
    assert [(m.name, m.role) for m in mentions] == [("ana", Role.ABOUT)]


def test_everyone_is_nobody() -> None:
    assert read("who pinged @everyone and @here?").mentions == ()


def test_an_address_names_nobody() -> None:
    assert read("who uses ana@example.com?").mentions == ()


@pytest.mark.parametrize(
    ("question", "channels"),
    [
        ("what did I miss in #dev?", ["dev"]),
        ("summarize #off-topic", ["off-topic"]),
        ("what was said in <#123456789012345678>?", ["123456789012345678"]),
        ("what was discussed in the general channel?", ["general"]),
        ("who asked on channel help?", ["help"]),
        ("what happened in this channel?", [HERE]),
        ("what is new in #this?", ["this"]),
        ("what happened in #new?", ["new"]),
        ("what happened in #💬general?", ["💬general"]),
        ("what happened in our help channel?", ["help"]),
        ("is it in the same channel?", []),
        ("in which channel do I ask?", []),
        ("what does issue #123 say?", []),
        ("who writes C#?", []),
        ("open http://example.com/#top", []),
    ],
)
def test_channels(question: str, channels: list[str]) -> None:
    assert [m.name for m in read(question).mentions if m.role is Role.IN] == channels


def test_a_resolved_channel_leaves_the_text() -> None:
    reading = read("what was said about tea in the general channel?")
    assert reading.without(*reading.mentions) == "what was said about tea ?"


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("who mentioned Python recently?", True),
        ("what's the latest on the release?", True),
        ("when was the last server event?", True),
        ("what are the current rules?", True),
        ("any news about the raid?", True),
        ("what do people use these days?", True),
        ("I recently installed it, why does it fail?", False),
        ("how do I check my current version?", False),
        ("submit it by Monday at the latest, right?", False),
        ("what is the last step?", False),
        ("who measures electrical current?", False),
    ],
)
def test_a_wish_for_what_is_current(question: str, *, wanted: bool) -> None:
    assert read(question).wants_current is wanted


@pytest.mark.parametrize(
    ("question", "broad"),
    [
        ("summarize yesterday", True),
        ("What did the group discuss about buttons?", True),
        ("What did the PM think of cost when discussing the budget?", True),
        ("what did the team say about the product?", True),
        ("What is the solution to the problem?", False),
        ("Who is talking?", False),
    ],
)
def test_broad_questions_ask_for_a_discussion(question: str, *, broad: bool) -> None:
    assert read(question).broad is broad


def test_the_window_and_the_text_without_it() -> None:
    reading = read("What did Ana say in #dev last week about tea?")
    assert reading.text == "What did Ana say in #dev about tea?"
    assert reading.window
    assert reading.window.after == datetime(2024, 4, 8, tzinfo=UTC)
    assert {m.name for m in reading.mentions} == {"Ana", "dev"}


@pytest.mark.parametrize(
    "words", ["<@1><@1> ", "@a@a", "yesterday ", "2024-01-01 x on ", "#dev ", "did @a and ", "so "]
)
def test_a_hostile_question_is_read_in_no_time(words: str) -> None:
    # Most of these took seconds or forever once; a test that hangs has failed.
    assert read(words * (4_000 // len(words))).kind in {Kind.LOOKUP, Kind.SUMMARY}


def test_a_text_that_names_many_times_asks_about_none() -> None:
    log = " ".join(f"2024-01-{day:02}" for day in range(1, 31))
    assert read(f"what was said on {log}?").window is None
    assert read("what was said on 2024-01-01 or 2024-01-02 or 2024-01-03?").window
