"""The command line as a whole: help, wrong usage, and what every failure becomes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.program import COMMANDS, load_command
from tests.integration.program import FAILED, UNAVAILABLE, WRONG_USAGE, Program

if TYPE_CHECKING:
    from pathlib import Path

SLOW_TO_IMPORT = {
    "app.entrypoints.cli.asking",
    "app.entrypoints.container",
    "asyncio",
    "chromadb",
    "dependency_injector",
    "numpy",
    "onnxruntime",
    "rich",
    "sqlalchemy",
}


def test_help_waits_for_nothing_that_is_slow_to_import(tmp_path: Path) -> None:
    code = (
        "import json, sys\n"
        "from app.entrypoints.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print(json.dumps(list(sys.modules)), file=sys.stderr)\n"
    )
    environment = Program(tmp_path / "data").environment
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    assert done.stdout.startswith("Usage: discord-indexer")
    assert SLOW_TO_IMPORT.isdisjoint(json.loads(done.stderr))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    command = load_command(name)
    assert isinstance(command, ExampleCommand)
    assert command.name == name
    assert command.help
    assert command.examples
    with click.Context(command, info_name=name) as context:
        assert command.get_help(context)


def test_without_any_word_the_whole_help_is_shown_and_the_usage_wrong(tmp_path: Path) -> None:
    environment = Program(tmp_path / "data").environment
    command = [sys.executable, "-m", "app"]
    done = subprocess.run(command, capture_output=True, check=False, text=True, env=environment)
    assert done.returncode == WRONG_USAGE
    assert done.stderr.startswith("Usage: discord-indexer")
    assert all(name in done.stderr for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing command"),
        (("serach", "printer"), "'search'"),
        (("search",), "--batch"),
        (("search", "a", "--batch", "b"), "--batch"),
        (("search", "a", "--limit", "0"), "1<=x"),
        (("ask", "  "), "empty"),
        (("ask", "a", "--no-such-flag"), "--no-such-flag"),
        (("import",), "PATH"),
        (("forget",), "exactly one"),
        (("forget", "--user", "1", "--guild", "2"), "exactly one"),
        (("forget", "--user", "bob"), "'bob' is a name"),
        (("forget", "--channel", "general", "--json"), "--yes"),
        (("forget", "--user", " "), "a name or an id is wanted"),
        (("opt-in", "--user", "bob"), "'bob' is not an id"),
        (("forget", "--user", str(2**63)), "is not an id"),
        (("forget", "--user", "²"), "is a name"),
        (("forget", "--user", "9" * 5_000), "is not an id"),
        (("opt-in",), "--user"),
        (("--log-level", "loud", "status"), "loud"),
    ],
)
def test_wrong_usage_is_one_sentence_that_names_the_help(
    program: Program, arguments: tuple[str, ...], said: str
) -> None:
    finished = program.run(*arguments)
    assert finished.code == WRONG_USAGE
    assert said in finished.sentence
    assert "--help`" in finished.sentence
    assert not finished.out
    assert not program.data_dir.exists()


def test_a_wrong_setting_is_named_with_what_is_allowed(tmp_path: Path) -> None:
    program = Program(tmp_path / "data", {"LLM_MAX_CONTEXT": "plenty"})
    finished = program.run("status")
    assert finished.code == WRONG_USAGE
    assert "LLM_MAX_CONTEXT is 'plenty'" in finished.sentence
    assert "100" in finished.sentence


def test_a_data_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    program = Program(tmp_path / "data")
    program.data_dir.write_text("mine")
    finished = program.run("status")
    assert finished.code == WRONG_USAGE  # the option itself says that it wants a folder
    assert "data" in finished.sentence
    assert program.data_dir.read_text() == "mine"


def test_a_damaged_archive_is_unavailable_and_left_alone(program: Program) -> None:
    program.data_dir.mkdir()
    archive = program.data_dir / "archive.db"
    archive.write_bytes(b"not a database at all" * 100)
    finished = program.run("search", "printer")
    assert finished.code == UNAVAILABLE
    assert str(archive) in finished.sentence
    assert archive.read_bytes().startswith(b"not a database")


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "printer"),
        ("ask", "Who is out of paper?"),
        ("ask", "--batch", "-"),
        ("chat",),
        ("index",),
        ("reindex",),
        ("forget", "--channel", "5"),
        ("forget", "--user", "bob", "--yes"),
        ("opt-in", "--user", "5"),
    ],
)
def test_a_mistyped_data_directory_is_named_and_not_made(
    program: Program, arguments: tuple[str, ...]
) -> None:
    finished = program.run(*arguments)
    assert finished.code == FAILED
    assert finished.sentence.startswith(f"There is no archive in {program.data_dir}: begin with")
    assert not finished.out
    assert not program.data_dir.exists()


def test_the_global_options_are_understood_after_the_command_too(
    library: Program, tmp_path: Path
) -> None:
    elsewhere = Program(tmp_path / "elsewhere")
    found = elsewhere.json("search", "printer", "--data-dir", library.data_dir)
    assert len(found["results"]) > 3
    assert not elsewhere.data_dir.exists()
    loud = elsewhere.run("index", "--log-level", "debug")
    assert "Traceback" in loud.err
    wrong = elsewhere.run("index", "--log-level", "loud")
    assert wrong.code == WRONG_USAGE
    assert "loud" in wrong.sentence


def test_a_context_that_the_model_cannot_hold_stops_the_start(tmp_path: Path) -> None:
    settings = {"LLM_BACKEND": "auto", "LLM_MAX_CONTEXT": "60000"}
    finished = Program(tmp_path / "data", settings).run("search", "printer")
    assert finished.code == WRONG_USAGE
    assert "LLM_NUM_CTX is 8192" in finished.sentence


def test_only_debugging_shows_a_traceback(library: Program) -> None:
    program = library
    quiet = program.run("ask", "anything", "--guild", "nowhere")
    assert quiet.code == FAILED
    assert "nowhere" in quiet.sentence
    loud = program.run("--log-level", "debug", "ask", "anything", "--guild", "nowhere")
    assert loud.code == FAILED
    assert "Traceback" in loud.err
    assert loud.err.splitlines()[-1] == quiet.sentence


def test_an_error_that_nobody_foresaw_is_one_sentence_too(tmp_path: Path) -> None:
    code = (
        "from app.entrypoints.cli import main\n"
        "def build(settings): raise ValueError('the moon\\nis full')\n"
        "main(['status'], build)\n"
    )
    environment = Program(tmp_path / "data").environment | {"DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, check=False, text=True, env=environment)
    assert done.returncode == FAILED
    assert done.stderr.count("\n") == 1
    assert "ValueError: the moon is full" in done.stderr
    assert "--log-level debug" in done.stderr


@pytest.mark.parametrize("arguments", [("search", "release"), ("search", "--batch", "-")])
def test_a_reader_that_leaves_early_causes_no_complaint(
    library: Program, arguments: tuple[str, ...]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "app", "--data-dir", str(library.data_dir)]
    done = subprocess.run(
        [*command, *arguments],
        input=b'{"query_id": 1, "query": "release"}',
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        env=library.environment,
    )
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == FAILED
