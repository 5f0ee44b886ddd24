"""Which questions lean on those before them, and what is searched for then."""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time

import pytest

from app.domain.follow_ups import is_follow_up, read_in_context
from app.domain.listing import can_be_counted, subject_of
from app.domain.mentions import Role
from app.domain.model import Question, Scope, Turn, Window
from app.domain.questions import Kind, Reading, read_question
from app.domain.terms import question_terms

NOW = datetime(2024, 4, 17, 15, 30, tzinfo=UTC)
DAY_BEFORE = Window(datetime(2024, 4, 16, tzinfo=UTC), datetime(2024, 4, 17, tzinfo=UTC))
BEFORE = read_question("What did Ana say about Chrome?", NOW, UTC)


def read(*questions: str) -> Reading:
    """Return how the last of some questions is read."""
    *earlier, last = questions
    history = tuple(Turn(text, NOW) for text in earlier)
    return read_in_context(Question(last, Scope.nothing(), NOW, history=history))


@pytest.mark.parametrize(
    "question",
    [
        "and who said that?",
        "Who said that?",
        "And when was that?",
        "When was that?",
        "why?",
        "Why not?",
        "how come?",
        "But why?",
        "when?",
        "where exactly?",
        "who?",
        "since when?",
        "what about Windows?",
        "How about the second floor?",
        "and on Windows?",
        "on Windows?",
        "And the memory limit?",
        "And what did Ben say?",
        "what did Ben say?",
        "what did he say about it?",
        "is it safe?",
        "does it work on Arch?",
        "Who fixed it?",
        "did anyone fix it?",
        "how did they solve that?",
        "who told him to reboot?",
        "is she right?",
        "what was the answer?",
        "What was the solution?",
        "did anyone reply?",
        "did that help?",
        "what happened then?",
        "what happened after that?",
        "what do they recommend?",
        "tell me more",
        "Can you tell me more?",
        "more details please",
        "for example?",
        "what else?",
        "who else uses Arch?",
        "which one is faster?",
        "which is faster?",
        "which version?",
        "the first one?",
        "is that still true?",
        "why is that?",
        "who was there?",
        "who asked this?",
        "did anyone have the same problem?",
        "same for Windows?",
        "yesterday?",
        "and last week?",
        "in #dev?",
        "#dev",
        "and in #dev?",
        "no, the one on the second floor",
        "I mean the printer upstairs",
        "and @ana?",
        "who said so?",
        "what's the reason?",
        "any news?",
    ],
)
def test_a_question_that_leaves_out_its_subject_follows_up(question: str) -> None:
    assert is_follow_up(read_question(question, NOW, UTC), BEFORE)


@pytest.mark.parametrize(
    "question",
    [
        "When does Monica say she is going to the circus?",
        "What command does earthen give?",
        "what did toma tell starscalling?",
        "Who was the person that ended the relationship?",
        "who is looking for someone to help him use Linux?",
        "When is this conversation taking place?",
        "does it explain why the kernel module crashes after every reboot?",
        "when was the last message?",
        "what was said?",
        "Does one need a printer?",
        "who was here at the same time as Ana?",
        "How do I install Firefox?",
        "And how do I install Firefox on Ubuntu?",
        "so how do you mount a second drive",
        "Who is out of printer paper?",
        "printer driver",
        "firefox",
        "release date",
        "What did Ana say about the server?",
        "what did Ben say yesterday?",
        "what did @ana say?",
        "messages by Ana",
        "what's new?",
        "What happened yesterday?",
        "what did I miss?",
        "what did I miss in #dev?",
        "summarize last week",
        "what was said on 1 May 2024?",
        "what was discussed in #dev?",
        "who runs this server?",
        "what are the rules of this channel?",
        "is this the right channel for questions?",
        "what is the bug that Ana found?",
        "who said that the build fails?",
        "who thinks that Arch is better?",
        "is it possible to run Docker?",
        "How long does it take to compile the kernel?",
        "does it matter if the cache is cold?",
        "is it raining in London?",
        "when the printer fails, how do I restart it?",
        "how do I make Firefox open its windows faster?",
        "Does the build need a cache, and does it help?",
        "What do people think of Ana and her bot?",
        "Is there a way to export the chat?",
        "are there servers in Europe?",
        "who are you?",
        "what can you do?",
        "how are you?",
        "thanks!",
        "hello",
        "ok",
        "lol",
        "Which version of Python is needed?",
        "how many people asked about docker?",
        "when is the release?",
        "in which channel do I ask about docker?",
        "who won the tournament?",
        "プリンターの紙がないのは誰ですか",
        "wer hat kein Papier mehr?",
        "?",
        "...",
        "",
        "who changed the config so that the cache works?",
        "How about we upgrade the server?",
        "why does systemd fail on boot?",
    ],
)
def test_a_question_with_a_subject_of_its_own_stands_by_itself(question: str) -> None:
    assert not is_follow_up(read_question(question, NOW, UTC), BEFORE)
    assert read(BEFORE.text, question) == read(question)


@pytest.mark.parametrize("question", ["what did Ben say?", "What is Ben's advice?"])
def test_what_somebody_said_is_of_the_subject_that_another_spoke_of(question: str) -> None:
    assert read("What did Ana say about tea?", question).is_follow_up
    assert not read("Who is out of printer paper?", question).is_follow_up


@pytest.mark.parametrize("question", ["why?", "and who said that?", "what about Windows?"])
def test_nothing_follows_up_on_nothing(question: str) -> None:
    assert read(question) == read_question(question, NOW, UTC)
    assert not read(question).is_follow_up


