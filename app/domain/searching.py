"""Search: find the messages that belong to a question."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from app.domain.errors import InvalidInput, Unavailable
from app.domain.evidence import CERTAIN, is_surely_english, support
from app.domain.follow_ups import read_in_context
from app.domain.mentions import Role
from app.domain.model import Scope, Window
from app.domain.ranking import Candidates, Ranked, fuse, gather
from app.domain.reordering import REACH, REORDERED, Candidate, reorder
from app.domain.terms import question_terms
from app.domain.understanding import Known, Understood, resolve, spellings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeVar

    from app.domain.mentions import Mention
    from app.domain.model import Hit, Message, Question, Surroundings
    from app.domain.questions import Reading
    from app.domain.vectors import Vector
    from app.ports.language import Embedder
    from app.ports.runtime import Clock
    from app.ports.storage import MessageArchive, VectorIndex

    Named = TypeVar("Named")

# How many candidates each ranking proposes. Twice as many changed nothing measurable
# on the bench (-.002 nDCG@10).
WORD_CANDIDATES = 50
CHUNK_CANDIDATES = 16
NEAREST_CANDIDATES = 50

CITED_BONUS = 4.0
"""What a message gains that the answer before rested on, where a follow-up stays with it.

On a bench, "why?" and the like after a question then find 95 % of its three best sources
among their own five best in place of 80 %, and what is relevant .02 to .03 nDCG@10 better.
"""

LONGEST_QUESTION_CHARS = 4_000
"""More than a Discord message with Nitro; longer ones cost minutes and say no more."""


@frozen
class Found:
    """A message in the order of relevance, and what each ranking contributed.

    `around` is the conversation it stands in, as far as the asker may read it; unknown for
    the candidates that were not reordered.
    """

    message: Message
    ranked: Ranked
    around: Surroundings | None = None


@frozen
class Findings:
    """What a search found, best first.

    `problem` says what could not be used (searched by words alone, for instance);
    `candidates` is how many messages were compared; times are in seconds; `window` is
    the span of time searched; `support` is how well the best of it answers (`evidence`);
    `reading` is how the question was read, `understood` what the names in it mean.
    """

    found: tuple[Found, ...]
    terms: tuple[str, ...]
    reading: Reading
    candidates: int = 0
    problem: str | None = None
    seconds: float = 0.0
    seconds_embedding: float = 0.0
    window: Window = field(factory=Window)
    support: float = 0.0
    understood: Understood = field(factory=Understood)


@frozen
class _Meaning:
    """The vector of a question and its nearest messages, or why there are none."""

    vector: Vector | None = None
    nearest: tuple[Hit, ...] = ()
    problem: str | None = None
    seconds_embedding: float = 0.0


@frozen
class _Wanted:
    """A question as it is searched.

    `place` is the part of its scope that the names in it leave, `scope` what of that lies in
    the time asked about; `cited` are the messages that it goes on about.
    """

    reading: Reading
    terms: tuple[str, ...]
    understood: Understood
    place: Scope
    scope: Scope
    cited: tuple[int, ...]


@frozen
class _Pool:
    """What the rankings proposed for a question, and what could not be used."""

    candidates: Candidates
    problem: str | None
    seconds_embedding: float


@frozen
class Search:
    """Ranks messages by meaning, by words and by the conversation they stand in."""

    archive: MessageArchive
    index: VectorIndex
    embedder: Embedder
    clock: Clock

    async def warm_up(self) -> None:
        """Load now what the first question would wait for: the embedder and the index.

        What cannot be loaded is no error here; the question will say what it lacked.
        """
        loading = (self.embedder.embed(["?"]), self.index.stale(Scope.nothing()))
        await asyncio.gather(*loading, return_exceptions=True)

    async def find(self, question: Question, limit: int) -> Findings:
        """Return at most `limit` messages of the question's scope, best first.

        A time, a channel or an author that the question names narrows the scope, as one
        does that it follows up on. When vectors cannot be had the words alone decide and
        `problem` says why. Raises `ArchiveUnavailable` when the archive cannot be read,
        `InvalidInput` when the question is too long.
        """
        started = self.clock.monotonic()
        if len(question.text) > LONGEST_QUESTION_CHARS:
            raise InvalidInput(
                f"The question has {len(question.text):,} characters; at most"
                f" {LONGEST_QUESTION_CHARS:,} are read: shorten it."
            )
        wanted = await self._understand(question)
        findings = Findings(
            (),
            wanted.terms,
            wanted.reading,
            window=wanted.scope.window,
            understood=wanted.understood,
        )
        if wanted.scope.is_empty or not question.text.strip():
            return findings
        pool = await self._propose(wanted)
        found = await self._rank(wanted, pool, limit)
        best_words = max(pool.candidates.words.values(), default=0.0)
        return evolve(
            findings,
            found=tuple(each for each in found if wanted.scope.admits(each.message))[:limit],
            candidates=len(pool.candidates.guilds),
            problem=pool.problem,
            seconds=self.clock.monotonic() - started,
            seconds_embedding=pool.seconds_embedding,
            support=_supported(question.text, found, best_words),
        )

    async def _understand(self, question: Question) -> _Wanted:
        reading = read_in_context(question)
        understood = resolve(reading, question, await self._look_up(reading, question))
        reading = evolve(reading, text=understood.searched_text(reading))
        place = understood.narrow(question.scope)
        return _Wanted(
            reading,
            question_terms(reading.text),
            understood,
            place,
            place.during(reading.window or Window()),
            question.history[-1].cited if reading.stays else (),
        )

    async def _look_up(self, reading: Reading, question: Question) -> Known:
        """Look the mentions up in the question's scope: no other name has a say in anything."""
        scope, archive = question.scope, self.archive
        channels = await _each_named(archive.channels_named, reading, Role.IN, question)
        authors = await _each_named(archive.authors_named, reading, Role.BY, question)
        ids = {channel.id for named in channels.values() for channel in named}
        unknown = [mention for mention, named in authors.items() if not named]
        return Known(
            channels,
            await archive.threads_of(ids, scope) if ids else (),
            authors,
            frozenset(
                [m for m in unknown if await archive.matching(question_terms(m.name), scope, 1)]
            ),
        )

    async def _propose(self, wanted: _Wanted) -> _Pool:
        terms, scope = wanted.terms, wanted.scope
        words, chunks, meaning, again = await asyncio.gather(
            self.archive.matching(terms, scope, WORD_CANDIDATES),
            self.archive.matching_chunks(terms, scope, CHUNK_CANDIDATES),
            self._nearest(wanted.reading.text, scope),
            self.archive.read(wanted.cited, scope),
        )
        candidates = gather(words, chunks, meaning.nearest)
        guilds = {message.id: message.guild_id for message in again}
        candidates = evolve(candidates, guilds={**guilds, **candidates.guilds})
        candidates, problem = await self._compare(candidates, meaning, scope)
        return _Pool(candidates, problem, meaning.seconds_embedding)

    async def _rank(self, wanted: _Wanted, pool: _Pool, limit: int) -> list[Found]:
        most = len(pool.candidates.guilds) if wanted.cited else max(REORDERED, limit)
        best, rest = _split(fuse(pool.candidates, most), wanted.cited)
        found = _with_bonus(await self._reorder(best, wanted, pool), wanted.cited)
        return found + await self._read(rest[: max(0, limit - len(best))], wanted.scope)

    async def _reorder(self, best: Sequence[Ranked], wanted: _Wanted, pool: _Pool) -> list[Found]:
        """Reorder the best by the conversation around them.

        It may lie outside the window asked about, and be by others than the author asked
        about: who answers seldom repeats what was asked. But then none of it is handed on.
        """
        ranked = {each.message_id: each for each in best}
        around = await self.archive.surroundings(list(ranked), wanted.place.by_anyone(), REACH)
        surroundings = {each.message.id: each for each in around}
        candidates = [Candidate(ranked[each.message.id], each) for each in around]
        reordered = reorder(wanted.reading, wanted.terms, candidates, pool.candidates.similarity)
        by_some = wanted.place.authors is not None
        return [
            Found(around.message, each, None if by_some else around)
            for each in reordered
            for around in (surroundings[each.message_id],)
        ]

    async def _read(self, ranked: Sequence[Ranked], scope: Scope) -> list[Found]:
        if not ranked:
            return []
        read = await self.archive.read([each.message_id for each in ranked], scope)
        messages = {message.id: message for message in read}
        return [Found(messages[r.message_id], r) for r in ranked if r.message_id in messages]

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
        self, candidates: Candidates, meaning: _Meaning, scope: Scope
    ) -> tuple[Candidates, str | None]:
        """Add the similarity of candidates that only their words brought in."""
        if meaning.vector is None:
            return candidates, meaning.problem
        unknown = defaultdict(list)
        for message_id, guild_id in candidates.guilds.items():
            if message_id not in candidates.similarity:
                unknown[guild_id].append(message_id)
        try:
            similarities = await self.index.similarities(meaning.vector, unknown, scope)
        except Unavailable as error:
            return candidates, f"searched by words mostly: {error}"
        return evolve(candidates, similarity={**candidates.similarity, **similarities}), None


