"""Files that are damaged, of a newer version, or gone: a sentence, and nothing overwritten.

The archive is the truth: where it is damaged, nothing is done to it. Vectors can be made anew,
so search goes on by words, and the program says how they are mended.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.exports import export, message, write
from tests.integration.contents import Contents, assert_same
from tests.integration.program import DONE, FAILED, UNAVAILABLE, Finished
from tests.integration.struck import LOGGED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.striking import Runs

PAGE_BYTES = 4096
GRAPH_FILES = ["header.bin", "data_level0.bin", "length.bin", "index_metadata.pickle"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, forks: Runs, exported: Path) -> Path:
    """Return a data directory with nothing wrong."""
    data_dir = tmp_path_factory.mktemp("sound") / "data"
    assert forks.run(data_dir, "import", exported).finished.code == DONE
    return data_dir


@pytest.fixture
def data_dir(sound: Path, tmp_path: Path) -> Path:
    """Return a copy, to be damaged."""
    return shutil.copytree(sound, tmp_path / "data")


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def fill_with_noise(file: Path) -> None:
    """Overwrite all but the first two pages, by which a database is known."""
    content = file.read_bytes()
    kept = 2 * PAGE_BYTES
    file.write_bytes(content[:kept] + random.Random(1).randbytes(len(content) - kept))


def replace_by_text(file: Path) -> None:
    file.write_text("Dear diary,\n")


def make_newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize("command", ["import", "search", "status", "index", "forget"])
@pytest.mark.parametrize(
    ("damage", "saying"),
    [
        (cut_in_half, "is damaged or is no archive"),
        (fill_with_noise, "is damaged or is no archive"),
        (replace_by_text, "is damaged or is no archive"),
        (make_newer, "was written by a newer version"),
    ],
)
def test_an_archive_that_cannot_be_used_is_left_as_it_is(  # noqa: PLR0917 - by name
    forks: Runs,
    data_dir: Path,
    exported: Path,
    command: str,
    damage: Callable[[Path], None],
    saying: str,
) -> None:
    archive = data_dir / "archive.db"
    damage(archive)
    before = archive.read_bytes()
    arguments = {"import": (exported,), "search": ("printer",), "forget": ("--user", "1")}
    finished = forks.run(data_dir, command, *arguments.get(command, ())).finished
    assert finished.code == UNAVAILABLE
    assert f"The archive {archive} {saying}" in finished.sentence
    assert not finished.out
    assert archive.read_bytes() == before
    assert check_of(forks, data_dir, "archive")["state"] == "fail"


@pytest.mark.parametrize("damage", [cut_in_half, fill_with_noise, replace_by_text])
def test_search_goes_on_by_words_where_the_vectors_database_is_damaged(
    forks: Runs, data_dir: Path, sound: Path, damage: Callable[[Path], None]
) -> None:
    folder = data_dir / "chroma"
    damage(folder / "chroma.sqlite3")
    remedy = "move that folder away and run `discord-indexer reindex`"
    assert_found_by_words(forks.run(data_dir, "search", "printer").finished, remedy)
    assert remedy in check_of(forks, data_dir, "index")["detail"]
    assert remedy in forks.run(data_dir, "reindex").finished.sentence
    folder.rename(data_dir / "away")
    assert forks.run(data_dir, "reindex").finished.code == DONE
    assert_same(Contents.of(data_dir), Contents.of(sound))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, forks: Runs) -> Path:
    """Return a data directory with so many vectors that their graph is on the disk."""
    folder = tmp_path_factory.mktemp("many")
    said = [message(n, f"Printer {n} is out of paper.") for n in range(2 * LOGGED)]
    export_file = write(folder / "export.json", export(said))
    assert forks.run(folder / "data", "import", export_file).finished.code == DONE
    return folder / "data"


@pytest.mark.parametrize("file", GRAPH_FILES)
def test_the_next_run_mends_what_an_interruption_left_of_the_vectors(
    forks: Runs, many: Path, tmp_path: Path, file: str
) -> None:
    data_dir = shutil.copytree(many, tmp_path / "data")
    [graph] = data_dir.glob("chroma/*/index_metadata.pickle")
    cut_in_half(graph.with_name(file))
    found = forks.run(data_dir, "search", "printer").finished
    assert_found_by_words(found, "run `discord-indexer index`")
    assert forks.run(data_dir, "index").finished.code == DONE
    assert_same(Contents.of(data_dir), Contents.of(many))


def test_vectors_that_are_gone_are_missed(forks: Runs, data_dir: Path, sound: Path) -> None:
    shutil.rmtree(data_dir / "chroma")
    assert check_of(forks, data_dir, "index")["mend"] == "Run `discord-indexer reindex`."
    assert forks.run(data_dir, "reindex").finished.code == DONE
    assert check_of(forks, data_dir, "index")["state"] == "ok"
    assert_same(Contents.of(data_dir), Contents.of(sound))


def assert_found_by_words(finished: Finished, remedy: str) -> None:
    """Assert that a search for the printer found it, and said that it went by words only."""
    assert finished.code == DONE
    assert "out of paper" in finished.out
    assert finished.sentence.startswith("searched by words only: ")
    assert remedy in finished.sentence


def check_of(forks: Runs, data_dir: Path, name: str) -> dict[str, str]:
    """Return what `doctor` says of one thing."""
    finished = forks.run(data_dir, "doctor", "--json").finished
    assert finished.code in {DONE, FAILED}
    return next(check for check in json.loads(finished.out)["checks"] if check["name"] == name)
