"""What every archive promises about scopes: whatever is asked, nothing from outside comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.model import Author, Channel, ChannelKind, Message, Scope, Window
from tests.archives import (
    ADAPTERS,
    EVERYTHING,
    START,
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

GUILDS = ("home", "away", "abroad")
CHANNELS = ("general", "random", "thread")
PEOPLE = ("ana", "ben", "cleo")
MINUTES = 120

anything = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _world() -> list[Message]:
    """Return messages all over, some with an id that tells another time."""
    said = []
    for n in range(MINUTES):
        guild, channel, author = GUILDS[n % 3], CHANNELS[n // 3 % 3], PEOPLE[n // 7 % 3]
        message = say(n, f"common word{n}", author=author, channel=channel, guild=guild)
        nick = Author(id_of(author), author, f"{author} of {guild} {channel}")
        reply_to = message_id(n * 31 % MINUTES)
        message = evolve(message, author=nick, reply_to=reply_to)
        if channel == "thread":
            kind, parent = ChannelKind.THREAD, id_of("general")
            place = Channel(id_of(channel), id_of(guild), channel, kind, parent)
            message = evolve(message, channel=place)
        if n % 40 == 39:
            message = evolve(message, created_at=START + timedelta(minutes=n * 7 % MINUTES))
        said.append(message)
    return said


WORLD = {message.id: message for message in _world()}


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def archive(adapter: str, tmp_path: Path) -> AsyncIterator[MessageArchive]:
    async with opened(adapter, tmp_path) as archive:
        await store(archive, *WORLD.values())
        yield archive


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    channels = st.frozensets(st.sampled_from([*map(id_of, CHANNELS), 5]))
    guilds = st.sampled_from([*map(id_of, GUILDS), 5])
    moment = st.none() | st.integers(-1, MINUTES + 1).map(lambda n: START + timedelta(minutes=n))
    return Scope(
        draw(st.none() | st.dictionaries(guilds, st.none() | channels)),
        draw(st.none() | channels),
        draw(st.none() | st.frozensets(st.sampled_from([*map(id_of, PEOPLE), 5]))),
        Window(draw(moment), draw(moment)),
    )


def within(scope: Scope) -> set[int]:
    return {message.id for message in WORLD.values() if scope.admits(message)}


@anything
@given(scope=scopes())
async def test_messages_come_from_the_scope_and_all_of_them(
    archive: MessageArchive, scope: Scope
) -> None:
    expected = within(scope)
    everything = list(WORLD)
    read = await archive.read(everything, scope)
    assert {m.id for m in read} == expected
    assert await archive.ids(scope, 1_000) == sorted(expected)
    assert await archive.count(scope) == len(expected)


@anything
@given(scope=scopes())
async def test_what_stands_around_comes_from_the_scope(
    archive: MessageArchive, scope: Scope
) -> None:
    expected = within(scope)
    around = await archive.surroundings(list(WORLD), scope, MINUTES)
    assert [each.message.id for each in around] == [i for i in WORLD if i in expected]
    for each in around:
        here = WORLD[each.message.id]
        assert {here.id, *(m.id for m in (*each.before, *each.after))} == {
            i
            for i in expected
            if (WORLD[i].guild_id, WORLD[i].channel.id) == (here.guild_id, here.channel.id)
        }
        assert {m.id for m in each.related} == {
            i for i in expected if i == here.reply_to or WORLD[i].reply_to == here.id
        }


@anything
@given(scope=scopes())
async def test_what_words_find_comes_from_the_scope_and_all_of_it(
    archive: MessageArchive, scope: Scope
) -> None:
    expected = within(scope)
    hits = await archive.matching(["common"], scope, 1_000)
    assert {hit.message_id for hit in hits} == expected
    assert all(hit.guild_id == WORLD[hit.message_id].guild_id for hit in hits)
    chunks = await archive.matching_chunks(["common"], scope, 1_000)
    assert sorted(i for chunk in chunks for i in chunk.message_ids) == sorted(expected)
    assert all(chunk.message_ids for chunk in chunks)


@anything
@given(scope=scopes(), name=st.sampled_from([*PEOPLE, "ana of home general", "ben of away thread"]))
async def test_people_are_those_who_wrote_in_the_scope(
    archive: MessageArchive, scope: Scope, name: str
) -> None:
    authors = await archive.authors_named(name, scope)
    assert len({author.id for author in authors}) == len(authors)
    for author in authors:
        assert author in {WORLD[i].author for i in within(scope)}
        assert author.name == name.split(maxsplit=1)[0]
    if name in PEOPLE:
        assert bool(authors) == any(WORLD[i].author.name == name for i in within(scope))


@anything
@given(scope=scopes(), name=st.sampled_from([*GUILDS, *CHANNELS]))
async def test_servers_channels_and_threads_are_those_that_may_be_read(
    archive: MessageArchive, scope: Scope, name: str
) -> None:
    readable = {
        message.channel
        for message in WORLD.values()
        if not scope.is_empty and scope.may_read(message.guild_id, message.channel.id)
    }
    assert set(await archive.channels_named(name, scope)) == {
        channel for channel in readable if channel.name == name
    }
    assert set(await archive.threads_of([id_of("general")], scope)) == {
        channel for channel in readable if channel.parent_id
    }
    assert {guild.id for guild in await archive.guilds_named(name, scope)} == {
        channel.guild_id for channel in readable if channel.guild_id == id_of(name)
    }
    overviews = await archive.overview(scope)
    assert {held.channel for o in overviews for held in o.channels} == readable
    assert sum(o.messages for o in overviews) == len(within(scope))


@anything
@given(scope=scopes(), removed=st.sets(st.sampled_from(sorted(WORLD)), max_size=10))
async def test_what_waits_comes_from_the_scope(
    archive: MessageArchive, scope: Scope, removed: set[int]
) -> None:
    await archive.remove(removed, EVERYTHING)
    marks = await archive.waiting(scope, 1_000)
    for mark in marks:
        said = WORLD[mark.message_id]
        assert scope.may_read(said.guild_id, said.channel.id)
        assert mark.guild_id == said.guild_id
        assert mark.message is None or scope.admits(mark.message)
    if scope.authors is not None or scope.window != Window():
        assert all(mark.message for mark in marks)  # who wrote the others, and when, is erased
    current = {mark.message_id for mark in marks if mark.message}
    assert current <= within(scope)
    assert current | {m.id for m in await archive.read(list(WORLD), scope)} == current


async def test_a_scope_may_list_thousands_of_channels_and_people(archive: MessageArchive) -> None:
    home, general = id_of("home"), id_of("general")
    many = {*range(50_000), general}
    scope = Scope({home: many, **dict.fromkeys(range(3), many)})
    scope = scope.in_channels(many).by({*range(50_000), *map(id_of, PEOPLE)})
    expected = {m.id for m in WORLD.values() if (m.guild_id, m.channel.id) == (home, general)}
    assert expected
    assert set(await archive.ids(scope, 1_000)) == expected
    assert {hit.message_id for hit in await archive.matching(["common"], scope, 100)} == expected
