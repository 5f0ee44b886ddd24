"""What people see on a terminal, and the conversation of chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tests.exports import export, id_of, message, message_id, write
from tests.fake_ollama import Behaviour, FakeOllama, in_thread
from tests.integration.program import DONE, FAILED, INTERRUPTED
from tests.integration.terminal import CTRL_C, CTRL_D, on_terminal, plain

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.integration.program import Program

QUESTION = "Who is out of printer paper?"
URL = f"https://discord.com/channels/{id_of('Testers')}/{id_of('general')}/{message_id(600)}"


@pytest.fixture
def ollama() -> Generator[FakeOllama, None, None]:
    """Run a model that answers with the first excerpt."""
    with in_thread() as server:
        yield server


def with_model(library: Program, ollama: FakeOllama) -> Program:
    return evolve(library, settings={"LLM_BACKEND": "ollama", "OLLAMA_HOST": ollama.url})


def test_an_answer_appears_word_by_word_and_its_numbers_are_links(
    library: Program, ollama: FakeOllama
) -> None:
    ollama.answer = lambda _: "Carol said so [1], nobody else did [7]."
    ollama.behaviour = Behaviour(stall_after=4)
    program = with_model(library, ollama)
    with on_terminal(program, "ask", QUESTION, "--author", "carol") as terminal:
        terminal.wait_for("Carol said so")
        assert "nobody" not in plain(terminal.drawn)
        ollama._server.get_loop().call_soon_threadsafe(ollama.resume)
        terminal.wait_for("carol in #general, 2024-01-15 22:00")
        terminal.wait_for("Based on 1 message")
        assert terminal.wait_for_end() == DONE
    assert f";{URL}\x1b\\" in terminal.drawn
    assert URL not in plain(terminal.drawn)
    # The citation of a message that was not given is taken back.
    last = plain(terminal.drawn).rpartition("Carol said so")[2]
    assert "nobody else did." in last


def test_a_summary_of_much_says_how_far_it_is(library: Program, ollama: FakeOllama) -> None:
    ollama.answer = lambda _: "They talked of paper [1]."
    ollama.behaviour = Behaviour(stall_after=1)
    program = with_model(library, ollama)
    program = evolve(program, settings={**program.settings, "LLM_MAX_CONTEXT": "400"})
    with on_terminal(program, "ask", "summarize 15 January 2024") as terminal:
        terminal.wait_for("Reading part 1 of")
        ollama.behaviour = Behaviour()
        ollama._server.get_loop().call_soon_threadsafe(ollama.resume)
        terminal.wait_for("They talked of paper")
        assert terminal.wait_for_end() == DONE


def test_a_model_that_breaks_off_is_replaced_on_the_screen(
    library: Program, ollama: FakeOllama
) -> None:
    ollama.answer = lambda _: "Half of an answer that never ends [1]."
    ollama.behaviour = Behaviour(drop_after=3)
    program = with_model(library, ollama)
    with on_terminal(program, "ask", QUESTION, "--author", "carol") as terminal:
        assert terminal.wait_for_end() == DONE
    shown = plain(terminal.drawn)
    assert "out of paper" in shown.rpartition("Half of an")[2]
    assert "Note:" in shown


def test_an_answer_wider_than_the_terminal_is_wrapped_and_not_cut(
    library: Program, ollama: FakeOllama
) -> None:
    words = [f"word{number}" for number in range(60)]
    ollama.answer = lambda _: " ".join([*words, "[1]."])
    with on_terminal(with_model(library, ollama), "ask", QUESTION) as terminal:
        assert terminal.wait_for_end() == DONE
    shown = plain(terminal.drawn).rpartition("word0 ")[2]
    assert [word for word in words[1:] if word not in shown.split()] == []


def test_a_dumb_terminal_gets_plain_text_and_addresses(library: Program) -> None:
    with on_terminal(library, "ask", QUESTION, variables={"TERM": "dumb"}) as terminal:
        assert terminal.wait_for_end() == DONE
    assert "\x1b" not in terminal.drawn
    assert URL in terminal.drawn


def test_an_import_draws_its_progress_and_clears_it(program: Program, tmp_path: Path) -> None:
    said = (message(n, f"sentence number {n} of many") for n in range(5_000))
    path = write(tmp_path / "many.json", export(said))
    with on_terminal(program, "import", "--no-embed", path) as terminal:
        terminal.wait_for("/s")
        assert terminal.wait_for_end() == DONE
    assert "%" in plain(terminal.drawn)
    assert "Read 5,000 messages from 1 file" in plain(terminal.drawn)


def test_chat_remembers_earlier_questions_until_it_is_told_not_to(
    library: Program, ollama: FakeOllama
) -> None:
    with on_terminal(with_model(library, ollama), "chat", "--guild", "Testers") as terminal:
        for typed, shown in (
            (QUESTION, "Based on"),
            ("And when was the paper out?", "Based on"),
            ("/new", "forgotten"),
            ("Which cache is broken?", "Based on"),
        ):
            terminal.wait_for("\n> ")
            terminal.type(f"{typed}\n")
            terminal.wait_for(shown)
        terminal.wait_for("\n> ")
        terminal.type(CTRL_D)
        assert terminal.wait_for_end() == DONE
    asked = [str(request["messages"]) for request in ollama.asked("/api/chat")]
    assert [f"Earlier question: {QUESTION}" in prompt for prompt in asked] == [False, True, False]
    assert "Question: And when was the paper out?" in asked[1]


def test_a_follow_up_is_about_the_message_that_was_found(library: Program) -> None:
    with on_terminal(library, "chat", "--guild", "Testers", "--limit", "1") as terminal:
        for typed in (QUESTION, "And when was that?"):
            terminal.wait_for("\n> ")
            terminal.type(f"{typed}\n")
            terminal.wait_for("closest messages")
            first = terminal.wait_for("carol,")
            assert "out of paper" in first
            assert first.count("\n> ") == 1
            terminal.wait_for("Based on")
        terminal.wait_for("Searched together with what was asked before: And when was that?")
        terminal.wait_for("\n> ")
        terminal.type("/new\n")
        terminal.wait_for("forgotten")
        terminal.wait_for("\n> ")
        terminal.type("And when was that?\n")
        assert "Searched together" not in terminal.wait_for("\n> ")
        terminal.type(CTRL_D)
        assert terminal.wait_for_end() == DONE


def test_ctrl_c_stops_an_answer_and_not_the_chat(library: Program, ollama: FakeOllama) -> None:
    ollama.answer = lambda _: "This answer goes on and on [1]."
    ollama.behaviour = Behaviour(stall_after=3)
    with on_terminal(with_model(library, ollama), "chat") as terminal:
        terminal.wait_for("\n> ")
        terminal.type(f"{QUESTION}\n")
        terminal.wait_for("This answer goes")
        terminal.type(CTRL_C)
        terminal.wait_for("(stopped)")
        terminal.wait_for("\n> ")
        ollama.behaviour = Behaviour()
        terminal.type("Which cache is broken?\n")
        terminal.wait_for("Based on")
        terminal.wait_for("\n> ")
        terminal.type(CTRL_C)
        assert terminal.wait_for_end() == DONE
    assert ollama.cancelled == 1


def test_ctrl_c_ends_a_question_at_once(library: Program, ollama: FakeOllama) -> None:
    ollama.behaviour = Behaviour(stall_after=1)
    with on_terminal(with_model(library, ollama), "ask", QUESTION) as terminal:
        terminal.wait_for("The")
        terminal.type(CTRL_C)
        terminal.wait_for("Stopped.")
        assert terminal.wait_for_end() == INTERRUPTED


def test_chat_on_a_pipe_answers_line_by_line(library: Program) -> None:
    typed = f"{QUESTION}\n\n/help\nWhich cache is broken?\n/quit\nnever asked\n"
    finished = library.run("chat", typed=typed)
    assert finished.code == DONE
    assert finished.out.count("Based on") == 2
    assert "/new" in finished.out
    assert "> " not in finished.out.splitlines()[0]


def test_forgetting_asks_first_on_a_terminal(library: Program) -> None:
    with on_terminal(library, "forget", "--user", id_of("bob")) as terminal:
        terminal.wait_for("[y/N]")
        terminal.type("n\n")
        terminal.wait_for("Nothing was erased.")
        assert terminal.wait_for_end() == FAILED
    assert library.json("status")["messages"] == 9
