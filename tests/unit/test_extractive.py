"""Answering with quotes: the messages that answer, word for word, with their sources."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cutting import GAP
from app.domain.extracts import (
    LEAD,
    NOTHING_FOUND,
    QUOTE_CHARS,
    answer_with_quotes,
    choose_quotes,
)
from app.domain.grounding import check_citations
from app.domain.prompt import Brief, Excerpt, build_prompt
from app.domain.questions import Kind
from tests.conversations import excerpts_of, prompt_of, say

QUESTION = "How do I install fail2ban on my server?"
ANSWER = "Run sudo apt-get install fail2ban, then copy jail.conf to jail.local."
NEWEST = Brief(Kind.WHEN, wants_newest=True)
FILLER = "This goes on about the weather, and nothing else of any interest. "


def answer(question: str, *texts: str, limit_chars: int = 1_800) -> str:
    return "".join(answer_with_quotes(prompt_of(question, *texts), limit_chars))


def quoted(question: str, *texts: str) -> list[str]:
    return [quote.text for quote in choose_quotes(question, excerpts_of(*texts))]


def test_a_quote_has_its_author_time_channel_and_number() -> None:
    assert answer(QUESTION, ANSWER) == (
        f"{LEAD}\n\n> {ANSWER}\nana, 2024-01-15 14:30 in #general [1]"
    )


def test_without_messages_the_answer_says_that_nothing_was_found() -> None:
    assert answer(QUESTION) == NOTHING_FOUND


def test_quotes_come_best_first_and_keep_the_number_of_their_excerpt() -> None:
    excerpts = excerpts_of(
        "The worst of the three.", "The best one by far.", "Another, in between."
    )
    by_time = [evolve(e, rank=rank) for e, rank in zip(excerpts, (2, 0, 1), strict=True)]
    quotes = choose_quotes("What is the weather?", by_time)
    assert [quote.excerpt.number for quote in quotes] == [2, 3, 1]


def test_at_most_six_messages_are_quoted() -> None:
    texts = [f"Answer {n} talks of {'abcdefgh'[n] * 5}." for n in range(8)]
    assert quoted(QUESTION, *texts) == texts[:6]


def test_a_message_that_only_repeats_the_question_is_left_out() -> None:
    again = "how do I install fail2ban on a server"
    assert quoted(QUESTION, again, ANSWER) == [ANSWER]
    assert quoted(QUESTION, again) == [again]


def test_a_message_that_hardly_says_anything_is_left_out() -> None:
    assert quoted(QUESTION, "ok thanks!", "👍", ANSWER) == [ANSWER]
    assert quoted(QUESTION, "ok thanks!", "👍") == ["ok thanks!", "👍"]


def test_what_comes_with_a_message_that_asks_follows_it() -> None:
    asks, other, reply = "Can fail2ban ban for a week?", "Read the log first.", "Set bantime high."
    excerpts = excerpts_of(asks, other, other + " And then?", reply)
    beside = [*excerpts[:3], evolve(excerpts[3], beside=excerpts[0].message.id)]
    texts = [quote.text for quote in choose_quotes("How long can fail2ban ban?", beside)]
    assert texts[:2] == [asks, reply]
    tells = [evolve(e, text=e.text.replace("Can", "So").replace("?", ".")) for e in beside]
    assert choose_quotes("How long can fail2ban ban?", tells)[1].text != reply


def test_a_message_that_asks_comes_after_an_answer_of_nearly_its_rank() -> None:
    asks = "Did fail2ban install well for anybody after the upgrade of libc?"
    assert quoted(QUESTION, asks, ANSWER) == [ANSWER, asks]
    tells = "It did install well for fail2ban and anybody after the upgrade of libc."
    assert quoted(QUESTION, tells, ANSWER) == [tells, ANSWER]


def test_a_message_that_names_more_of_what_is_asked_moves_up() -> None:
    rest = ["Check the firewall first.", "Read the manual page.", ANSWER, "Write to the list."]
    assert quoted(QUESTION, *rest) == [ANSWER, rest[0], rest[1], rest[3]]


def test_what_somebody_said_who_is_asked_about_moves_up() -> None:
    texts = ["Check the firewall first.", "Read the manual page.", "Write to the list."]
    assert quoted("What did Cleo advise?", *texts)[0] == "Write to the list."


def of_ben(question: str, topic: str, *excerpts: Excerpt) -> list[str]:
    ben = excerpts_of("a", "b")[1].message.author.id
    brief = Brief(people=frozenset({ben}), topic=topic)
    return [quote.text for quote in choose_quotes(question, excerpts, brief)]


def test_what_the_person_said_of_the_topic_comes_first_and_what_is_of_neither_is_left_out() -> None:
    question, topic = "What did ben say about wifi?", "What about wifi?"
    by_ana, by_ben, of_others, of_ben_else, reply = excerpts_of(
        "Ben, the wifi is bad.", "Restart the wifi twice.", "Cake is good.", "I like it.", "Sure."
    )
    reply = evolve(reply, beside=by_ben.message.id)
    elsewhere = evolve(
        of_ben_else, message=evolve(of_ben_else.message, author=by_ben.message.author)
    )
    given = (elsewhere, of_others, by_ana, reply, by_ben)
    ranked = tuple(evolve(excerpt, rank=rank) for rank, excerpt in enumerate(given))
    texts = of_ben(question, topic, *ranked)
    assert texts[0] == by_ben.text
    assert sorted(texts[1:]) == sorted([by_ana.text, reply.text])
    silent = tuple(e for e in ranked if e.message.id != by_ben.message.id)
    assert of_others.text in of_ben(question, topic, *silent)
    assert len(of_ben(question, "What?", *ranked)) == len(ranked)


def test_the_newest_message_comes_first_where_the_last_one_is_asked_for() -> None:
    said = ("The game night was long.", "Another game night, with cake.", "We moved the sofa.")
    prompt = evolve(prompt_of("When was the last game night?", *said), brief=NEWEST)
    text = "".join(answer_with_quotes(prompt, 1_800))
    assert text.startswith(
        "The newest message about that which I found is of 2024-01-15 14:31:\n\n> Another game"
    )
    assert text.index("Another") < text.index("was long")
    assert "sofa" not in text


def test_the_time_of_the_newest_and_of_every_quote_is_of_the_zone_asked_in() -> None:
    brief = evolve(NEWEST, zone=ZoneInfo("Asia/Tokyo"))
    prompt = evolve(prompt_of("When was the last raid?", "A raid with cake."), brief=brief)
    text = "".join(answer_with_quotes(prompt, 1_800))
    assert text.startswith("The newest message about that which I found is of 2024-01-15 23:30:")
    assert "ana, 2024-01-15 23:30 in #general" in text


def test_nothing_is_called_the_newest_about_something_that_nobody_named() -> None:
    prompt = evolve(prompt_of("When was the last raid?", "We moved the sofa."), brief=NEWEST)
    assert "".join(answer_with_quotes(prompt, 1_800)).startswith(LEAD)


def test_a_text_is_quoted_once() -> None:
    assert quoted(QUESTION, ANSWER, ANSWER.upper(), f"{ANSWER} ") == [ANSWER]


def test_of_a_long_message_the_sentences_that_answer_are_quoted() -> None:
    (quote,) = quoted(QUESTION, FILLER * 20 + ANSWER + " " + FILLER * 20)
    assert ANSWER in quote
    assert quote.startswith(f"{GAP} ")
    assert quote.endswith(f" {GAP}")
    assert len(quote) <= QUOTE_CHARS + 2 * len(GAP) + 2


def test_the_begin_of_a_long_message_is_quoted_where_no_sentence_stands_out() -> None:
    (quote,) = quoted(QUESTION, FILLER * 20)
    assert quote == (FILLER * 4).strip() + f" {GAP}"


def test_a_sentence_too_long_to_quote_is_cut_between_words() -> None:
    (quote,) = quoted(QUESTION, "install " * 200)
    assert quote == ("install " * 37).strip() + f" {GAP}"


def test_a_rare_word_of_the_question_decides_over_a_common_one() -> None:
    common = "The server is a server like every other server, on any day of the week or year. "
    rare = "For that, fail2ban reads the log. "
    long = common * 5 + rare + common * 5
    quotes = quoted("Which server has fail2ban?", long, "A server here.", "One more server there.")
    assert any(rare.strip() in quote for quote in quotes)


def test_every_line_of_a_quote_is_marked_as_one() -> None:
    text = answer(QUESTION, "First do this:\n\nsudo reboot\nThen wait.")
    assert "\n\n> First do this:\n> sudo reboot\n> Then wait.\nana, " in text


def test_brackets_inside_a_quote_are_no_citation() -> None:
    text = answer(QUESTION, "As the docs say in [2] and [1, 2], set retries[3] to 5.", ANSWER)
    checked, cited = check_citations(text, {1, 2})
    assert checked == text
    assert cited == (2, 1)
    assert "set retries[3\\] to 5." in text


def test_a_name_with_brackets_is_no_citation() -> None:
    message = say("Use apt.", author="bot [2]")
    excerpt = evolve(excerpts_of("Use apt.")[0], message=message)
    text = "".join(answer_with_quotes(build_prompt("How?", [excerpt]), 1_800))
    assert check_citations(text, {1, 2})[1] == (1,)


def test_what_does_not_fit_is_left_out_whole() -> None:
    whole = answer(QUESTION, ANSWER, "Check the firewall.")
    assert answer(QUESTION, ANSWER, "Check the firewall.", limit_chars=len(whole)) == whole
    shorter = answer(QUESTION, ANSWER, "Check the firewall.", limit_chars=len(whole) - 1)
    assert shorter == answer(QUESTION, ANSWER)


def test_where_not_even_one_quote_fits_it_is_cut() -> None:
    text = answer(QUESTION, ANSWER, limit_chars=80)
    assert text.startswith("> Run sudo apt-get")
    assert text.endswith(f"{GAP}\nana, 2024-01-15 14:30 in #general [1]")
    assert len(text) <= 80


@pytest.mark.parametrize(
    ("question", "long"),
    [
        (
            "網關怎麼重啟?",
            "今天天氣很好。" * 60 + "重啟網關請用管理員帳號。" + "今天天氣很好。" * 60,
        ),
        (
            "Когда выйдет релиз?",
            "Сегодня хорошая погода. " * 30 + "Релиз выйдет в среду. " * 2 + "Нет. " * 80,
        ),
        ("متى الإصدار؟", "الطقس جميل اليوم. " * 30 + "الإصدار يوم الأربعاء. " + "نعم. " * 80),
    ],
)
def test_sentences_are_found_in_other_scripts(question: str, long: str) -> None:
    (quote,) = quoted(question, long)
    assert any(word in quote for word in ("重啟網關", "Релиз выйдет", "الإصدار يوم"))
    assert len(quote) <= QUOTE_CHARS + 2 * len(GAP) + 2


texts = st.lists(
    st.text(max_size=80)
    | st.text(alphabet="ab? .[1]\n>", max_size=900)
    | st.just(FILLER * 9 + ANSWER),
    max_size=6,
)


@given(st.text(max_size=60), texts, st.integers(0, 2_000))
def test_every_quote_is_word_for_word_and_the_limit_holds(
    question: str, said: list[str], limit: int
) -> None:
    prompt = prompt_of(question, *said)
    for quote in choose_quotes(question, prompt.excerpts):
        bare = quote.text.removeprefix(f"{GAP} ").removesuffix(f" {GAP}")
        assert bare in quote.excerpt.text
    text = "".join(answer_with_quotes(prompt, limit))
    assert len(text) <= limit
    numbers = {excerpt.number for excerpt in prompt.excerpts}
    checked, _ = check_citations(text, numbers)
    assert checked == text
    for line in text.splitlines():
        assert (
            line == ""
            or line.startswith("> ")
            or re.search(r" in #general \[\d\]$", line)
            or line in (LEAD, NOTHING_FOUND)
            or limit < 200
        )
