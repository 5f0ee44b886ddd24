"""Chroma on disk: one process at a time, and what interruptions and damage leave behind."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from attrs import field, frozen

from app.adapters.chroma import writing
from app.adapters.chroma.catalog import Catalog
from app.adapters.chroma.index import ChromaVectorIndex
from app.adapters.chroma.location import OnDisk, api_of
from app.domain.errors import IndexBusy, IndexUnavailable
from app.domain.model import Scope
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
from tests.vector_indexes import message_id as vector_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from chromadb.config import System

    from app.ports.storage import Entry

EVERYTHING = Scope.everything()
PUT_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from app.adapters.chroma.index import ChromaVectorIndex
from app.adapters.chroma.location import OnDisk
from tests.vector_indexes import GUILD, IDENTITY, entries, some_vectors

async def main():
    index = ChromaVectorIndex(OnDisk(Path(sys.argv[1])), IDENTITY)
    for first in range(0, 1_000_000, 50):
        await index.put(GUILD, entries(some_vectors(50, seed=first), first))
        print(first + 50, flush=True)

asyncio.run(main())
"""


def index_on(folder: Path) -> ChromaVectorIndex:
    return ChromaVectorIndex(OnDisk(folder), IDENTITY)


@contextmanager
def another_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that puts vectors without end and tells how many are durable."""
    command = [sys.executable, "-c", PUT_FOR_EVER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: subprocess.Popen[str]) -> Iterator[int]:
    assert process.stdout is not None
    return map(int, process.stdout)


@frozen
class CountedOnDisk(OnDisk):
    """Counts how often Chroma was restarted."""

    restarts: list[System] = field(factory=list, kw_only=True)

    def restart(self, system: System) -> System:
        self.restarts.append(system)
        return super().restart(system)


# One at a time


async def test_only_the_owner_may_look_into_the_folder(tmp_path: Path) -> None:
    index = ChromaVectorIndex(OnDisk(tmp_path / "data"), IDENTITY)
    await index.open()
    await index.close()
    paths = (tmp_path / "data", tmp_path / "data" / "chroma", tmp_path / "data" / "index.lock")
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o700, 0o700, 0o600]


async def test_a_second_index_on_the_folder_is_told_so_and_gains_it_when_the_first_closes(
    tmp_path: Path,
) -> None:
    first, second = index_on(tmp_path), index_on(tmp_path)
    await first.put(GUILD, [entry(1, towards(1))])
    for _ in range(2):
        with pytest.raises(IndexBusy, match="words only"):
            await second.open()
        with pytest.raises(IndexBusy):
            await second.nearest(towards(1), EVERYTHING, 1)
    await first.close()
    assert len(await second.nearest(towards(1), EVERYTHING, 1)) == 1
    with pytest.raises(IndexBusy):
        await first.open()
    await second.put(GUILD, [entry(2, towards(1))])
    await second.close()
    await first.open()
    assert await first.count(EVERYTHING) == 2
    await first.close()


async def test_a_closed_index_stays_closed_until_it_is_opened(tmp_path: Path) -> None:
    index = index_on(tmp_path)
    await index.put(GUILD, [entry(1, towards(1))])
    await index.close()
    with pytest.raises(IndexUnavailable, match="closed"):
        await index.count(EVERYTHING)
    await index.open()
    assert await index.count(EVERYTHING) == 1
    await index.close()


async def test_closing_waits_for_what_still_runs(tmp_path: Path) -> None:
    index = index_on(tmp_path)
    await index.open()
    writing = asyncio.create_task(index.put(GUILD, entries(some_vectors(300))))
    reading = [
        asyncio.create_task(index.nearest(vector, EVERYTHING, 10)) for vector in some_vectors(20)
    ]
    await asyncio.sleep(0)
    await index.close()
    await asyncio.gather(writing, *reading)
    again = index_on(tmp_path)
    assert await again.count(EVERYTHING) == 300
    await again.close()


async def test_an_index_that_is_busy_is_noticed_without_loading_chroma(tmp_path: Path) -> None:
    holder = index_on(tmp_path)
    await holder.open()
    code = f"""
import asyncio, sys
from pathlib import Path
from app.adapters.chroma.index import ChromaVectorIndex
from app.adapters.chroma.location import OnDisk
from app.domain.errors import IndexBusy
from app.domain.model import Scope
from tests.vector_indexes import IDENTITY
try:
    asyncio.run(ChromaVectorIndex(OnDisk(Path({str(tmp_path)!r})), IDENTITY).count(
        Scope.everything()))
