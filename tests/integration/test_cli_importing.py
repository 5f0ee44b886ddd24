"""The commands import, index and reindex."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from tests.exports import export, id_of, message, message_id, write
from tests.integration.program import DONE, FAILED, INTERRUPTED, UNAVAILABLE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.program import Program

MANY = 20_000


def lock_index(program: Program) -> FileLock:
    """Hold what another process that works on the vectors holds."""
    program.data_dir.mkdir(exist_ok=True)
    return FileLock(program.data_dir / "index.lock")


def test_an_import_tells_programs_what_it_did(program: Program, exported: Path) -> None:
    first = program.json("import", exported)
    assert first.pop("seconds") >= first.pop("seconds_to_searchable") > 0
    assert first == {
        "files": 4,
        "messages_read": 9,
        "messages_new": 9,
        "messages_updated": 0,
        "messages_skipped": 0,
        "messages_indexed": 9,
        "failures": [],
    }
    again = program.json("import", exported)
    assert (again["messages_read"], again["messages_skipped"]) == (9, 9)
    assert again["messages_new"] == again["messages_updated"] == again["messages_indexed"] == 0


@pytest.mark.parametrize("content", ["nothing", "another text", "cut head", "cut list"])
def test_an_import_of_nothing_is_a_failure_that_says_why_and_no_success(
    program: Program, tmp_path: Path, content: str
) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    if content == "another text":
        (folder / "package.json").write_text('{"name": "left-pad"}')
    elif content != "nothing":
        whole = write(folder / "general.json", export([message(1)])).read_bytes()
        end = whole.index(b'"messages"') + (20 if content == "cut list" else -5)
        (folder / "general.json").write_bytes(whole[:end])
    finished = program.run("import", folder)
    assert finished.code == FAILED
    assert not finished.out
    assert str(folder) in finished.sentence
    assert "(nothing imported from it)" in finished.sentence
    told = json.loads(program.run("import", folder, "--json").out)
    assert told["messages_read"] == 0
    [failure] = told["failures"]
    assert failure["messages_taken"] == 0


def test_an_export_without_messages_is_no_failure(program: Program, tmp_path: Path) -> None:
    finished = program.done("import", write(tmp_path / "quiet.json", export([])))
    assert finished.out.startswith("Read 0 messages from 1 file")
    assert finished.out.count("\n") == 1


def test_the_numbers_that_people_are_told_add_up(program: Program, tmp_path: Path) -> None:
    joined = message(3, "", author="carol", type="GuildMemberJoin")
    said = [message(1, author="bob"), message(2, author="bob"), joined, message(4, "first")]
    path = write(tmp_path / "general.json", export(said))
    first = program.done("import", "--no-embed", path).out.splitlines()[0]
    assert first.startswith("Read 4 messages from 1 file in ")
    assert first.endswith(": 3 new, 1 skipped (system notices, empty or repeated).")
    program.done("forget", "--user", id_of("bob"))
    edited = message(4, "second", timestampEdited="2024-02-01T00:00:00+00:00")
    said = [*said[:3], edited, message(5), message(6)]
    write(path, export(said))
    again = program.done("import", "--no-embed", path).out.splitlines()[0]
    assert again.endswith(
        ": 2 new, 1 updated, 2 refused (their author was forgotten, or they were removed),"
        " 1 skipped (system notices, empty or repeated)."
    )
    third = program.done("import", "--no-embed", path).out.splitlines()[0]
    assert ": 3 already there, 2 refused (" in third


def test_an_import_tells_people_what_is_there_and_what_to_type_next(
    program: Program, exported: Path
) -> None:
    finished = program.done("import", "--no-embed", exported)
    assert "9 messages from 4 files" in finished.out
    assert "Testers now holds 8 messages in 3 channels." in finished.out
    assert f'Next: discord-indexer --data-dir {program.data_dir} ask "..."' in finished.out
    assert "`discord-indexer index`" in finished.out
    assert not finished.err


def test_messages_are_found_by_words_before_their_vectors_are_made(
    program: Program, exported: Path
) -> None:
    imported = program.json("import", "--no-embed", exported)
    assert imported["messages_indexed"] == 0
    assert message_id(600) in program.found("printer paper")
    status = program.json("status")
    assert (status["vectors"], status["waiting"]) == (0, 9)
    assert program.json("index")["messages_indexed"] == 9
    status = program.json("status")
    assert (status["vectors"], status["waiting"]) == (9, 0)
    assert program.json("reindex", "--guild", "Testers")["messages_indexed"] == 8
    assert program.json("status")["vectors"] == 9


def test_while_another_process_makes_vectors_an_import_archives_all_the_same(
    program: Program, exported: Path
) -> None:
    with lock_index(program):
        imported = program.done("import", exported)
        assert "another process works on the vectors" in imported.out
        assert message_id(600) in program.found("printer paper")
        assert "searched by words only" in program.done("search", "printer paper").sentence
        index = program.run("index")
        assert index.code == UNAVAILABLE
        assert "Another process" in index.sentence
        status = program.json("status")
    assert status["vectors"] is None
    assert status["waiting"] == 9
    assert status["dependencies"]["index"]["state"] == "degraded"


def test_a_broken_file_is_named_and_spoils_no_other(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    whole = write(folder / "a.json", export([message(n, f"sentence {n}") for n in range(9)]))
    cut = whole.read_bytes()[: whole.stat().st_size // 2].replace(b"general", b"another")
    (folder / "b.json").write_bytes(cut)
    finished = program.run("import", "--no-embed", "--json", folder)
    assert finished.code == FAILED
    program.done("status")
    finished = program.run("import", "--no-embed", folder)
    assert finished.code == FAILED
    assert "b.json" in finished.sentence
    assert "imported from it)" in finished.sentence
    assert finished.out.startswith("Read ")
    assert program.json("status")["messages"] >= 9


def test_what_does_not_exist_is_named(program: Program, tmp_path: Path) -> None:
    finished = program.run("import", tmp_path / "nowhere.json")
    assert finished.code == FAILED
    assert "nowhere.json" in finished.sentence
    assert not program.data_dir.exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_import_says_that_it_goes_on_and_does(
    program: Program, tmp_path: Path, how: signal.Signals
) -> None:
    said = (message(n, f"sentence number {n} of many") for n in range(MANY))
    path = write(tmp_path / "many.json", export(said))
    process = program.start("import", "--no-embed", path)
    while not (archive := program.data_dir / "archive.db-wal").exists() or (
        archive.stat().st_size < 1 << 20
    ):
        assert process.poll() is None, "it was done before it could be interrupted"
        time.sleep(0.01)
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert not out
    assert err.splitlines()[-1].startswith("Stopped. What was done so far stays")
    kept = program.json("status")["messages"]
    assert 0 < kept < MANY
    imported = program.json("import", "--no-embed", path)
    assert imported["messages_new"] == MANY - kept
    assert program.run("status").code == DONE
