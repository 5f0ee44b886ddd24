"""What every archive promises about what it keeps, reads, erases and marks."""

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
    Scope,
    Source,
    Window,
    snowflake_at,
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


# Storing


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
    await store(archive, bot, say(2, "beep said the robot"))
    assert await archive.read([bot.id], EVERYTHING) == [bot]
    assert await archive.count(EVERYTHING) == 2
    assert await archive.ids(EVERYTHING, 10) == [message_id(2)]
    assert await found(archive, "beep") == [message_id(2)]
    [chunk] = await archive.matching_chunks(["beep"], EVERYTHING, 10)
    assert chunk.message_ids == (message_id(2),)
    assert [mark.message_id for mark in await archive.waiting(EVERYTHING, 10)] == [message_id(2)]


async def test_bots_are_searched_where_that_was_asked_for(adapter: str, tmp_path: Path) -> None:
    async with opened(adapter, tmp_path, index_bots=True) as archive:
        await store(archive, say(1, "beep", is_bot=True))
        assert await found(archive, "beep") == [message_id(1)]
        assert len(await archive.waiting(EVERYTHING, 10)) == 1


async def test_what_says_nothing_is_kept_but_not_searched(archive: MessageArchive) -> None:
    empty = say(1, "", attachments=("",))
    await store(archive, empty)
    assert await archive.read([empty.id], EVERYTHING) == [empty]
    assert await found(archive, "ana") == []
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


# Erasing


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


# Reading


async def test_a_message_is_read_with_its_neighbours(archive: MessageArchive) -> None:
    await store(archive, *(say(n) for n in range(10)), say(5, channel="random", id=5))

    async def around(number: int, before: int, after: int, scope: Scope = EVERYTHING) -> list[int]:
        ids = [m.id for m in await archive.around(message_id(number), scope, before, after)]
        return [n for n in range(10) if message_id(n) in ids] if ids == sorted(ids) else [-1]

    assert await around(5, 2, 1) == [3, 4, 5, 6]
    assert await around(0, 3, 0) == [0]
    assert await around(9, 1, 3) == [8, 9]
    assert await around(42, 1, 1) == []
    window = Window(START + 4 * MINUTE, START + 7 * MINUTE)
    assert await around(5, 5, 5, EVERYTHING.during(window)) == [4, 5, 6]
    assert await around(2, 5, 5, EVERYTHING.during(window)) == []


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


async def test_surroundings_come_in_the_order_asked_for_without_what_is_out_of_scope(
    archive: MessageArchive,
) -> None:
    await store(archive, *(say(n) for n in range(6)), say(2, channel="random", id=5))
    asked = [message_id(4), 5, message_id(1), 12345, message_id(4)]
    scope = EVERYTHING.in_channels([id_of("general")])
    around = await archive.surroundings(asked, scope, 1)
    assert [each.message.id for each in around] == [message_id(4), message_id(1)]
    assert await archive.surroundings([], EVERYTHING, 1) == []


async def test_replies_are_found_in_order_of_time(archive: MessageArchive) -> None:
    target = message_id(0)
    await store(archive, say(3, reply_to=target), say(1, reply_to=target), say(2), say(0))
    replies = await archive.replies_to([target, 12345], EVERYTHING)
    assert [message.id for message in replies] == [message_id(1), message_id(3)]
    assert await archive.replies_to([], EVERYTHING) == []


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
    near = [timedelta(milliseconds=ms) for ms in (-900, -1, 0, 1, 900)]
    said = [
        say(1, "needle", id=snowflake_at(noon) + at, created_at=noon + offset)
        for at, offset in enumerate(near)
    ]
    await store(archive, *said)
    before, after = Window(before=noon), Window(after=noon)
    assert sorted(await found(archive, "needle", scope=EVERYTHING.during(before))) == [
        message.id for message in said[:2]
    ]
    assert sorted(await found(archive, "needle", scope=EVERYTHING.during(after))) == [
        message.id for message in said[2:]
    ]


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


async def test_everything_in_scope_can_be_marked_again(archive: MessageArchive) -> None:
    await store(archive, say(1), say(2, guild="away"), say(3, author="robot", is_bot=True))
    await archive.settle((await archive.waiting(EVERYTHING, 10))[1:])
    assert await archive.mark_again(EVERYTHING.in_guilds([id_of("home")])) == 1
    assert await archive.mark_again(EVERYTHING) == 2
    assert [m.message_id for m in await archive.waiting(EVERYTHING, 10)] == [
        message_id(1),
        message_id(2),
    ]


async def test_an_archive_takes_space(archive: MessageArchive) -> None:
    await store(archive, say(1, "x" * 10_000))
    assert await archive.size_bytes() >= 10_000
