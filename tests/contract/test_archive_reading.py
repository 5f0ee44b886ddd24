"""What every archive promises about reading, and about what waits for the vector index."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from app.domain.model import (
    Author,
    Message,
    Scope,
    Window,
    snowflake_at,
)
from app.ports.storage import MOST_REPLIES
from tests.archives import (
    ADAPTERS,
    EVERYTHING,
    SEEN,
    START,
    clear_marks,
    found,
    id_of,
    message_id,
    opened,
    say,
    store,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
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


def ids_of(messages: Iterable[Message]) -> list[int]:
    return [message.id for message in messages]


# Reading


async def test_the_conversation_around_messages_is_read_nearest_first(
    archive: MessageArchive,
) -> None:
    bot = Author(id_of("bot"), "bot", "Bot", is_bot=True)
    await store(archive, *(say(n) for n in range(8) if n not in {3, 6}))
    await store(archive, evolve(say(3), author=bot), say(6, ""), say(4, channel="random", id=5))
    five, none = await archive.surroundings([message_id(5), message_id(0)], EVERYTHING, 2)
    assert five.message.id == message_id(5)
    assert ids_of(five.before) == [message_id(4), message_id(2)]
    assert ids_of(five.after) == [message_id(7)]
    assert none.before == ()
    assert ids_of(none.after) == [message_id(1), message_id(2)]


async def test_messages_of_one_time_stand_around_each_other_by_id(archive: MessageArchive) -> None:
    await store(archive, *(say(1, id=id_) for id_ in (11, 12, 13)))
    (around,) = await archive.surroundings([12], EVERYTHING, 5)
    assert (ids_of(around.before), ids_of(around.after)) == ([11], [13])


async def test_around_a_message_are_what_it_replies_to_and_its_replies(
    archive: MessageArchive,
) -> None:
    parent, middle = say(0, channel="random"), say(5, reply_to=message_id(0))
    await store(
        archive, parent, middle, *(say(n, channel="random", reply_to=middle.id) for n in (9, 7))
    )
    (around,) = await archive.surroundings([middle.id], EVERYTHING, 1)
    assert ids_of(around.related) == [parent.id, message_id(7), message_id(9)]
    (narrow,) = await archive.surroundings(
        [middle.id], EVERYTHING.during(Window(START + MINUTE, START + 8 * MINUTE)), 1
    )
    assert ids_of(narrow.related) == [message_id(7)]


async def test_of_very_many_replies_the_earliest_in_scope_stand_around_a_message(
    archive: MessageArchive,
) -> None:
    asked = message_id(0)
    ours = [say(n, channel="random", reply_to=asked) for n in range(60, 65 + MOST_REPLIES)]
    theirs = [say(n, guild="away", reply_to=asked) for n in range(1, 1 + 2 * MOST_REPLIES)]
    await store(archive, say(0), *reversed(ours), *theirs)
    (around,) = await archive.surroundings([asked], EVERYTHING.in_guilds([id_of("home")]), 1)
    assert ids_of(around.related) == [reply.id for reply in ours[:MOST_REPLIES]]


async def test_surroundings_come_in_the_order_asked_for_without_what_is_out_of_scope(
    archive: MessageArchive,
) -> None:
    await store(archive, *(say(n) for n in range(6)), say(2, channel="random", id=5))
    asked = [message_id(4), 5, message_id(1), 12345, message_id(4)]
    scope = EVERYTHING.in_channels([id_of("general")])
    around = await archive.surroundings(asked, scope, 1)
    assert [each.message.id for each in around] == [message_id(4), message_id(1)]
    assert await archive.surroundings([], EVERYTHING, 1) == []


async def test_ids_are_read_page_by_page(archive: MessageArchive) -> None:
    await store(archive, *(say(n) for n in range(5)))
    first = await archive.ids(EVERYTHING, 3)
    assert first == [message_id(n) for n in range(3)]
    assert await archive.ids(EVERYTHING, 3, first[-1]) == [message_id(3), message_id(4)]


async def test_a_window_goes_by_the_time_of_the_message_whatever_its_id(
    archive: MessageArchive,
) -> None:
    noon = START + 600 * MINUTE
    invented = say(1, "needle", id=17, created_at=noon)
    await store(archive, invented, say(2, "needle"), say(600, "needle"))
    exactly = EVERYTHING.during(Window(noon, noon + timedelta(microseconds=1)))
    assert sorted(await found(archive, "needle", scope=exactly)) == [17, message_id(600)]
    assert await archive.count(exactly) == 2
    [chunk] = await archive.matching_chunks(["needle"], exactly, 10)
    assert chunk.message_ids == (17, message_id(600))


async def test_the_borders_of_a_window_are_exact(archive: MessageArchive) -> None:
    """Also where the id tells a time of up to a second earlier or later."""
    noon = START + 5 * MINUTE
    millisecond = timedelta(milliseconds=1)
    told = [snowflake_at(noon + offset * millisecond) for offset in (-900, -899, 899, 900)]
    early = [say(1, "needle", id=i, created_at=noon - millisecond) for i in told[::2]]
    late = [say(1, "needle", id=i, created_at=noon) for i in told[1::2]]
    await store(archive, *early, *late)
    before, after = EVERYTHING.during(Window(before=noon)), EVERYTHING.during(Window(after=noon))
    for scope, expected in ((before, told[::2]), (after, told[1::2])):
        assert await archive.ids(scope, 10) == expected
        assert sorted(await found(archive, "needle", scope=scope)) == expected


async def test_what_is_held_is_told_by_server_and_channel(archive: MessageArchive) -> None:
    await store(archive, say(1), say(3), say(2, channel="random"), say(4, guild="away"))
    away, home = await archive.overview(EVERYTHING)
    assert [away.guild.name, home.guild.name] == ["away", "home"]
    assert (home.messages, home.first, home.last, home.waiting) == (
        *(3, START + MINUTE, START + 3 * MINUTE),
        3,
    )
    assert [(c.channel.name, c.messages) for c in home.channels] == [("general", 2), ("random", 1)]
    ben = EVERYTHING.by([id_of("ben")])
    assert [(o.messages, o.first, o.waiting) for o in await archive.overview(ben)] == [
        (0, None, 0)
    ] * 2
    assert await archive.overview(Scope.nothing()) == []


# What waits for the vector index


async def test_what_is_new_or_altered_waits_in_order(archive: MessageArchive) -> None:
    await store(archive, say(2, "two"), say(1, "one"))
    await store(archive, say(3, "three"))
    marks = await archive.waiting(EVERYTHING, 10)
    assert [mark.message and mark.message.content for mark in marks] == ["one", "two", "three"]
    assert [mark.version for mark in marks] == sorted({mark.version for mark in marks})
    assert {mark.guild_id for mark in marks} == {id_of("home")}
    assert await archive.waiting(EVERYTHING, 1) == marks[:1]
    assert await archive.waiting(EVERYTHING, 10, marks[0].version) == marks[1:]
    await archive.settle(marks[:2])
    assert await archive.waiting(EVERYTHING, 10) == marks[2:]


async def test_a_mark_renewed_meanwhile_stays(archive: MessageArchive) -> None:
    await store(archive, say(1, "old"))
    carried_out = await archive.waiting(EVERYTHING, 10)
    await store(archive, say(1, "new", edited_at=SEEN))
    await archive.settle(carried_out)
    [mark] = await archive.waiting(EVERYTHING, 10)
    assert mark.message
    assert mark.message.content == "new"
    await archive.settle([mark, mark])
    await archive.settle([])
    assert await archive.waiting(EVERYTHING, 10) == []


@pytest.mark.parametrize("is_settled", [False, True])
async def test_the_vector_of_an_erased_message_must_go(
    archive: MessageArchive, is_settled: bool
) -> None:
    await store(archive, say(1, "here today"))
    if is_settled:
        await clear_marks(archive)
    await archive.remove([message_id(1)], EVERYTHING)
    [mark] = await archive.waiting(EVERYTHING, 10)
    assert (mark.message_id, mark.guild_id, mark.message) == (message_id(1), id_of("home"), None)


async def test_the_vector_of_a_message_that_says_nothing_any_more_must_go(
    archive: MessageArchive,
) -> None:
    await store(archive, say(1, "words"))
    await clear_marks(archive)
    await store(archive, say(1, "", edited_at=SEEN))
    [mark] = await archive.waiting(EVERYTHING, 10)
    assert mark.message is None
    assert await archive.ids(EVERYTHING, 10) == []
    await store(archive, say(1, "more words", edited_at=SEEN + MINUTE))
    [mark] = await archive.waiting(EVERYTHING, 10)
    assert mark.message


async def test_an_archive_takes_space(archive: MessageArchive) -> None:
    await store(archive, say(1, "x" * 10_000))
    assert await archive.size_bytes() >= 10_000
