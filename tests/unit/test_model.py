"""What a scope admits, what a window holds, and how a snowflake tells the time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.model import (
    Author,
    Channel,
    Message,
    Scope,
    Window,
    snowflake_at,
    snowflake_time,
)

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
small_ids = st.integers(1, 5)
moments = st.integers(0, 10).map(lambda hours: NOON + timedelta(hours=hours))
windows = st.builds(Window, st.none() | moments, st.none() | moments)


def message(guild_id: int = 1, channel_id: int = 2, author_id: int = 3) -> Message:
    author = Author(author_id, "ana", "Ana")
    return Message(7, Channel(channel_id, guild_id, "general"), author, NOON, "hi", NOON)


messages = st.builds(message, small_ids, small_ids, small_ids)
grants = st.none() | st.dictionaries(small_ids, st.none() | st.sets(small_ids), max_size=3)
scopes = st.builds(Scope, grants, st.none() | st.frozensets(small_ids))


def test_a_snowflake_tells_its_time_to_the_millisecond() -> None:
    moment = snowflake_time(115797995934404163)
    assert moment == datetime(2015, 11, 16, 12, 59, 53, 653_000, tzinfo=UTC)


@given(st.datetimes(datetime(2015, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 (hypothesis adds the zone)
def test_snowflakes_from_a_moment_on_are_those_made_then_or_later(moment: datetime) -> None:
    first = snowflake_at(moment)
    assert snowflake_time(first) >= moment
    assert first == 0 or snowflake_time(first - 1) < moment


def test_times_before_discord_existed_begin_at_the_first_snowflake() -> None:
    assert snowflake_at(datetime(2001, 1, 1, tzinfo=UTC)) == 0


def test_a_window_holds_its_start_and_not_its_end() -> None:
    window = Window(NOON, NOON + timedelta(hours=1))
    assert NOON in window
    assert NOON + timedelta(hours=1) not in window


@given(windows, windows, moments)
def test_an_intersection_holds_what_both_windows_hold(a: Window, b: Window, t: datetime) -> None:
    assert (t in a.intersect(b)) == (t in a and t in b)


def test_everything_admits_any_message_and_nothing_admits_none() -> None:
    assert Scope.everything().admits(message())
    assert not Scope.nothing().admits(message())
    assert Scope.nothing().is_empty


def test_a_channel_granted_in_one_server_is_not_granted_in_another() -> None:
    scope = Scope({1: {2}, 9: {4}})
    assert scope.admits(message(guild_id=1, channel_id=2))
    assert not scope.admits(message(guild_id=9, channel_id=2))


@given(scopes, messages, st.sets(small_ids))
def test_narrowing_only_takes_away(scope: Scope, said: Message, ids: set[int]) -> None:
    window = Window(NOON - timedelta(hours=1), NOON)
    for narrowed in (
        scope.in_guilds(ids),
        scope.in_channels(ids),
        scope.by(ids),
        scope.during(window),
    ):
        assert scope.admits(said) or not narrowed.admits(said)


@given(scopes, messages, st.sets(small_ids))
def test_narrowing_keeps_what_was_named(scope: Scope, said: Message, ids: set[int]) -> None:
    inside = scope.admits(said)
    assert scope.in_guilds(ids).admits(said) == (inside and said.guild_id in ids)
    assert scope.in_channels(ids).admits(said) == (inside and said.channel.id in ids)
    assert scope.by(ids).admits(said) == (inside and said.author.id in ids)


@given(scopes, messages)
def test_an_empty_scope_admits_nothing(scope: Scope, said: Message) -> None:
    assert not (scope.is_empty and scope.admits(said))


def test_a_jump_link_leads_to_the_message_and_to_direct_messages() -> None:
    assert message().url == "https://discord.com/channels/1/2/7"
    assert message(guild_id=0).url == "https://discord.com/channels/@me/2/7"
