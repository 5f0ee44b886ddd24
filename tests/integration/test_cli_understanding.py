"""Names and follow-ups in the words of a question, on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.exports import export, id_of, message, message_id, user, write
from tests.integration.program import DONE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.program import Program

PAPER = "Who is out of printer paper?"
GENERAL, DEV, THREAD = {0, 5, 600, 2000}, {60, 61, 63}, {62}


def ids(*numbers: int) -> set[int]:
    return {message_id(number) for number in numbers}


def test_a_channel_in_the_question_is_the_one_that_is_searched(library: Program) -> None:
    assert set(library.found("what broke the build in #dev?")) == ids(*DEV, *THREAD)
    asked = library.done("ask", "what broke the build in the dev channel?")
    assert asked.out.splitlines()[-1] == "Searched only #dev."
    shown = library.done("search", "what broke the build in #dev?")
    assert shown.out.splitlines()[-1] == "Searched only #dev."
    explained = library.done("ask", "what broke the build in #dev?", "--explain").out
    assert (
        f"Only channels: {', '.join(map(str, sorted([id_of('dev'), id_of('why no cache')])))}"
        in explained
    )
    assert "Words searched: broke, build" in explained


def test_only_messages_by_whom_is_asked_for(library: Program) -> None:
    found = library.found("messages by BOB about the build")
    assert set(found) == ids(5, 60, 62)
    shown = library.done("search", "messages by @bob in #dev about the build")
    assert shown.out.splitlines()[-1] == "Searched only what bob wrote in #dev."


def test_an_option_outranks_the_words_of_the_question(library: Program) -> None:
    found = library.found("printer paper in #dev", "--channel", "general", "--guild", "Testers")
    assert set(found) == ids(*GENERAL)


def test_people_of_one_name_are_offered_with_their_ids(library: Program) -> None:
    shown = library.done("ask", "messages by Sam about the build").out.splitlines()[-1]
    assert shown.startswith("Several people are called Sam")
    assert str(id_of("sam1")) in shown
    assert f"{id_of('sam2')} (Sam, @sam2)" in shown


def test_whoever_is_not_there_is_not_answered_for(library: Program) -> None:
    answer = library.json("ask", "What did Zorblax say about the release?")
    assert answer["answer"].startswith("Nobody called Zorblax wrote in what I searched.")
    assert answer["citations"] == []


def test_no_name_steers_the_terminal(program: Program, tmp_path: Path) -> None:
    evil = user("mallory", nickname="\x1b[31mAdmin")
    write(tmp_path / "general.json", export([message(1, "the printer") | {"author": evil}]))
    program.done("import", tmp_path / "general.json")
    shown = program.done("search", "messages by @mallory about the printer")
    assert "Searched only what [31mAdmin wrote." in shown.out
    assert "\x1b" not in shown.out


def test_a_follow_up_finds_what_was_spoken_of(library: Program) -> None:
    typed = f"{PAPER}\nAnd when was that?\n/new\nAnd when was that?\n"
    finished = library.run("chat", "--guild", "Testers", "--limit", "1", typed=typed)
    assert finished.code == DONE
    first, second, third = finished.out.split("Based on")[:3]
    for answer in (first, second):
        assert "out of paper" in answer
        assert f"/{message_id(600)}" in answer
    assert f"/{message_id(600)}" not in third
    assert finished.out.count("Searched together with what was asked before:") == 1


def test_a_new_question_in_chat_is_answered_as_by_ask(library: Program) -> None:
    question = "Which flag helps when the build fails?"
    finished = library.run("chat", typed=f"{PAPER}\n{question}\n")
    alone = library.done("ask", question)
    assert alone.out.partition("Based on")[0] in finished.out
