"""Search: find the messages that belong to a question."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from app.domain.errors import Unavailable
from app.domain.model import Window
from app.domain.questions import read_question
from app.domain.ranking import Candidates, Ranked, fuse, gather
from app.domain.reordering import REACH, REORDERED, Candidate, reorder
from app.domain.terms import question_terms

if TYPE_CHECKING:
    from app.domain.model import ChunkHit, Hit, Message, Question, Scope
    from app.domain.questions import Reading
    from app.domain.vectors import Vector
    from app.ports.language import Embedder
    from app.ports.runtime import Clock
    from app.ports.storage import MessageArchive, VectorIndex

# How many candidates each ranking proposes. Twice as many changed nothing measurable
# on the bench; half as many lost a little recall.
WORD_CANDIDATES = 100
CHUNK_CANDIDATES = 50
NEAREST_CANDIDATES = 100


@frozen
class Found:
    """A message in the order of relevance, and what each ranking contributed."""

    message: Message
    ranked: Ranked


@frozen
class Findings:
    """What a search found, best first.

    `problem` says what could not be used (searched by words alone, for instance);
    `candidates` is how many messages were compared; times are in seconds.
    """

    found: tuple[Found, ...]
    terms: tuple[str, ...]
    candidates: int = 0
    problem: str | None = None
    seconds: float = 0.0
    seconds_embedding: float = 0.0
    window: Window = field(factory=Window)


@frozen
class _Meaning:
    """The vector of a question and its nearest messages, or why there are none."""

    vector: Vector | None = None
    nearest: tuple[Hit, ...] = ()
    problem: str | None = None
    seconds_embedding: float = 0.0


@frozen
class Search:
    """Ranks messages by meaning, by words and by the conversation they stand in."""

    archive: MessageArchive
    index: VectorIndex
    embedder: Embedder
    clock: Clock

    async def find(self, question: Question, limit: int) -> Findings:
        """Return at most `limit` messages of the question's scope, best first.

        A time that the question names narrows the scope. When vectors cannot be had the
        words alone decide and `problem` says why. Raises `ArchiveUnavailable` when the
        archive cannot be read.
        """
        started = self.clock.monotonic()
        reading = read_question(question.text, question.asked_at, question.zone)
        scope = question.scope.during(reading.window or Window())
        terms = question_terms(reading.text)
        if scope.is_empty or not question.text.strip():
            return Findings((), terms, window=scope.window)
        words, chunks, meaning = await self._propose(reading.text, terms, scope)
        candidates = gather(words, chunks, meaning.nearest)
        candidates, problem = await self._compare(candidates, meaning)
        ranked = await self._reorder(fuse(candidates), terms, candidates, meaning, reading, question)
        found = await self._read(ranked, scope, limit)
        return Findings(
            tuple(found),
            terms,
            len(candidates.guilds),
            problem,
            self.clock.monotonic() - started,
            meaning.seconds_embedding,
            scope.window,
        )

    async def _reorder(  # noqa: PLR0913, PLR0917
        self,
        fused: list[Ranked],
        terms: tuple[str, ...],
        candidates: Candidates,
        meaning: _Meaning,
        reading: Reading,
        question: Question,
    ) -> list[Ranked]:
        """Reorder the best by the conversation around them; the others follow as they were."""
        best = {ranked.message_id: ranked for ranked in fused[:REORDERED]}
        around = await self.archive.surroundings(list(best), question.scope, REACH)
        reordered = reorder(
            reading.text,
            terms,
            [
                Candidate(best[s.message.id], s.message, s.before, s.after, s.related)
                for s in around
            ],
            candidates.similarity,
            broad=reading.broad,
        )
        return [*reordered, *fused[REORDERED:]]

    async def _propose(
        self, text: str, terms: tuple[str, ...], scope: Scope
    ) -> tuple[list[Hit], list[ChunkHit], _Meaning]:
        return await asyncio.gather(
            self.archive.matching(terms, scope, WORD_CANDIDATES),
            self.archive.matching_chunks(terms, scope, CHUNK_CANDIDATES),
            self._nearest(text, scope),
        )

    async def _nearest(self, text: str, scope: Scope) -> _Meaning:
        started = self.clock.monotonic()
        try:
            vector: Vector = (await self.embedder.embed([text]))[0]
            seconds = self.clock.monotonic() - started
            nearest = await self.index.nearest(vector, scope, NEAREST_CANDIDATES)
        except Unavailable as error:
            return _Meaning(problem=f"searched by words only: {error}")
        return _Meaning(vector, tuple(nearest), None, seconds)

    async def _compare(
        self, candidates: Candidates, meaning: _Meaning
    ) -> tuple[Candidates, str | None]:
        """Add the similarity of candidates that only their words brought in."""
        if meaning.vector is None:
            return candidates, meaning.problem
        unknown = defaultdict(list)
        for message_id, guild_id in candidates.guilds.items():
            if message_id not in candidates.similarity:
                unknown[guild_id].append(message_id)
        try:
            similarities = await self.index.similarities(meaning.vector, unknown)
        except Unavailable as error:
            return candidates, f"searched by words mostly: {error}"
        return evolve(candidates, similarity={**candidates.similarity, **similarities}), None

    async def _read(self, ranked: list[Ranked], scope: Scope, limit: int) -> list[Found]:
        """Fetch the best `limit` messages; ids that left the archive meanwhile give way."""
        found: list[Found] = []
        for start in range(0, len(ranked), limit or 1):
            slice_ = ranked[start : start + limit]
            messages = {
                m.id: m for m in await self.archive.read([r.message_id for r in slice_], scope)
            }
            found += [Found(messages[r.message_id], r) for r in slice_ if r.message_id in messages]
            if len(found) >= limit:
                break
        return found[:limit]
