"""Whatever ends the program, and whenever: the next run goes on, and ends as if nothing happened.

`kill -9` gives a program no say. Each test strikes it in the midst of a stage that is known
(`striking`), lets the same command run again, and compares all that is stored with what an
undisturbed run stores: every row of the archive, every vector.
"""

from __future__ import annotations

import json
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from attrs import evolve, frozen

from tests.exports import write
from tests.integration.contents import Contents, assert_same
from tests.integration.program import DONE, INTERRUPTED, SAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.striking import Run, Runs

MESSAGES_IN_A_FILE = 14
OTHER_SERVER = {"id": "196912506470499999", "name": "Another server", "iconUrl": ""}

IMPORT_STAGES = (
    *("parse", "chunk", "archive commit"),
    *("embed", "vector write", "mark cleared", "mark cleared commit"),
)
MOMENTS = [(0.0, 0.2), (0.5, 0.5), (1.0, 0.9)]
"""Which of a stage's calls, from the first to the last, and how far into it."""


@frozen
class Calm:
    """An export, and what importing it leaves behind when nothing comes between."""

    export: Path
    data_dir: Path
    run: Run
    contents: Contents


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, forks: Runs) -> Calm:
    folder = tmp_path_factory.mktemp("calm")
    export = small_export(folder / "export")
    forks.run(folder / "first", "import", export)  # what is read for the first time is slower
    run = forks.run(folder / "data", "import", export)
    assert run.finished.code == DONE, run.finished
    return Calm(export, folder / "data", run, Contents.of(folder / "data"))


def small_export(folder: Path) -> Path:
    """Write the beginning of each file of the sample, two of them as another server's."""
    for number, file in enumerate(sorted(SAMPLE.glob("*.json"))):
        document = json.loads(file.read_text())
        document["messages"] = document["messages"][:MESSAGES_IN_A_FILE]
        write(folder / file.name, document | ({"guild": OTHER_SERVER} if number < 2 else {}))
    return folder


@pytest.mark.parametrize("moment", MOMENTS, ids=["first", "middle", "last"])
@pytest.mark.parametrize("stage", IMPORT_STAGES)
def test_an_import_that_was_killed_goes_on_as_if_nothing_happened(
    calm: Calm, forks: Runs, tmp_path: Path, stage: str, moment: tuple[float, float]
) -> None:
    [strike] = calm.run.strikes(stage, [moment])
    killed = forks.run(tmp_path, "import", calm.export, strike=strike)
    assert killed.finished.code == -signal.SIGKILL
    assert killed.was_in(strike)
    again = forks.run(tmp_path, "import", calm.export)
    assert again.finished.code == DONE, again.finished
    assert_same(Contents.of(tmp_path), calm.contents)


def test_an_import_that_is_killed_again_and_again_comes_to_its_end(
    calm: Calm, forks: Runs, tmp_path: Path
) -> None:
    struck_stages = 0
    for stage in IMPORT_STAGES:
        [strike] = calm.run.strikes(stage, [(0.0, 0.5)])
        struck_stages += forks.run(tmp_path, "import", calm.export, strike=strike).was_in(strike)
    assert struck_stages == len(IMPORT_STAGES)
    assert forks.run(tmp_path, "import", calm.export).finished.code == DONE
    assert_same(Contents.of(tmp_path), calm.contents)


@pytest.mark.parametrize("moment", MOMENTS, ids=["first", "middle", "last"])
@pytest.mark.parametrize("stage", ["embed", "vector write", "mark cleared commit"])
def test_indexing_that_was_killed_goes_on_as_if_nothing_happened(
    calm: Calm, forks: Runs, tmp_path: Path, stage: str, moment: tuple[float, float]
) -> None:
    forks.run(tmp_path, "import", "--no-embed", calm.export)
    [strike] = calm.run.strikes(stage, [moment])
    assert forks.run(tmp_path, "index", strike=strike).was_in(strike)
    assert forks.run(tmp_path, "index").finished.code == DONE
    assert_same(Contents.of(tmp_path), calm.contents)


@pytest.mark.parametrize("stage", ["embed", "switch", "discard"])
def test_the_old_vectors_stay_in_use_when_building_them_anew_was_killed(
    calm: Calm, forks: Runs, tmp_path: Path, stage: str
) -> None:
    data_dir = shutil.copytree(calm.data_dir, tmp_path / "data")
    undisturbed = forks.run(shutil.copytree(calm.data_dir, tmp_path / "other"), "reindex")
    [strike] = undisturbed.strikes(stage, [(0.0, 0.5)])
    assert forks.run(data_dir, "reindex", strike=strike).was_in(strike)
    assert_same(Contents.of(data_dir), calm.contents)
    assert forks.run(data_dir, "reindex").finished.code == DONE
    assert_same(Contents.of(data_dir), calm.contents)


@pytest.mark.parametrize("stage", ["forget", "forget commit", "wipe", "vector removal"])
def test_forgetting_that_was_killed_ends_with_the_next_try(
    calm: Calm, forks: Runs, tmp_path: Path, stage: str
) -> None:
    [author] = {row[3] for row in calm.contents.rows["messages"] if row[0] == somebodys(calm)}
    wanted_dir = shutil.copytree(calm.data_dir, tmp_path / "wanted")
    undisturbed = forks.run(wanted_dir, "forget", "--user", author)
    assert undisturbed.finished.code == DONE, undisturbed.finished
    data_dir = shutil.copytree(calm.data_dir, tmp_path / "data")
    [strike] = undisturbed.strikes(stage, [(0.0, 0.5)])
    assert forks.run(data_dir, "forget", "--user", author, strike=strike).was_in(strike)
    assert forks.run(data_dir, "forget", "--user", author).finished.code == DONE
    assert_same(Contents.of(data_dir), Contents.of(wanted_dir))


def somebodys(calm: Calm) -> object:
    """Return the id of a message in the midst of the archive."""
    rows = calm.contents.rows["messages"]
    return rows[len(rows) // 2][0]


@pytest.mark.parametrize("stage", ["parse", "archive commit", "embed", "vector write"])
def test_an_import_that_was_interrupted_says_so_and_goes_on(
    calm: Calm, forks: Runs, tmp_path: Path, stage: str
) -> None:
    [strike] = calm.run.strikes(stage, [(0.5, 0.5)])
    interrupted = forks.run(
        tmp_path, "import", calm.export, strike=evolve(strike, signal=signal.SIGINT)
    )
    assert interrupted.finished.code == INTERRUPTED
    assert interrupted.finished.sentence.startswith("Stopped. What was done so far stays")
    assert forks.run(tmp_path, "import", calm.export).finished.code == DONE
    assert_same(Contents.of(tmp_path), calm.contents)