@pytest.mark.parametrize(
    ("questions", "terms"),
    [
        (["Who is out of printer paper?", "And when was that?"], {"printer", "paper", "out"}),
        (["How do I install Firefox on Linux?", "what about Windows?"], {"windows", "firefox"}),
        (["How do I install Firefox on Linux?", "why?"], {"install", "firefox", "linux"}),
        (["Firefox?", "what about Windows?", "and who said that?"], {"windows", "firefox"}),
        (["What did Ana say about tea?", "and Ben?"], {"ben", "tea", "ana"}),
    ],
)
def test_a_follow_up_is_searched_with_the_subjects_before_it(
    questions: list[str], terms: set[str]
) -> None:
    reading = read(*questions)
    assert reading.is_follow_up
    assert terms <= set(question_terms(reading.text))


def test_what_was_asked_before_a_new_subject_is_over() -> None:
    reading = read("Who is out of printer paper?", "How do I install Firefox?", "why?")
    terms = question_terms(reading.text)
    assert "firefox" in terms
    assert "printer" not in terms


def test_the_words_of_the_follow_up_come_first() -> None:
    assert read("Who is out of printer paper?", "when was that?").text.startswith("when was that?")


def test_the_time_asked_about_stays_until_another_is_named() -> None:
    first = "What was said about tea yesterday?"
    assert read(first, "who said that?").window == DAY_BEFORE
    week = read(first, "and last week?")
    assert week.window == read("last week?").window != DAY_BEFORE
    assert "tea" in question_terms(week.text)
    assert read(first, "who said that?", "why?").window == DAY_BEFORE
    assert read(first, "Who drinks coffee?").window is None


def test_yesterday_is_the_day_before_the_question_that_said_it() -> None:
    history = (Turn("What was said about tea yesterday?", NOW),)
    later = Question("who said that?", Scope.nothing(), NOW.replace(day=18), history=history)
    assert read_in_context(later).window == DAY_BEFORE


@pytest.mark.parametrize(
    ("questions", "role", "names"),
    [
        (["what was said about tea in #dev?", "who said that?"], Role.IN, ["dev"]),
        (["what was said about tea in #dev?", "and in #general?"], Role.IN, ["general"]),
        (["messages by Ana about tea", "and about coffee?"], Role.BY, ["Ana"]),
        (["messages by Ana about tea", "and by @ben?"], Role.ABOUT, ["ben"]),
        (["what did Ana say about tea?", "and what did Ben say?"], Role.BY, ["Ben"]),
        (["what was said about tea in #dev?", "Who drinks coffee?"], Role.IN, []),
        (["who mentioned @ana in #dev?", "why?"], Role.ABOUT, []),
    ],
)
def test_places_and_people_stay_until_others_are_named(
    questions: list[str], role: Role, names: list[str]
) -> None:
    reading = read(*questions)
    assert [mention.name for mention in reading.mentions if mention.role is role] == names


def test_a_wish_stays_until_another_question_is_asked() -> None:
    assert read("what's the latest on the release?", "and the raid?").wants_current
    assert not read("what's the latest on the release?", "who said that?").wants_current
    assert read("what did the group discuss about buttons?", "and screens?").broad
    assert not read("what did the group discuss about buttons?", "who said that?").broad


def test_who_is_spoken_of_stays_among_the_words() -> None:
    assert "ana" in question_terms(read("who mentioned @ana in #dev?", "why?").text)


def test_what_stays_can_still_be_cut_out_of_the_text() -> None:
    reading = read("what was said about tea in #dev?", "who said that?")
    assert "dev" not in reading.without(*reading.mentions)
    assert "tea" in reading.without(*reading.mentions)


@pytest.mark.parametrize(
    ("questions", "kind"),
    [
        (["Summarize yesterday", "and last week?"], Kind.SUMMARY),
        (["Who is out of paper?", "And when was that?"], Kind.WHEN),
        (["How many people use Arch?", "what about Debian?"], Kind.HOW_MANY),
        (["How many people use Arch?", "why?"], Kind.LOOKUP),
        (["When is the release?", "and who said that?"], Kind.WHO),
    ],
)
def test_the_kind_of_answer_stays_until_another_is_asked_for(
    questions: list[str], kind: Kind
) -> None:
    assert read(*questions).kind is kind


@pytest.mark.parametrize(
    ("before", "after", "counted"),
    [
        ("who mentioned nvidia recently", "what about Windows?", ("windows",)),
        ("How many people use Arch Linux?", "what about Debian?", ("debian",)),
        ("when was grub last mentioned?", "and how about lilo?", ("lilo",)),
    ],
)
def test_what_is_counted_is_replaced_and_not_added_to(
    before: str, after: str, counted: tuple[str, ...]
) -> None:
    text = read(before, after).text
    assert can_be_counted(text)
    assert subject_of(text) == counted


def test_a_follow_up_of_a_question_without_subjects_repeats_it() -> None:
    reading = read("What was said yesterday?", "and last week?")
    assert "said" in reading.text
    assert reading.window == read("last week?").window


def test_a_long_conversation_searches_for_few_words() -> None:
    questions = [" ".join(f"word{n}x{m}" for m in range(50)) for n in range(5)]
    assert len(read(*questions, "what about Windows?").text.split()) < 20


def test_words_that_are_huge_or_many_are_read_in_no_time() -> None:
    texts = ("tea " * 1_000, "and " * 1_000, "it " * 1_300, "that " * 800, "#" * 4_000)
    started = process_time()
    assert len(read(*texts).text) <= 4_000
    assert process_time() - started < 5  # what goes through them again and again takes minutes
