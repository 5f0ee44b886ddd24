"""Two processes on one data directory: one works on the vectors, and neither waits for the other.

The first is a conversation (`chat`), which holds the lock of the data directory from its first
question on until it ends. The second is the process of the tests.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

import pytest
from attrs import frozen

from tests.exports import export, id_of, message, message_id, write
from tests.integration.contents import Contents, assert_same, files_with
from tests.integration.program import DONE, LONGEST_RUN_SECONDS, SAMPLE, InProcess, Program

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator
    from pathlib import Path

BUSY = "Another process works on the vectors"
PRINTER = "Is the printer out of paper?"


@frozen
class Conversation:
    """A `chat` in a process of its own."""

    process: subprocess.Popen[str]

    def ask(self, question: str) -> str:
        """Return all that is printed for an answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{question}\n/help\n")  # the help marks the answer's end
        lines: list[str] = []
        while not lines or not lines[-1].startswith("/new"):
            lines.append(self.process.stdout.readline())
            assert lines[-1], f"the conversation ended: {lines}"
        return "".join(lines)


@contextmanager
def conversation(program: Program) -> Generator[Conversation, None, None]:
    """Start a conversation, and end it by the end of its input."""
    with program.start("chat") as process:  # closes the pipes and waits
        watchdog = Timer(LONGEST_RUN_SECONDS, process.kill)
        watchdog.start()
        try:
            yield Conversation(process)
        except BaseException:
            process.kill()
            raise
        finally:
            watchdog.cancel()
    assert process.returncode == DONE


@pytest.fixture
def program(library: Program, tmp_path: Path) -> Program:
    """Return the program with a copy of what the library holds."""
    return InProcess(shutil.copytree(library.data_dir, tmp_path / "data"))


@pytest.fixture
def more(tmp_path: Path) -> Path:
    """Return an export of one message that is not in the library."""
    said = [message(700, "The scanner eats its cable, use the one upstairs.", author="erin")]
    return write(tmp_path / "more.json", export(said))


def test_a_second_process_archives_and_searches_by_words(program: Program, more: Path) -> None:
    with conversation(program) as first:
        assert "out of paper" in first.ask(PRINTER)
        imported = program.done("import", more)
        assert "another process works on the vectors" in imported.out
        assert program.json("status")["waiting"] == 1
        searched = program.done("search", "scanner", "--limit", "1")
        assert "The scanner eats" in searched.out
        assert searched.sentence.startswith(f"searched by words only: {BUSY}")
        asked = program.json("ask", "What is wrong with the scanner?")
        assert asked["degraded"]
        assert BUSY in asked["reason"]
        assert "The scanner eats" in first.ask("What is wrong with the scanner?")
    assert program.json("index")["messages_indexed"] == 1
    results = program.json("search", "scanner", "--limit", "1")["results"]
    assert results[0]["similarity"] is not None


def test_who_is_forgotten_in_one_process_is_gone_from_the_other_at_once(
    program: Program,
) -> None:
    with conversation(program) as first:
        assert "carol" in first.ask(PRINTER)
        forgotten = program.json("forget", "--user", id_of("carol"))
        assert forgotten["messages_erased"] == 1
        assert BUSY in forgotten["vectors_waiting"]
        answer = first.ask(PRINTER)
        assert "carol" not in answer
        assert "out of paper" not in answer
        assert not files_with("out of paper", program.data_dir)
    program.done("index")
    held = Contents.of(program.data_dir)
    assert message_id(600) not in {i for vectors in held.vectors.values() for i in vectors.ids}


def test_whoever_comes_next_takes_the_vectors_over_when_the_first_ends(
    program: Program,
) -> None:
    with conversation(program) as second:
        with conversation(program) as first:
            assert BUSY not in first.ask(PRINTER)
            assert BUSY in second.ask(PRINTER)
        assert BUSY not in second.ask(PRINTER)
        assert program.json("status")["dependencies"]["index"]["state"] == "degraded"
    assert program.json("status")["dependencies"]["index"]["state"] == "ok"


def test_two_imports_at_once_of_overlapping_exports_end_as_one_import(tmp_path: Path) -> None:
    files = [few_messages(file, tmp_path / "exports") for file in sorted(SAMPLE.glob("*.json"))]
    both = Program(tmp_path / "both")
    processes = [both.start("import", *files[:6]), both.start("import", *files[3:])]
    for process in processes:
        process.communicate(timeout=LONGEST_RUN_SECONDS)
        assert process.returncode == DONE
    both.done("index")  # what one archived after the other had made its vectors
    one = Program(tmp_path / "one")
    one.done("import", *files)
    assert_same(Contents.of(both.data_dir), Contents.of(one.data_dir))


def few_messages(file: Path, folder: Path) -> Path:
    """Write the beginning of an export."""
    document = json.loads(file.read_text(encoding="utf-8"))
    return write(folder / file.name, document | {"messages": document["messages"][:10]})
