"""What Chroma's files hold after an interruption, and how it is mended."""

from __future__ import annotations

import asyncio
import os
import shutil
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from app.adapters.chroma.index import ChromaVectorIndex
from app.adapters.chroma.location import OnDisk
from app.domain.errors import IndexDamaged, IndexUnavailable
from app.domain.model import Scope
from tests.doubles.embedder import HashEmbedder
from tests.engine import HOME, Engine, message_id, said
from tests.vector_indexes import (
    GUILD,
    IDENTITY,
    OTHER_GUILD,
    entries,
    entry,
    in_batches,
    some_vectors,
    towards,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERYTHING = Scope.everything()
ENOUGH_FOR_FILES = 2_100
"""Vectors after which Chroma has brought its graph to disk."""


def index_on(folder: Path) -> ChromaVectorIndex:
    return ChromaVectorIndex(OnDisk(folder), IDENTITY)


@pytest.fixture(scope="module")
def synchronised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder where the graphs of two servers are on disk."""
    folder = tmp_path_factory.mktemp("synchronised")

    async def fill() -> None:
        index = index_on(folder)
        await index.put(GUILD, entries(some_vectors(ENOUGH_FOR_FILES)))
        await index.put(OTHER_GUILD, [entry(1, towards(1))])
        await index.close()

    asyncio.run(fill())
    return folder


def graph(folder: Path) -> Path:
    """Return the folder of the one graph that is on disk."""
    [file] = folder.glob("chroma/*/index_metadata.pickle")
    return file.parent


def cut(file: Path) -> None:
    with file.open("r+b") as content:
        content.truncate(file.stat().st_size // 2)


def forget_elements(graph: Path) -> None:
    """Put the old table of ids back, as if the process had died after writing the graph."""
    (graph / "index_metadata.pickle").write_bytes(b"\x80\x03}q\x00.")


def claim_elements(graph: Path) -> None:
    """Let the header count elements that were never written, as it does for a moment."""
    with (graph / "header.bin").open("r+b") as header:
        header.seek(20)
        header.write(struct.pack("<Q", 10 * ENOUGH_FOR_FILES))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "ids are empty": lambda graph: os.truncate(graph / "index_metadata.pickle", 0),
    "ids are cut": lambda graph: cut(graph / "index_metadata.pickle"),
    "ids are no ids": forget_elements,
    "header ahead of the vectors": claim_elements,
    "header is cut": lambda graph: cut(graph / "header.bin"),
    "vectors are cut": lambda graph: cut(graph / "data_level0.bin"),
    "vectors are gone": lambda graph: (graph / "data_level0.bin").unlink(),
    "lengths are cut": lambda graph: cut(graph / "length.bin"),
    "links are cut": lambda graph: cut(graph / "link_lists.bin"),
}


@pytest.fixture(params=DAMAGES)
def damaged(request: pytest.FixtureRequest, synchronised: Path, tmp_path: Path) -> Path:
    folder = shutil.copytree(synchronised, tmp_path / "data")
    DAMAGES[request.param](graph(folder))
    return folder


async def test_a_damaged_server_is_told_from_the_others_and_can_be_rebuilt(damaged: Path) -> None:
    index = index_on(damaged)
    for _ in range(2):
        with pytest.raises(IndexDamaged, match="discord-indexer index"):
            await index.nearest(towards(1), EVERYTHING, 10)
        with pytest.raises(IndexDamaged):
            await index.put(GUILD, [entry(1, towards(1))])
        with pytest.raises(IndexDamaged):
            await index.count(Scope({GUILD: None}))
        assert await index.count(Scope({OTHER_GUILD: None})) == 1
    held = entries(some_vectors(30))
    assert await index.rebuild(GUILD, in_batches(held)) == 30
    assert len(await index.nearest(towards(1), Scope({GUILD: None}), 100)) == 30
    await index.close()
    assert await index_on_again(damaged) == 31


async def index_on_again(folder: Path) -> int:
    index = index_on(folder)
    count = await index.count(EVERYTHING)
    await index.close()
    return count


async def test_a_damaged_server_can_be_dropped(damaged: Path) -> None:
    index = index_on(damaged)
    await index.drop(GUILD)
    assert await index.count(EVERYTHING) == 1
    await index.put(GUILD, [entry(1, towards(1))])
    assert await index.count(EVERYTHING) == 2
    await index.close()


async def test_indexing_mends_a_damaged_server(tmp_path: Path) -> None:
    embedder = HashEmbedder()
    index = ChromaVectorIndex(OnDisk(tmp_path), embedder.identity)
    engine = Engine(embedder=embedder, vectors=index)
    await engine.hear(*(said(number, f"this is message {number}") for number in range(50)))
    more = some_vectors(ENOUGH_FOR_FILES, dimensions=embedder.dimensions)
    await index.put(HOME.id, entries(more, first=1_000))
    await index.close()
    (graph(tmp_path) / "index_metadata.pickle").write_bytes(b"")
    await engine.hear(said(50, "this is new"))
    hits = await index.nearest(more[0], EVERYTHING, 5_000)
    assert {hit.message_id for hit in hits} == {message_id(number) for number in range(51)}
    await index.close()


@pytest.mark.parametrize("damage", [b"", b"no database" * 1_000], ids=["empty", "garbage"])
async def test_a_database_that_is_none_is_left_alone(
    synchronised: Path, tmp_path: Path, damage: bytes
) -> None:
    folder = shutil.copytree(synchronised, tmp_path / "data")
    database = folder / "chroma" / "chroma.sqlite3"
    database.write_bytes(damage)
    index = index_on(folder)
    if damage:
        for _ in range(2):
            with pytest.raises(IndexUnavailable, match="damaged: move that folder away"):
                await index.count(EVERYTHING)
        assert database.read_bytes() == damage
    else:
        assert await index.count(EVERYTHING) == 0
    await index.close()


async def test_a_place_that_is_no_folder_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IndexUnavailable, match="check that the folder"):
        await index_on(tmp_path / "file").open()
    (tmp_path / "chroma").write_text("")
    index = index_on(tmp_path)
    with pytest.raises(IndexUnavailable, match="check that the folder"):
        await index.open()
    (tmp_path / "chroma").unlink()
    other = index_on(tmp_path)  # which the failed attempt must not lock out
    await other.open()
    await other.close()


FILL_THE_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from app.domain.errors import IndexUnavailable
from tests.integration.test_chroma_damage import EVERYTHING, GUILD, index_on
from tests.vector_indexes import entries, some_vectors, towards

def let_files_grow_to(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    index, durable = index_on(Path(sys.argv[1])), 0
    await index.open()
    let_files_grow_to(int(sys.argv[2]))
    try:
        for first in range(0, 100_000, 100):
            await index.put(GUILD, entries(some_vectors(100, seed=first), first))
            durable += 100
    except IndexUnavailable as error:
        print(error)
    let_files_grow_to(resource.RLIM_INFINITY)
    await index.put(GUILD, entries(some_vectors(100, seed=1), 200_000))
    assert await index.count(EVERYTHING) >= durable + 100
    assert len(await index.nearest(towards(1), EVERYTHING, 10)) == 10
    await index.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("size", [150_000, 300_000, 1_000_000])
def test_a_full_disk_is_told_and_writing_goes_on_when_there_is_room(
    tmp_path: Path, size: int
) -> None:
    command = [sys.executable, "-c", FILL_THE_DISK, str(tmp_path), str(size)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "Traceback" not in done.stdout
