"""What every archive promises about what it is given to keep."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.model import (
    Author,
    Channel,
    ChannelKind,
    Message,
    Source,
)
from app.ports.storage import Stored
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
    page_of,
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


async def test_what_was_stored_is_read_back_whole(archive: MessageArchive) -> None:
    thread = Channel(77, id_of("home"), "release", ChannelKind.THREAD, id_of("general"))
    message = say(
        1,
        "Ship it\nnow 🚀",
        channel="release",
        created_at=START + timedelta(microseconds=123_456),
        edited_at=START + timedelta(microseconds=1),
        observed_at=SEEN + timedelta(microseconds=7),
        attachments=("plan.pdf", ""),
        embeds=("Title\ntext",),
        reply_to=message_id(0),
        source=Source.LIVE,
    )
    message = evolve(message, channel=thread)
    assert await archive.store(page_of(message)) == Stored(new=1)
    assert await archive.read([message.id], EVERYTHING) == [message]


async def test_messages_are_read_in_the_order_asked_for_and_each_once(
    archive: MessageArchive,
) -> None:
    await store(archive, *(say(n, f"number {n}") for n in range(3)))
    ids = [message_id(n) for n in (2, 0, 9, 2, 1)]
    assert await contents(archive, *ids) == ["number 2", "number 0", "number 1"]


async def test_storing_the_same_again_changes_nothing(archive: MessageArchive) -> None:
    messages = [say(n, f"number {n}") for n in range(5)]
    await store(archive, *messages)
    await clear_marks(archive)
    assert await store(archive, *messages) == Stored(unchanged=5)
    assert await archive.waiting(EVERYTHING, 10) == []
    assert await archive.count(EVERYTHING) == 5


async def test_a_page_may_hold_nothing(archive: MessageArchive) -> None:
    general = Channel(id_of("general"), id_of("home"), "general")
    assert await archive.store(page_of(channels=[general])) == Stored()
    assert await archive.channels_named("general", EVERYTHING) == [general]


@pytest.mark.parametrize("edit_first", [False, True])
async def test_the_later_edit_stays_whichever_comes_first(
    archive: MessageArchive, edit_first: bool
) -> None:
    old, new = say(1, "typo"), say(1, "fixed", edited_at=START + 5 * MINUTE)
    for message in (new, old) if edit_first else (old, new):
        await store(archive, message)
    assert await archive.read([old.id], EVERYTHING) == [new]
    assert await found(archive, "fixed") == [old.id]
    assert await found(archive, "typo") == []


async def test_of_two_states_without_an_edit_the_later_seen_stays(archive: MessageArchive) -> None:
    early, late = say(1, "early"), say(1, "late", observed_at=SEEN + MINUTE)
    assert await store(archive, late) == Stored(new=1)
    assert await store(archive, early) == Stored(unchanged=1)
    assert await contents(archive, early.id) == ["late"]


@pytest.mark.parametrize("edit_first", [False, True])
async def test_of_two_equal_states_the_edited_one_stays(
    archive: MessageArchive, edit_first: bool
) -> None:
    plain, edited = say(1), say(1, edited_at=say(1).created_at)
    for message in (edited, plain) if edit_first else (plain, edited):
        await store(archive, message)
    assert await archive.read([plain.id], EVERYTHING) == [edited]


async def test_a_removed_message_still_tells_what_its_author_was_called(
    archive: MessageArchive,
) -> None:
    """So that it makes no difference whether the message or its removal came first."""
    nick = Author(id_of("ana"), "ana", "Nick")
    await archive.remove([message_id(1)], EVERYTHING)
    await store(archive, evolve(say(1), author=nick), say(2))
    assert [author.id for author in await archive.authors_named("nick", EVERYTHING)] == [nick.id]


async def test_a_later_sight_of_the_same_is_no_change_but_counts(archive: MessageArchive) -> None:
    await store(archive, say(1, "same"))
    await clear_marks(archive)
    assert await store(archive, say(1, "same", observed_at=SEEN + 9 * MINUTE)) == Stored(
        unchanged=1
    )
    assert await archive.waiting(EVERYTHING, 10) == []
    await store(archive, say(1, "seen in between", observed_at=SEEN + 5 * MINUTE))
    assert await contents(archive, message_id(1)) == ["same"]


async def test_the_states_of_a_message_within_one_page_are_merged(archive: MessageArchive) -> None:
    states = [say(1, "first"), say(1, "third", edited_at=SEEN), say(1, "second", edited_at=START)]
    assert await store(archive, *states) == Stored(new=1, updated=1, unchanged=1)
    assert await contents(archive, message_id(1)) == ["third"]
    assert [mark.message_id for mark in await archive.waiting(EVERYTHING, 10)] == [message_id(1)]


async def test_a_message_keeps_the_name_it_was_written_under(archive: MessageArchive) -> None:
    renamed = Author(id_of("ana"), "ana", "Ana (away)")
    await store(archive, say(1, "before"))
    await clear_marks(archive)
    exported_later = say(1, "before", author="ana", observed_at=SEEN + 60 * MINUTE)
    assert await store(archive, evolve(exported_later, author=renamed)) == Stored(unchanged=1)
    assert await archive.waiting(EVERYTHING, 10) == []
    assert (await archive.read([message_id(1)], EVERYTHING))[0].author.display_name == "Ana"
    assert [a.id for a in await archive.authors_named("ana (away)", EVERYTHING)] == [renamed.id]


async def test_an_earlier_sight_tells_the_name_it_was_written_under(
    archive: MessageArchive,
) -> None:
    renamed = evolve(say(1, "text"), author=Author(id_of("ana"), "ana", "Renamed"))
    await store(archive, renamed)
    await store(archive, say(1, "text", observed_at=SEEN - MINUTE))
    assert (await archive.read([renamed.id], EVERYTHING))[0].author.display_name == "Ana"
    assert await found(archive, "renamed") == []


async def test_a_channel_is_called_what_it_was_called_last(archive: MessageArchive) -> None:
    new = evolve(say(2).channel, name="lounge")
    await store(archive, evolve(say(2, observed_at=SEEN + MINUTE), channel=new))
    await store(archive, say(1))
    assert await archive.channels_named("general", EVERYTHING) == []
    assert {m.channel for m in await archive.read([message_id(1), message_id(2)], EVERYTHING)} == {
        new
    }


async def test_the_same_channel_id_in_two_servers_is_two_channels(archive: MessageArchive) -> None:
    await store(archive, say(1, "ours"), say(2, "theirs", guild="away"))
    home = EVERYTHING.in_guilds([id_of("home")])
    assert [m.content for m in await archive.read([message_id(1), message_id(2)], home)] == ["ours"]
    assert [channel.guild_id for channel in await archive.channels_named("general", home)] == [
        id_of("home")
    ]


async def test_a_server_cannot_take_the_message_of_another(archive: MessageArchive) -> None:
    await store(archive, say(1, "ours"))
    stolen = say(1, "theirs", guild="away", edited_at=SEEN)
    assert await store(archive, stolen) == Stored(refused=1)
    assert await contents(archive, message_id(1)) == ["ours"]


async def test_a_message_that_moves_is_found_in_its_new_channel_alone(
    archive: MessageArchive,
) -> None:
    await store(archive, say(1, "wandering"), say(2, "staying"))
    await store(archive, say(1, "wandering", channel="random", edited_at=SEEN))
    general, random = (EVERYTHING.in_channels([id_of(name)]) for name in ("general", "random"))
    assert await found(archive, "wandering", scope=general) == []
    assert await archive.matching_chunks(["wandering"], general, 10) == []
    [chunk] = await archive.matching_chunks(["wandering"], random, 10)
    assert chunk.message_ids == (message_id(1),)


async def test_bots_are_kept_but_neither_searched_nor_marked(archive: MessageArchive) -> None:
    bot = say(1, "beep", author="robot", is_bot=True)
    await store(archive, say(0, "shh"), bot, say(2, "beep said the robot"))
    assert await archive.read([bot.id], EVERYTHING) == [bot]
    assert await archive.count(EVERYTHING) == 2
    assert [held.messages for held in await archive.overview(EVERYTHING)] == [3]
    assert await archive.ids(EVERYTHING, 10) == [message_id(0), message_id(2)]
    assert await found(archive, "beep") == [message_id(2)]
    [chunk] = await archive.matching_chunks(["beep"], EVERYTHING, 10)
    assert chunk.message_ids == (message_id(0), message_id(2))
    marks = await archive.waiting(EVERYTHING, 10)
    assert [mark.message_id for mark in marks] == [message_id(0), message_id(2)]


async def test_bots_are_searched_where_that_was_asked_for(adapter: str, tmp_path: Path) -> None:
    async with opened(adapter, tmp_path, index_bots=True) as archive:
        await store(archive, say(1, "beep", is_bot=True))
        assert await found(archive, "beep") == [message_id(1)]
        assert await archive.count(EVERYTHING) == 1
        assert len(await archive.waiting(EVERYTHING, 10)) == 1


async def test_what_says_nothing_is_kept_but_not_searched(archive: MessageArchive) -> None:
    empty = say(1, "", attachments=("",))
    await store(archive, empty)
    assert await archive.read([empty.id], EVERYTHING) == [empty]
    assert await found(archive, "ana") == []
    assert await archive.count(EVERYTHING) == 0
    assert await archive.waiting(EVERYTHING, 10) == []


async def test_attachments_and_embeds_are_searched(archive: MessageArchive) -> None:
    await store(archive, say(1, "", attachments=("invoice.pdf",), embeds=("A fine title",)))
    assert await found(archive, "invoice") == [message_id(1)]
    assert await found(archive, "title") == [message_id(1)]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_the_order_of_arrival_makes_no_difference(
    adapter: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Edits, removals and repetitions included, in pages of any size."""
    states = data.draw(st.lists(_states(), max_size=30))
    removed = data.draw(st.sets(st.integers(0, 40), max_size=5))
    snapshots = []
    for order in (states, data.draw(st.permutations(states))):
        cuts = data.draw(st.sets(st.integers(0, len(order)), max_size=6))
        async with opened(adapter, tmp_path_factory.mktemp("archive")) as archive:
            for start, end in pairwise(sorted({0, *cuts, len(order)})):
                await store(archive, *order[start:end])
                if start == min(cuts, default=0):
                    await archive.remove([message_id(n) for n in removed], EVERYTHING)
            await archive.remove([message_id(n) for n in removed], EVERYTHING)
            snapshots.append(await _snapshot(archive))
    assert snapshots[0] == snapshots[1]


