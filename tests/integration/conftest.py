"""A small server that the tests of the command line ask about, imported once."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.exports import channel, export, message, thread, user, write
from tests.integration.program import SAMPLE, Program
from tests.integration.striking import Runs, runs

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let Ctrl-C reach the programs under test, though what runs in the background ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two servers as exports: channels `general` and `dev` with a thread, another `general`.

    Two people are called Sam. Message n is of 12:00 UTC on 15 January 2024 and n minutes.
    """
    folder = tmp_path_factory.mktemp("exports")
    said = [
        message(0, "The release of version 2 is planned for the first week of March."),
        message(5, "Thanks, I will write the notes for the release.", author="bob"),
        message(600, "The printer on the second floor is out of paper again.", author="carol"),
        message(2000, "The release was postponed to April."),
    ]
    write(folder / "general.json", export(said))
    said = [
        message(60, "Use the flag --no-cache when the build fails.", author="bob"),
        message(61, "My build works again.") | {"author": user("sam1", nickname="Sam")},
        message(63, "Does the build need a cache?") | {"author": user("sam2", nickname="Sam")},
    ]
    write(folder / "dev.json", export(said, "dev"))
    said = [message(62, "The cache is broken since the compiler was updated.", author="bob")]
    write(folder / "thread.json", export(said, thread("why no cache", "dev")))
    elsewhere = channel("general", id="900000000000000001")
    said = [message(7, "Our release is next week.", author="dave")]
    write(folder / "elsewhere.json", export(said, elsewhere, "Elsewhere"))
    return folder


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, exported: Path) -> Program:
    """Return the program with the exports imported; for tests that only read."""
    program = Program(tmp_path_factory.mktemp("library") / "data")
    program.done("import", exported)
    return program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Return the program with a data directory that does not exist yet."""
    return Program(tmp_path / "data")


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Generator[Runs, None, None]:
    """Return what runs the program quickly and can strike it; its vectors mean nothing."""
    with runs(tmp_path_factory.mktemp("runs")) as started:
        yield started


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Return the program with the sample server imported; for tests that only read."""
    program = Program(tmp_path_factory.mktemp("sample") / "data")
    program.done("import", SAMPLE)
    return program
