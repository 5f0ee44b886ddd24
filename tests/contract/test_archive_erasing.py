"""What every archive promises about what was removed or forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from app.domain.model import (
    Channel,
    ChannelKind,
    Scope,
)
from app.ports.storage import Stored
from tests.archives import (
    ADAPTERS,
    EVERYTHING,
    SEEN,
    found,
    id_of,
    message_id,
    opened,
    say,
    store,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from app.ports.storage import MessageArchive

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def archive(adapter: str, tmp_path: Path) -> AsyncIterator[MessageArchive]:
    async with opened(adapter, tmp_path) as archive:
        yield archive


async def contents(archive: MessageArchive, *ids: int) -> list[str]:
    return [message.content for message in await archive.read(ids, EVERYTHING)]


async def test_a_removed_message_is_gone_and_no_import_brings_it_back(
    archive: MessageArchive,
) -> None:
    secret = say(1, "password")
    await store(archive, secret, say(2, "password please"))
    assert await archive.remove([secret.id], EVERYTHING) == 1
    assert await store(archive, evolve(secret, edited_at=SEEN)) == Stored(refused=1)
    assert await archive.read([secret.id], EVERYTHING) == []
    assert await found(archive, "password") == [message_id(2)]
    [chunk] = await archive.matching_chunks(["password"], EVERYTHING, 10)
    assert chunk.message_ids == (message_id(2),)
    assert await archive.remove([secret.id], EVERYTHING) == 0


async def test_a_removal_that_comes_before_the_message_bars_it(archive: MessageArchive) -> None:
    assert await archive.remove([message_id(1)], EVERYTHING) == 0
    assert await store(archive, say(1)) == Stored(refused=1)


async def test_a_removal_reaches_no_further_than_its_scope(archive: MessageArchive) -> None:
    await store(archive, say(1, "theirs", guild="away"))
    home = EVERYTHING.in_guilds([id_of("home")])
    assert await archive.remove([message_id(1), message_id(2)], home) == 0
    assert await contents(archive, message_id(1)) == ["theirs"]
    assert await store(archive, say(2, guild="away"), say(1, guild="away", edited_at=SEEN)) == (
        Stored(new=1, unchanged=0, updated=1)
    )
    assert await archive.remove([message_id(3)], Scope.nothing()) == 0
    assert await store(archive, say(3)) == Stored(new=1)


async def test_a_forgotten_author_stays_forgotten_until_they_opt_in(
    archive: MessageArchive,
) -> None:
    messages = [say(1, "mine"), say(2, "mine too", guild="away"), say(3, "ours", author="ben")]
    await store(archive, *messages)
    assert await archive.forget_author(id_of("ana")) == 2
    assert await store(archive, *messages) == Stored(unchanged=1, refused=2)
    assert await archive.ids(EVERYTHING, 10) == [message_id(3)]
    assert await found(archive, "mine", "ana") == []
    assert await archive.authors_named("ana", EVERYTHING) == []
    assert await archive.forget_author(id_of("ana")) == 0
    assert await archive.opt_in(id_of("ana"))
    assert not await archive.opt_in(id_of("ana"))
    assert await store(archive, *messages) == Stored(new=2, unchanged=1)


async def test_the_conversation_goes_on_without_a_forgotten_author(archive: MessageArchive) -> None:
    await store(archive, *(say(n, f"word{n}", author=("ana", "ben")[n % 2]) for n in range(40)))
    await archive.forget_author(id_of("ana"))
    chunks = await archive.matching_chunks(["ben"], EVERYTHING, 100)
    assert sorted(i for chunk in chunks for i in chunk.message_ids) == [
        message_id(n) for n in range(1, 40, 2)
    ]


async def test_forgetting_a_channel_takes_its_threads(archive: MessageArchive) -> None:
    thread = Channel(77, id_of("home"), "a thread", ChannelKind.THREAD, id_of("general"))
    said = [say(1), evolve(say(2), channel=thread), say(3, channel="random")]
    await store(archive, *said)
    assert await archive.forget_channel(id_of("general")) == 2
    assert await archive.ids(EVERYTHING, 10) == [message_id(3)]
    assert await archive.channels_named("a thread", EVERYTHING) == []
    assert await store(archive, *said) == Stored(new=2, unchanged=1)


async def test_forgetting_a_server_leaves_the_others(archive: MessageArchive) -> None:
    await store(archive, say(1), say(2, guild="away"))
    assert await archive.forget_guild(id_of("home")) == 1
    assert await archive.guilds_named("home", EVERYTHING) == []
    assert [o.guild.name for o in await archive.overview(EVERYTHING)] == ["away"]
    assert await archive.forget_guild(id_of("home")) == 0


async def test_forgetting_the_unknown_erases_nothing(archive: MessageArchive) -> None:
    await store(archive, say(1))
    assert await archive.forget_author(5) == 0
    assert await archive.forget_channel(5) == 0
    assert await archive.forget_guild(5) == 0
    assert await archive.count(EVERYTHING) == 1