@st.composite
def _states(draw: st.DrawFn) -> Message:
    """Return a message in one of its states; its author is always the same person."""
    minute = st.integers(0, 40).map(lambda n: n * MINUTE)
    number = draw(st.integers(0, 40))
    person = ("ana", "ben")[number % 2]
    state = say(
        number,
        draw(st.sampled_from(["common one", "common two", "common three", ""])),
        author=person,
        channel=draw(st.sampled_from(["general", "random"])),
        edited_at=draw(st.none() | minute.map(START.__add__)),
        observed_at=SEEN + draw(minute),
    )
    nick = draw(st.sampled_from([person, "zed", "Žed"]))
    return evolve(state, author=evolve(state.author, display_name=nick))


async def _snapshot(archive: MessageArchive) -> list[object]:
    everything = [message_id(n) for n in range(41)]
    chunks = await archive.matching_chunks(["common"], EVERYTHING, 1_000)
    return [
        await archive.read(everything, EVERYTHING),
        await archive.ids(EVERYTHING, 1_000),
        sorted(await found(archive, "common")),
        sorted(await found(archive, "zed")),
        [await archive.authors_named(name, EVERYTHING) for name in ("ana", "ben", "zed")],
        sorted(chunk.message_ids for chunk in chunks),
        [(o.guild, o.messages, o.channels) for o in await archive.overview(EVERYTHING)],
    ]