except IndexBusy:
    assert "chromadb" not in sys.modules
else:
    raise AssertionError
"""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], check=False, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    await holder.close()


async def test_servers_take_turns_in_memory_and_the_lock_is_never_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_MUCH", 60)
    place = CountedOnDisk(tmp_path)
    index, other = ChromaVectorIndex(place, IDENTITY), index_on(tmp_path)
    guilds = (GUILD, OTHER_GUILD, 303)
    await index.put(GUILD, entries(some_vectors(20)))

    async def write() -> None:
        for first in range(20, 200, 20):
            for guild in guilds:
                await index.put(guild, entries(some_vectors(20, seed=first), first))

    async def read() -> None:
        while not written.done():
            hits = await index.nearest(towards(1), EVERYTHING, 10)
            assert len(hits) == 10
            with pytest.raises(IndexBusy):
                await other.open()

    written = asyncio.create_task(write())
    await asyncio.gather(written, *(read() for _ in range(6)))
    assert await index.count(EVERYTHING) == 20 + 3 * 180
    assert 4 < len(place.restarts) < 12
    place.restarts.clear()

    async def walking() -> AsyncIterator[Sequence[Entry]]:
        for first in range(0, 200, 20):
            yield entries(some_vectors(20, seed=first), first)
            await index.put(OTHER_GUILD, entries(some_vectors(20, seed=first), 500 + first))

    assert await index.rebuild(GUILD, walking()) == 200
    assert await index.count(EVERYTHING) == 200 + 180 + 200 + 180
    assert len(place.restarts) <= 1  # before it began
    await index.close()


# Interrupted


async def test_what_was_acknowledged_survives_kill_9_and_the_lock_does_not(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        durable = next(count for count in lines(process) if count >= 500)
        with pytest.raises(IndexBusy):
            await index_on(tmp_path).open()
        process.kill()
        durable = max([durable, *lines(process)])
    index = index_on(tmp_path)
    wanted = {vector_id(number) for number in range(durable)}
    assert set(await index.similarities(towards(1), {GUILD: wanted}, EVERYTHING)) == wanted
    assert durable <= await index.count(EVERYTHING) <= durable + 50
    for number in (0, durable - 1):
        vector = some_vectors(50, seed=number // 50 * 50)[number % 50]
        [hit] = await index.nearest(vector, EVERYTHING, 1)
        assert hit.message_id == vector_id(number)
    await index.close()


async def test_what_an_interrupted_rebuild_leaves_the_next_discards(tmp_path: Path) -> None:
    async def breaking() -> AsyncIterator[Sequence[Entry]]:
        yield [entry(2, towards(1))]
        raise RuntimeError

    index = index_on(tmp_path)
    await index.put(GUILD, [entry(1, towards(1))])
    await index.put(OTHER_GUILD, [entry(1, towards(1))])
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await index.rebuild(GUILD, breaking())
    await index.close()
    assert collections(tmp_path) == 4  # the catalog, two in use, and what the last one left
    index = index_on(tmp_path)
    await index.rebuild(GUILD, in_batches([entry(3, towards(1))]))
    await index.close()
    assert collections(tmp_path) == 3


def collections(folder: Path) -> int:
    location = OnDisk(folder)
    system = location.connect()
    try:
        return len(api_of(system).list_collections())
    finally:
        location.disconnect(system)


@pytest.mark.parametrize("instant", ["switch", "discard_leftovers"])
async def test_a_rebuild_that_dies_while_it_switches_leaves_old_or_new_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instant: str
) -> None:
    index = index_on(tmp_path)
    await index.put(GUILD, [entry(1, towards(1))])
    begun = False

    def die(*_: object) -> None:
        nonlocal begun
        if begun:
            raise OSError("killed")

    async def building() -> AsyncIterator[Sequence[Entry]]:
        nonlocal begun
        begun = True
        yield [entry(2, towards(1)), entry(3, towards(1))]

    monkeypatch.setattr(Catalog, instant, die)
    with pytest.raises(IndexUnavailable):
        await index.rebuild(GUILD, building())
    await index.close()
    monkeypatch.undo()
    index = index_on(tmp_path)
    wanted = {vector_id(1)} if instant == "switch" else {vector_id(2), vector_id(3)}
    hits = await index.nearest(towards(1), EVERYTHING, 10)
    assert {hit.message_id for hit in hits} == wanted
    await index.rebuild(GUILD, in_batches([entry(4, towards(1))]))
    await index.close()
    assert collections(tmp_path) == 2
