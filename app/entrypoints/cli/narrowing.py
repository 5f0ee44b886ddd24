"""From what was typed to a scope: names become ids, times become a window."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from app.domain.errors import InvalidInput, NotFound
from app.domain.model import MILLISECOND, Question, Scope, Window
from app.domain.times import parse_now, parse_time, zone_named
from app.entrypoints.cli.presenting import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, tzinfo

    from app.domain.model import Author, Channel, Guild
    from app.entrypoints.cli.options import Filters
    from app.ports.storage import MessageArchive

MOST_NAMES = 10
"""How many names an error lists."""


@frozen
class Narrowed:
    """What a question may be answered from, what "now" is, and the asker's zone."""

    scope: Scope
    asked_at: datetime
    zone: tzinfo
    max_results: int = 10

    def asking(self, text: str) -> Question:
        """Return the question with this text."""
        return Question(text, self.scope, self.asked_at, self.max_results, zone=self.zone)

    def as_of(self, moment: datetime) -> Narrowed:
        """Return the same with `moment` as "now": nothing later is searched."""
        until = Window(before=moment + MILLISECOND)
        return evolve(self, scope=self.scope.during(until), asked_at=moment)


async def narrow(
    filters: Filters, archive: MessageArchive, default_zone: str, now: datetime
) -> Narrowed:
    """Resolve the filters against what the archive holds.

    Raises `InvalidInput` for a time or zone that cannot be read, a window that ends before
    it begins, and a name that several bear; `NotFound` for a name that nobody bears.
    """
    zone = zone_named(filters.timezone or default_zone)
    everything = Narrowed(Scope.everything(), now, zone, filters.max_results)
    narrowed = everything.as_of(parse_now(filters.at, zone)) if filters.at else everything
    scope = narrowed.scope.during(_window(filters, zone))
    if filters.guild is not None:
        guild = await guild_named(filters.guild, archive, Scope.everything())
        scope = scope.in_guilds([guild.id])
    if filters.channels:
        scope = scope.in_channels(await _channels(filters.channels, archive, _any_time(scope)))
    if filters.author is not None:
        author = await author_named(filters.author, archive, _any_time(scope))
        scope = scope.by([author.id])
    return evolve(narrowed, scope=scope)


async def guild_named(name: str, archive: MessageArchive, scope: Scope) -> Guild:
    """Return the one server of this name or id. Raises `NotFound` or `InvalidInput`."""
    found = await archive.guilds_named(name, scope)
    if not found:
        overviews = await archive.overview(scope)
        known = [overview.guild.name for overview in overviews if overview.messages]
        raise NotFound(_unknown(f"no server {name!r}", name, known))
    if len(found) > 1:
        listed = _listed([f"{guild.id} ({one_line(guild.name)})" for guild in found])
        raise InvalidInput(f"Several servers are called {name!r}; give an id: {listed}.")
    return found[0]


def _window(filters: Filters, zone: tzinfo) -> Window:
    after = parse_time(filters.after, zone) if filters.after else None
    before = parse_time(filters.before, zone) if filters.before else None
    if after is not None and before is not None and before <= after:
        raise InvalidInput(
            f"--before {filters.before} must be later than --after {filters.after}, but is not."
        )
    return Window(after, before)


def _any_time(scope: Scope) -> Scope:
    """Names resolve whatever the window: who wrote nothing in it still exists."""
    return evolve(scope, window=Window())


async def _channels(names: Sequence[str], archive: MessageArchive, scope: Scope) -> frozenset[int]:
    """Return the channels that bear the names, in whichever servers, with their threads."""
    ids: set[int] = set()
    for name in names:
        found = await archive.channels_named(name, scope)
        if not found:
            raise NotFound(await _no_channel(name, archive, scope))
        ids.update(channel.id for channel in found)
    return frozenset(ids) | {thread.id for thread in await archive.threads_of(ids, scope)}


async def channel_named(name: str, archive: MessageArchive, scope: Scope) -> Channel:
    """Return the one channel of this name or id. Raises `NotFound` or `InvalidInput`."""
    found = await archive.channels_named(name, scope)
    if not found:
        raise NotFound(await _no_channel(name, archive, scope))
    if len(found) > 1:
        overviews = await archive.overview(scope)
        guilds = {overview.guild.id: one_line(overview.guild.name) for overview in overviews}
        listed = _listed([f"{c.id} (in {guilds.get(c.guild_id, c.guild_id)})" for c in found])
        raise InvalidInput(f"Several channels are called {name!r}; give an id: {listed}.")
    return found[0]


async def author_named(name: str, archive: MessageArchive, scope: Scope) -> Author:
    """Return the one person of this name or id. Raises `NotFound` or `InvalidInput`."""
    found = await archive.authors_named(name, scope)
    if not found:
        raise NotFound(
            f"Nobody called {name!r} wrote there; give the name as Discord shows it, or the id."
        )
    if len(found) > 1:
        listed = _listed(
            [f"{a.id} ({one_line(a.display_name)}, @{one_line(a.name)})" for a in found]
        )
        raise InvalidInput(f"Several people are called {name!r}; give an id: {listed}.")
    return found[0]


async def _no_channel(name: str, archive: MessageArchive, scope: Scope) -> str:
    overviews = await archive.overview(scope)
    known = [held.channel.name for overview in overviews for held in overview.channels]
    return _unknown(f"no channel {name!r}", name.lstrip("#"), known)


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    """Say that a name is unknown, and which ones come close or exist."""
    if not known:
        return (
            f"There is {what}, for nothing has been imported yet;"
            " begin with `discord-indexer import PATH`."
        )
    names = {candidate.casefold(): candidate for candidate in known}
    close = [names[match] for match in get_close_matches(name.casefold(), names)]
    if close:
        return f"There is {what}; did you mean {_quoted(close, 'or')}?"
    return f"There is {what}; the archive holds {_quoted(names.values(), 'and')}."


def _quoted(names: Iterable[str], last: str) -> str:
    return _listed([repr(name) for name in names], last)


def _listed(listed: list[str], last: str = "or") -> str:
    """Return names as prose, the first few of them where there are many."""
    if len(listed) > MOST_NAMES:
        listed = [*listed[:MOST_NAMES], f"{len(listed) - MOST_NAMES} more"]
    return f" {last} ".join(filter(None, [", ".join(listed[:-1]), listed[-1]]))
