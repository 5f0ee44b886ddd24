"""A disk that is full or cannot be written to: a sentence, nothing lost, and then it goes on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.exports import export, message, message_id, write
from tests.integration.contents import Contents, archive_rows
from tests.integration.program import SAMPLE, UNAVAILABLE, Program
from tests.integration.surroundings import (
    Disk,
    LimitedFiles,
    can_mount,
    small_file_system,
    without_privileges,
    write_protected,
)

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

MEGABYTE = 1_000_000
COMMANDS = {"import": (SAMPLE,), "search": ("printer",), "status": (), "forget": ("--user", "1")}


@pytest.fixture(params=["limited files", *(["small file system"] if can_mount() else [])])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Disk, None, None]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "limited files":
        yield LimitedFiles(folder)
    else:
        with small_file_system(folder) as mounted:
            yield mounted


def test_an_import_that_fills_the_disk_keeps_what_it_has_and_goes_on_with_room(
    disk: Disk, sample: Program
) -> None:
    disk.leave(2 * MEGABYTE)
    program = disk.program()
    stopped = program.run("import", "--no-embed", SAMPLE)
    assert stopped.code == UNAVAILABLE
    assert "free" in stopped.sentence
    kept = archive_rows(program.data_dir)["messages"]
    assert kept
    disk.make_room()
    again = disk.program().json("import", "--no-embed", SAMPLE)
    wanted = archive_rows(sample.data_dir)
    assert again["messages_new"] == len(wanted["messages"]) - len(kept) > 0
    held = archive_rows(program.data_dir)
    assert {**held, "marks": []} == wanted


def test_vectors_that_fill_the_disk_are_made_when_there_is_room(disk: Disk, tmp_path: Path) -> None:
    said = [message(n, f"Printer {n} is out of paper.") for n in range(100)]
    export_file = write(tmp_path / "export.json", export(said))
    disk.program().done("import", "--no-embed", export_file)
    disk.leave(MEGABYTE // 3)
    program = disk.program()
    stopped = program.run("index")
    assert stopped.code == UNAVAILABLE
    assert str(program.data_dir) in stopped.sentence
    assert program.found("printer", "--limit", "3")
    disk.make_room()
    program = disk.program()
    assert program.json("index")["messages_indexed"] == len(said)
    [vectors] = Contents.of(program.data_dir).vectors.values()
    assert list(vectors.ids) == [message_id(n) for n in range(len(said))]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_data_directory_that_cannot_be_written_to_is_named(
    library: Program, tmp_path: Path, command: str
) -> None:
    data_dir = shutil.copytree(library.data_dir, tmp_path / "data")
    program = Program(data_dir, wrapper=without_privileges())
    with write_protected(data_dir):
        finished = program.run(command, *COMMANDS[command])
    assert finished.code == UNAVAILABLE
    assert str(data_dir) in finished.sentence
    assert "you may write to the folder" in finished.sentence
    assert archive_rows(data_dir) == archive_rows(library.data_dir)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    parent = tmp_path / "parent"
    parent.mkdir()
    program = Program(parent / "data", wrapper=without_privileges())
    with write_protected(parent):
        finished = program.run("import", SAMPLE)
    assert finished.code == UNAVAILABLE
    assert f"The data directory {program.data_dir} cannot be made" in finished.sentence


def test_vectors_that_cannot_be_written_to_leave_search_by_words(
    library: Program, tmp_path: Path
) -> None:
    data_dir = shutil.copytree(library.data_dir, tmp_path / "data")
    program = Program(data_dir, wrapper=without_privileges())
    with write_protected(data_dir / "chroma"):
        finished = program.done("search", "printer paper", "--limit", "1")
    assert "out of paper" in finished.out
    assert "searched by words only" in finished.sentence
    assert str(data_dir) in finished.sentence
