"""What is said where no message answers: what was searched, and what came nearest."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from attrs import frozen

from app.domain.context import say_the_same, words_of
from app.domain.cutting import GAP
from app.domain.extracts import uncited
from app.domain.reply import cut_text
from app.domain.understanding import nobody_wrote
from app.domain.wording import counted, day_and_time, flat, listed, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from app.domain.model import Message, Question, Scope
    from app.domain.searching import Findings
    from app.ports.storage import MessageArchive

MOST_SERVERS = 3
MOST_CHANNELS = 4
"""So many are named; more say less than their number."""

NEAREST_SIMILARITY = 0.3
"""What is less similar to the question (cosine) has hardly more to do with it than any message.

The best messages for questions about things never spoken of reach .1 to .3.
"""

MOST_NEAREST = 3
QUOTED_CHARS = 140
NEAREST = "The nearest I found, which is no answer:"


@frozen
class Refuse:
    """Tells what was searched where nothing in it answers."""

    archive: MessageArchive

    async def text(self, question: Question, findings: Findings, absence: str = "") -> str:
        """Return what was searched and what came nearest, within the scope of the question.

        `absence` says what was counted and is not there. Raises `ArchiveUnavailable`.
        """
        if findings.understood.absent:
            said = nobody_wrote(findings.understood.absent)
        else:
            said = await self._searched(question, findings, absence)
        if absence:  # what else they wrote is nowhere near a count of none
            return said
        found = ((each.message, each.ranked.similarity) for each in findings.found)
        return said + nearest(found, question.zone)

    async def _searched(self, question: Question, findings: Findings, absence: str) -> str:
        scope = findings.understood.narrow(question.scope).during(findings.window)
        searched = await self.archive.count(scope)
        where = await self._where(scope) + spelled(findings.window, question.zone)
        if not searched:
            return f"There are no messages to search{where or ' here'}, so I cannot answer that."
        return (
            f"{absence or 'I found nothing about that'} in the"
            f" {counted(searched, 'message')}{where} that I searched."
        )

    async def _where(self, scope: Scope) -> str:
        """Name the places of a scope that hold messages, all of it where none does."""
        held = [(g.guild.name, c) for g in await self.archive.overview(scope) for c in g.channels]
        spoken = [(server, each) for server, each in held if each.messages] or held
        return places([(server, each.channel.name) for server, each in spoken])


def places(channels: Sequence[tuple[str, str]]) -> str:
    """Return " in #general and #dev of Testers" for channels given as (server, channel).

    Those of a server stand together. Only servers where there are more than a few channels,
    and nothing where there are more than a few servers.
    """
    servers = [
        (flat(server), [f"#{flat(channel)}" for _, channel in theirs])
        for server, theirs in groupby(channels, key=lambda place: place[0])
    ]
    if not 0 < len(servers) <= MOST_SERVERS:
        return ""
    named = [name for name, _ in servers]
    if len(channels) <= MOST_CHANNELS:
        named = [f"{listed(theirs)} of {name}" for name, theirs in servers]
    return uncited(f" in {listed(named)}")


def nearest(found: Iterable[tuple[Message, float | None]], zone: tzinfo) -> str:
    """Return lines with the messages, given with their similarity, that are not hopeless.

    The first three that do not say the same; nothing where there are none.
    """
    lines: list[str] = []
    said: list[frozenset[str]] = []
    for message, similarity in found:
        words = words_of(message.text)
        is_near = similarity is not None and similarity >= NEAREST_SIMILARITY
        if is_near and words and not any(say_the_same(words, other) for other in said):
            said.append(words)
            lines.append(_line(message, zone))
        if len(lines) == MOST_NEAREST:
            break
    return "\n".join([f"\n\n{NEAREST}", *lines]) if lines else ""


def _line(message: Message, zone: tzinfo) -> str:
    whole = flat(message.text)
    text = cut_text(whole, QUOTED_CHARS)
    cut = f" {GAP}" if len(text) < len(whole) else ""
    source = f"{flat(message.author.display_name)} in #{flat(message.channel.name)}"
    moment = day_and_time(message.created_at, zone)
    return uncited(f"- {source}, {moment}: “{text}{cut}” {message.url}")
