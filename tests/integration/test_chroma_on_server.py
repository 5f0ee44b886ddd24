"""Chroma on a server: away, slow, back again, and used by others at the same time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from app.adapters.chroma.index import ChromaVectorIndex
from app.adapters.chroma.location import OnServer
from app.domain.errors import IndexUnavailable
from app.domain.model import Scope
from app.entrypoints.container import Container, running
from app.entrypoints.settings import read_settings
from tests.chroma_server import ChromaServer, chroma_server
from tests.vector_indexes import (
    GUILD,
    IDENTITY,
    entries,
    entry,
    in_batches,
    message_id,
    some_vectors,
    towards,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERYTHING = Scope.everything()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    with chroma_server(tmp_path_factory.mktemp("chroma-server")) as running:
        yield running


async def ids_in(index: ChromaVectorIndex) -> set[int]:
    return {hit.message_id for hit in await index.nearest(towards(1), EVERYTHING, 100)}


async def test_a_server_that_is_away_is_told_and_used_again_when_it_is_back(
    server: ChromaServer,
) -> None:
    index = ChromaVectorIndex(server.new_database(), IDENTITY)
    await index.put(GUILD, [entry(1, towards(1))])
    server.stop()
    for _ in range(2):
        with pytest.raises(IndexUnavailable, match="cannot be reached: start it"):
            await index.nearest(towards(1), EVERYTHING, 1)
        with pytest.raises(IndexUnavailable, match="cannot be reached"):
            await index.put(GUILD, [entry(2, towards(1))])
    server.start()
    assert await ids_in(index) == {message_id(1)}
    await index.put(GUILD, [entry(2, towards(1))])
    assert await ids_in(index) == {message_id(1), message_id(2)}
    await index.close()


async def test_a_server_that_was_away_at_first_is_used_when_it_comes(server: ChromaServer) -> None:
    place = server.new_database()
    server.stop()
    index = ChromaVectorIndex(place, IDENTITY)
    with pytest.raises(IndexUnavailable, match="cannot be reached"):
        await index.open()
    server.start()
    assert await index.count(EVERYTHING) == 0
    await index.close()


async def test_a_server_that_does_not_answer_is_waited_for_only_so_long() -> None:
    async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    index = ChromaVectorIndex(OnServer(f"http://127.0.0.1:{port}", timeout=0.3), IDENTITY)
    started = time.monotonic()
    with pytest.raises(IndexUnavailable, match=r"did not answer within 0\.3 s"):
        await index.count(EVERYTHING)
    assert time.monotonic() - started < 20  # most of it goes into loading Chroma
    await index.close()
    silent.close()


async def test_what_stands_behind_the_address_and_is_no_chroma_is_told() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()
        writer.close()

    other = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    index = ChromaVectorIndex(OnServer(f"http://127.0.0.1:{port}"), IDENTITY)
    with pytest.raises(IndexUnavailable, match="refuses: hello"):
        await index.open()
    await index.close()
    other.close()


async def test_a_database_that_the_server_does_not_have_is_told(server: ChromaServer) -> None:
    index = ChromaVectorIndex(evolve(server.new_database(), database="no-such"), IDENTITY)
    with pytest.raises(IndexUnavailable, match="refuses"):
        await index.put(GUILD, [entry(1, towards(1))])
    await index.close()


async def test_no_secret_is_told(server: ChromaServer) -> None:
    port = server.port
    place = OnServer(f"http://me:hunter2@127.0.0.1:{port}", database="none", token="t0p-secret")
    index = ChromaVectorIndex(place, IDENTITY)
    with pytest.raises(IndexUnavailable) as refused:
        await index.put(GUILD, [entry(1, towards(1))])
    told = f"{refused.value} {place} {index}"
    assert f"http://127.0.0.1:{port}" in told
    assert "hunter2" not in told
    assert "t0p-secret" not in told
    await index.close()


async def test_what_others_put_rebuild_and_drop_is_seen(server: ChromaServer) -> None:
    place = server.new_database()
    one, other = (ChromaVectorIndex(place, IDENTITY) for _ in range(2))
    await one.put(GUILD, [entry(1, towards(1))])
    assert await ids_in(other) == {message_id(1)}
    await other.put(GUILD, [entry(2, towards(1))])
    assert await ids_in(one) == {message_id(1), message_id(2)}
    await other.rebuild(GUILD, in_batches([entry(3, towards(1))]))
    assert await ids_in(one) == {message_id(3)}
    assert await one.similarities(towards(1), {GUILD: [message_id(1)]}, EVERYTHING) == {}
    await other.rebuild(GUILD, in_batches([entry(4, towards(1))]))
    await one.put(GUILD, [entry(5, towards(1))])
    assert await ids_in(other) == {message_id(4), message_id(5)}
    await other.drop(GUILD)
    assert await ids_in(one) == set()
    await one.put(GUILD, [entry(6, towards(1))])
    assert await ids_in(one) == {message_id(6)}
    await one.close()
    await other.close()


async def test_two_that_begin_a_server_at_the_same_time_share_it(server: ChromaServer) -> None:
    place = server.new_database()
    indexes = [ChromaVectorIndex(place, IDENTITY) for _ in range(4)]
    for index in indexes:
        await index.open()
    batches = [entries(some_vectors(5), first) for first in range(0, 20, 5)]
    await asyncio.gather(
        *(index.put(GUILD, batch) for index, batch in zip(indexes, batches, strict=True))
    )
    assert await indexes[0].count(EVERYTHING) == 20
    for index in indexes:
        await index.close()


async def test_the_settings_lead_to_the_database_of_the_server(
    server: ChromaServer, tmp_path: Path
) -> None:
    place = server.new_database()
    settings = read_settings(
        {"CHROMA_URL": server.url, "CHROMA_DATABASE": place.database, "CHROMA_TOKEN": "t0p"},
        {"data_dir": tmp_path},
    )
    assert "t0p" not in repr(settings)
    async with running(Container(settings=settings)) as container:
        index, embedder = container.vectors(), container.embedder()
        vector = (await embedder.embed(["a message"]))[0]
        await index.put(GUILD, [entry(1, vector)])
    direct = ChromaVectorIndex(place, embedder.identity)
    assert await direct.count(EVERYTHING) == 1
    await direct.close()
