"""Gather: put together what an answer is drawn from, by the kind of the question."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from app.domain import listing, summarizing
from app.domain.asked_people import AskedOf, asked_of
from app.domain.companions import companions_of
from app.domain.context import (
    ContextPolicy,
    excerpts_by_similarity_recency,
    select_context,
)
from app.domain.model import Window
from app.domain.prompt import Brief
from app.domain.questions import Kind
from app.domain.ranking import Ranked
from app.domain.searching import Found
from app.domain.slicing import slices_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.companions import Companion
    from app.domain.listing import Tally
    from app.domain.model import Question, Scope
    from app.domain.prompt import Excerpt
    from app.domain.searching import Findings
    from app.domain.summarizing import Digest
    from app.ports.storage import MessageArchive

MOST_COUNTED = 10_000
"""So many messages that hold a word of the subject are looked at to count those that count.

For more than it ranks for a search (5,000), the archive leaves no word out, however common.
"""

MOST_LOOKED_AT = 5_000
"""The same where no subject is named and every message counts."""

MOST_LISTED = 20
"""So many people are listed, each with a message."""

MOST_NEWEST = 3
"""So many of the newest messages that name the subject stand first where the last is asked for."""

MOST_SEEN = 100_000
MOST_READ = 2_000
"""So many ids of a window are gone through, and so many of its messages read for a digest."""

LISTED_CHARS = 300
"""Where many people are listed, no message at first takes more room, header included."""

LATELY = timedelta(days=1)
"""What a summary without a named time is of."""

LOOKED_BACK = (timedelta(days=7), timedelta(days=30), timedelta(days=365), None)
"""So far back the last message is looked for, until there is one."""


@frozen
class Material:
    """What an answer is drawn from.

    `is_evidence` says that the excerpts answer by being there, however well they match.
    Where they are more than a model can read at once, `slices` are parts of them that it can.
    `absence` says, where there are none, what was counted and is not there.
    """

    excerpts: tuple[Excerpt, ...]
    brief: Brief
    window: Window
    is_evidence: bool = False
    slices: tuple[tuple[Excerpt, ...], ...] = ()
    absence: str = ""


@frozen
class Gather:
    """Chooses excerpts of at most `context_chars`, and counts where counting is asked for."""

    archive: MessageArchive
    context_chars: int
    policy: ContextPolicy = ContextPolicy.CONVERSATION

    async def material(self, question: Question, findings: Findings) -> Material:
        """Return what to answer from. Raises `ArchiveUnavailable`."""
        scope = findings.understood.narrow(question.scope).during(findings.window)
        if summarizing.wants_digest(findings.reading):
            digest = await self._digest(scope, question)
            if digest.stretches:
                return self._of_window(digest, question)
        if any(map(listing.can_be_counted, _wordings(question, findings))):
            asked = await asked_of(self.archive, question, findings)
            if counted := await self._counted(scope, asked, question, findings):
                return counted
        if self.policy is ContextPolicy.SIMILARITY_RECENCY:
            return self._by_similarity_recency(findings, question)
        if _wants_newest(findings):
            findings = await self._with_newest(scope, findings)
        material = self._of_search(findings, question)
        asked = await asked_of(self.archive, question, findings)
        if not asked.is_clear:
            return material
        people = frozenset(author.id for author in asked.authors)
        return evolve(material, brief=evolve(material.brief, people=people, topic=asked.text))

    def _by_similarity_recency(self, findings: Findings, question: Question) -> Material:
        scored = [(found.message, found.ranked.similarity or 0.0) for found in findings.found]
        excerpts = excerpts_by_similarity_recency(scored, self.context_chars, question.asked_at)
        return Material(excerpts, asked_by(question, findings), findings.window)

    def _of_search(self, findings: Findings, question: Question) -> Material:
        reading, most = findings.reading, question.max_results
        best = [found.message for found in findings.found[:most]]
        excerpts = select_context(
            best, self.context_chars, _companions(findings, most), question=reading.text
        )
        brief = asked_by(question, findings)
        return Material(excerpts, brief, findings.window)

    async def _with_newest(self, scope: Scope, findings: Findings) -> Findings:
        """Put the newest messages that name the subject before the most relevant ones."""
        subject = listing.subject_of(findings.reading.text)
        hits = await self.archive.matching(subject, scope, MOST_COUNTED)
        read = await self.archive.read([hit.message_id for hit in hits], scope)
        newest = listing.newest_that_name(read, subject)[:MOST_NEWEST]
        known = {found.message.id: found for found in findings.found}
        first = [
            known.get(message.id) or Found(message, Ranked(message.id, message.guild_id, 0.0))
            for message in newest
        ]
        ids = {message.id for message in newest}
        rest = [found for found in findings.found if found.message.id not in ids]
        return evolve(findings, found=(*first, *rest))

    # Who, and how many

    async def _counted(
        self, scope: Scope, asked: AskedOf, question: Question, findings: Findings
    ) -> Material | None:
        """Return what counting gives; nothing where it is unclear what is to be counted."""
        if not asked.is_clear:
            return None
        subject = listing.subject_of(asked.text)
        newest_first = findings.reading.wants_current or any(
            map(listing.asks_when_last, _wordings(question, findings))
        )
        tally = await self._tally(asked.narrow(scope), subject, newest_first=newest_first)
        if tally is not None:
            tally = evolve(tally, asked_of=asked.names)
            return self._of_people(tally, question, asked.only_theirs(findings))
        if not asked.authors and await self.archive.matching(subject, scope, 1):
            return None
        brief = asked_by(question, findings)
        absence = listing.told_none(subject, asked.names)
        return Material((), brief, findings.window, absence=absence)

    async def _tally(
        self, scope: Scope, subject: Sequence[str], *, newest_first: bool
    ) -> Tally | None:
        if not subject:
            return await self._tally_of_all(scope, newest_first=newest_first)
        hits = await self.archive.matching(subject, scope, MOST_COUNTED)
        read = await self.archive.read([hit.message_id for hit in hits], scope)
        is_complete = len(hits) < MOST_COUNTED
        return listing.tally(read, subject, newest_first=newest_first, is_complete=is_complete)

    async def _tally_of_all(self, scope: Scope, *, newest_first: bool) -> Tally | None:
        """Count all messages of the scope, and the people of the newest that can be looked at."""
        ids = await self._newest(scope, MOST_LOOKED_AT)
        read = await self.archive.read(ids, scope)
        in_all = await self.archive.count(scope)
        tally = listing.tally(read, (), newest_first=newest_first, is_complete=len(read) >= in_all)
        return tally and listing.of_all(tally, in_all, is_by_one=len(scope.authors or ()) == 1)

    async def _newest(self, scope: Scope, most: int) -> list[int]:
        """Return the last so many ids of a scope, in order of time."""
        newest: list[int] = []
        page = await self.archive.ids(scope, MOST_SEEN)
        while page:
            newest = (newest + page)[-most:]
            page = await self.archive.ids(scope, MOST_SEEN, page[-1])
        return newest

    def _of_people(self, tally: Tally, question: Question, findings: Findings) -> Material:
        most = question.max_results
        theirs = [person.best for person in tally.people[:MOST_LISTED]]
        known = {message.id for message in theirs}
        others = [found.message for found in findings.found if found.message.id not in known]
        excerpts = select_context(
            [*theirs, *others[:most]],
            self.context_chars,
            _companions(findings, most),
            question=findings.reading.text,
            longest_chars=LISTED_CHARS,
            each_author=True,
        )
        brief = evolve(
            asked_by(question, findings),
            wants_newest=findings.reading.wants_current,
            tally=tally,
            facts=tuple(listing.facts_of(tally, excerpts, question.zone)),
        )
        return Material(excerpts, brief, findings.window, is_evidence=True)

    # What happened

    async def _digest(self, scope: Scope, question: Question) -> Digest:
        if scope.window == question.scope.window:  # the question named no time
            scope = await self._lately(scope, question)
        ids = await self.archive.ids(scope, MOST_SEEN)
        in_all = len(ids) if len(ids) < MOST_SEEN else await self.archive.count(scope)
        read = await self.archive.read(summarizing.busiest_hours(ids, MOST_READ), scope)
        return summarizing.digest_of(read, in_all, scope.window)

    async def _lately(self, scope: Scope, question: Question) -> Scope:
        """Narrow to the last day, or to the last one on which anything was said."""
        today = scope.during(Window(question.asked_at - LATELY))
        if await self.archive.ids(today, 1):
            return today
        last = await self._last_said(scope, question.asked_at)
        return scope.during(Window(last - LATELY)) if last else today

    async def _last_said(self, scope: Scope, asked_at: datetime) -> datetime | None:
        """Return when the newest message that is searched was written.

        The overview of what is held does not tell, as bots that are not searched count there.
        """
        for span in LOOKED_BACK:
            recent = scope.during(Window(None if span is None else asked_at - span))
            newest = await self.archive.read(await self._newest(recent, 1), recent)
            if newest:
                return newest[0].created_at
        return None

    def _of_window(self, digest: Digest, question: Question) -> Material:
        worth = digest.by_worth()
        slices = slices_of(worth, self.context_chars)
        excerpts = (
            tuple(chain.from_iterable(slices))
            if slices
            else select_context(worth, self.context_chars)
        )
        facts = tuple(summarizing.facts_of(digest, question.zone))
        brief = evolve(asked_by(question), kind=Kind.SUMMARY, digest=digest, facts=facts)
        return Material(excerpts, brief, digest.window, is_evidence=True, slices=slices)


def asked_by(question: Question, findings: Findings | None = None) -> Brief:
    """Return what is asked, when and where, before anything is counted."""
    if findings is None:
        return Brief(zone=question.zone, asked_at=question.asked_at)
    kind, wants_newest = findings.reading.kind, _wants_newest(findings)
    return Brief(kind, wants_newest, zone=question.zone, asked_at=question.asked_at)


def _wordings(question: Question, findings: Findings) -> tuple[str, str]:
    """Return the question as it is searched, with what came before it, and as it was asked.

    The names and times that narrow the search are missing in the first.
    """
    return findings.reading.text, question.text


def _wants_newest(findings: Findings) -> bool:
    return findings.reading.kind is Kind.WHEN and findings.reading.wants_current


def _companions(findings: Findings, most: int) -> tuple[Companion, ...]:
    """Return what stands around the best messages, then what was found further down."""
    best, further = findings.found[:most], findings.found[most:]
    around = [found.around for found in best if found.around]
    return companions_of(around, findings.window, [found.message for found in further])