def _split(fused: Sequence[Ranked], cited: Sequence[int]) -> tuple[list[Ranked], list[Ranked]]:
    """Return what is to be reordered, and the rest."""
    best = [each for at, each in enumerate(fused) if at < REORDERED or each.message_id in cited]
    return best, [each for each in fused[REORDERED:] if each.message_id not in cited]


def _with_bonus(found: Sequence[Found], cited: Sequence[int]) -> list[Found]:
    """Raise what the answer before rested on."""

    def raised(each: Found) -> Found:
        if each.message.id not in cited:
            return each
        ranked = each.ranked
        parts = {**ranked.parts, "cited": CITED_BONUS}
        return evolve(each, ranked=evolve(ranked, score=ranked.score + CITED_BONUS, parts=parts))

    return sorted(map(raised, found), key=lambda each: -each.ranked.score)


def _supported(question: str, found: Sequence[Found], best_words: float) -> float:
    """Return the support; that of a language it was not measured on only where no word matches."""
    value = support([each.ranked for each in found], best_words)
    if best_words and not is_surely_english(question):
        return max(value, CERTAIN)
    return value


async def _each_named(
    look_up: Callable[[str, Scope], Awaitable[list[Named]]],
    reading: Reading,
    role: Role,
    question: Question,
) -> dict[Mention, list[Named]]:
    """Return who or what bears the name of each mention of a role."""
    named: dict[Mention, list[Named]] = {}
    for mention in reading.mentions:
        if mention.role is role:
            named[mention] = []
            for name in spellings(mention, question):
                named[mention] = named[mention] or await look_up(name, question.scope)
    return named
