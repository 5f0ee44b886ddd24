"""What accompanies the best messages into the context."""

import pytest

from app.domain.companions import COMPANIED, Companion, companions_of
from app.domain.context import select_context
from app.domain.model import Surroundings, Window
from tests.conversations import say

ASKS = say("How do I mount it?", 1)
ANSWERS = say("With the loop option.", 2)
THANKS = say("That works.", 3)
LATER = say("See you.", 4)
ALWAYS = Window()


def test_what_is_replied_to_what_replies_and_what_follows_come_along() -> None:
    around = Surroundings(ANSWERS, before=(), after=(LATER,), related=(ASKS, THANKS))
    assert companions_of([around], ALWAYS) == tuple(
        Companion(message, ANSWERS.id) for message in (ASKS, THANKS, LATER)
    )


def test_only_the_next_two_messages_follow() -> None:
    around = Surroundings(ASKS, after=(ANSWERS, THANKS, LATER))
    assert [c.message for c in companions_of([around], ALWAYS)] == [ANSWERS, THANKS]


def test_what_was_found_itself_or_came_along_already_is_no_companion() -> None:
    best = [
        Surroundings(ASKS, after=(ANSWERS,)),
        Surroundings(THANKS, after=(LATER,), related=(ANSWERS,)),
        Surroundings(LATER),
    ]
    assert companions_of(best, ALWAYS) == (Companion(ANSWERS, ASKS.id),)


def test_only_the_best_bring_companions() -> None:
    best = [
        Surroundings(say(f"found {n}", n), after=(say(f"next to {n}", 100 + n),)) for n in range(9)
    ]
    texts = [c.message.text for c in companions_of(best, ALWAYS)]
    assert texts == [f"next to {n}" for n in range(COMPANIED)]


def test_what_lies_outside_the_time_asked_about_stays_away() -> None:
    around = Surroundings(ANSWERS, after=(LATER,), related=(ASKS,))
    window = Window(ANSWERS.created_at, LATER.created_at)
    assert companions_of([around], window) == ()


def test_a_companion_says_whom_it_accompanies() -> None:
    chosen = select_context([ANSWERS], 4_000, [Companion(ASKS, ANSWERS.id)])
    assert [(e.text, e.beside, e.rank) for e in chosen] == [
        (ASKS.text, ANSWERS.id, 1),
        (ANSWERS.text, None, 0),
    ]


def test_a_text_that_was_found_does_not_come_along_again() -> None:
    again = say(ANSWERS.text.upper(), 9)
    assert len(select_context([ANSWERS], 4_000, [Companion(again, ANSWERS.id)])) == 1


def test_what_was_found_further_down_comes_last_and_once() -> None:
    best = [Surroundings(ASKS, after=(ANSWERS,))]
    tells = say("Or open it with the archive manager.", 9)
    companions = companions_of(best, ALWAYS, [ANSWERS, ASKS, tells])
    assert companions == (Companion(ANSWERS, ASKS.id), Companion(tells))


@pytest.mark.parametrize("text", ["ok", "yes it is so", "no no no no no no no", "👍👍", ""])
def test_what_was_found_further_down_and_says_hardly_anything_takes_no_room(text: str) -> None:
    assert companions_of([], ALWAYS, [say(text)]) == ()


@pytest.mark.parametrize("text", ["請用管理員帳號重啟網關。", "Use the loop option of mount."])
def test_what_says_something_in_any_script_does(text: str) -> None:
    assert companions_of([], ALWAYS, [say(text)]) == (Companion(say(text)),)
