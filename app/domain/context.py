"""Choosing the messages that fit into what a model reads, and writing them down for it.

Two policies: `select_context` is what Ask uses: the ranking decides who comes in, the
conversation decides the order. `select_by_similarity_recency` is the original design's:
a score of similarity and age decides both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

from attrs import evolve

from app.domain.cutting import cut_around
from app.domain.prompt import NO_MESSAGES, SEPARATOR, Excerpt, format_excerpt, format_header
from app.domain.stems import stems_of
from app.domain.terms import segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from app.domain.companions import Companion
    from app.domain.model import Message

SIMILARITY_WEIGHT, RECENCY_WEIGHT = 0.7, 0.3
RECENCY_DAYS = 30
"""After so many days a message has no recency left."""

LONGEST_SHARE = 3
"""A message gets at most one part in so many of the room before the others are served."""

SMALLEST_SHARE = 300
"""But a share of fewer characters would cut even ordinary messages."""

NEAR_DUPLICATE = 0.9
"""Share of words in common (Jaccard) from which two texts say the same."""

SHORTEST_CUT = 20
"""A message of which less would be left is passed over."""

SMALLEST_EXCERPT = 31
"""Characters of an excerpt of one, by somebody and in a channel without a name."""

_WORD = re.compile(r"\w+")


class ContextPolicy(StrEnum):
    """What decides which of the messages found a model reads, and in which order."""

    CONVERSATION = "conversation"
    SIMILARITY_RECENCY = "similarity-recency"


class Context(Protocol):
    """A message as the caller of the library hands it over."""

    @property
    def content(self) -> str:
        """The text."""
        ...

    @property
    def author(self) -> str:
        """The name of who wrote it."""
        ...

    @property
    def channel(self) -> str:
        """The channel's name, without the leading #."""
        ...

    @property
    def timestamp(self) -> datetime:
        """When it was written, shown as given; without a zone it is local time."""
        ...

    @property
    def similarity_score(self) -> float:
        """How near it is to the question, 0 to 1."""
        ...


C = TypeVar("C", bound=Context)


def format_context_messages(contexts: Sequence[Context]) -> str:
    """Return the messages as the original design shows them to a model."""
    return SEPARATOR.join(map(_formatted, contexts)) or NO_MESSAGES


def recency(moment: datetime, now: datetime) -> float:
    """Return how recent a moment is, 1 to 0 over thirty whole days; what is to come is new."""
    return min(1.0, max(0.0, 1 - (now - moment).days / RECENCY_DAYS))


def similarity_recency(similarity: float, timestamp: datetime, now: datetime) -> float:
    """Return 0.7 times the similarity plus 0.3 times the recency."""
    return SIMILARITY_WEIGHT * similarity + RECENCY_WEIGHT * recency(timestamp, now)


def select_by_similarity_recency(contexts: Sequence[C], limit_chars: int, now: datetime) -> list[C]:
    """Return the messages of the highest `similarity_recency` that fit, highest first.

    Stops at the first one that does not fit; what counts is the length of
    `format_context_messages`.
    """

    def score(context: C) -> float:
        timestamp = context.timestamp.astimezone(now.tzinfo)
        return similarity_recency(context.similarity_score, timestamp, now)

    chosen: list[C] = []
    length = 0
    for context in sorted(contexts, key=score, reverse=True):
        length += len(_formatted(context)) + (len(SEPARATOR) if chosen else 0)
        if length > limit_chars:
            break
        chosen.append(context)
    return chosen


def excerpts_by_similarity_recency(
    scored: Sequence[tuple[Message, float]], limit_chars: int, now: datetime
) -> tuple[Excerpt, ...]:
    """Return the messages, each with its similarity, as the same policy chooses excerpts.

    What counts here is the length of excerpts as the model reads them, numbers included.
    """

    def score(pair: tuple[Message, float]) -> float:
        message, similarity = pair
        return similarity_recency(similarity, message.created_at, now)

    chosen: list[Excerpt] = []
    room = limit_chars
    for message, _ in sorted(scored, key=score, reverse=True):
        excerpt = Excerpt(len(chosen) + 1, message, message.text, rank=len(chosen))
        room -= len(format_excerpt(excerpt)) + (len(SEPARATOR) if chosen else 0)
        if room < 0:
            break
        chosen.append(excerpt)
    return tuple(chosen)


def _formatted(context: Context) -> str:
    header = format_header(context.timestamp, context.author, context.channel)
    return f"{header}\n{context.content}"


def select_context(  # noqa: PLR0913 (each says one thing about the choice)
    ranked: Sequence[Message],
    limit_chars: int,
    companions: Sequence[Companion] = (),
    *,
    question: str = "",
    longest_chars: int | None = None,
    each_author: bool = False,
) -> tuple[Excerpt, ...]:
    """Return the best messages that fit, numbered from 1 in the order of their conversation.

    `ranked` is best first. What counts is the length of the formatted excerpts with the
    separators between them. Texts that say the same are taken once, or once of `each_author`.
    A message longer than its share, or than `longest_chars`, is cut to it around what names
    the subjects of the `question`, so that it cannot crowd out the others, and grows again
    into what they leave. One that does not fit is passed over. Companions come into what
    room is left by `ranked`. Channels stand in the order of their best message, messages
    within them in the order of time.
    """
    share = min(limit_chars, longest_chars or max(limit_chars // LONGEST_SHARE, SMALLEST_SHARE))
    subjects = stems_of(question)
    picks: list[Excerpt] = []
    room = limit_chars
    candidates = _offered(ranked, companions)
    for offered in _saying_something_new(candidates, each_author=each_author):
        if room < SMALLEST_EXCERPT:
            break
        # Which number an excerpt ends up with does not matter here: all are given out.
        pick = evolve(offered, number=len(picks) + 1, rank=len(picks))
        fitting = _cut_to(pick, share, subjects)
        needed = len(format_excerpt(fitting)) + (len(SEPARATOR) if picks else 0)
        if needed <= room and (fitting is pick or len(fitting.text) >= SHORTEST_CUT):
            picks.append(fitting)
            room -= needed
    return _in_conversation_order(_grown(picks, room, subjects))


def _offered(ranked: Sequence[Message], companions: Sequence[Companion]) -> Iterator[Excerpt]:
    for message in ranked:
        yield Excerpt(0, message, message.text)
    for companion in companions:
        message = companion.message
        yield Excerpt(0, message, message.text, beside=companion.beside)


def _saying_something_new(offered: Iterable[Excerpt], *, each_author: bool) -> Iterator[Excerpt]:
    """Yield those with a text that none before them had, or nearly had."""
    seen: defaultdict[int | None, list[frozenset[str]]] = defaultdict(list)
    for excerpt in offered:
        words = words_of(excerpt.text)
        said = seen[excerpt.message.author.id if each_author else None]
        if words and not any(say_the_same(words, other) for other in said):
            said.append(words)
            yield excerpt


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text in lower case; of one without words, what stands between blanks.

    A script that is written without spaces counts by the character.
    """
    return frozenset(_WORD.findall(segment(text).casefold()) or text.split())


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of words in common, 0 to 1 (Jaccard); not for two empty sets."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def say_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether texts with these words say the same; not for two empty sets."""
    fewer, more = sorted((len(one), len(other)))
    return fewer >= NEAR_DUPLICATE * more and overlap(one, other) >= NEAR_DUPLICATE


def _cut_to(excerpt: Excerpt, limit_chars: int, subjects: frozenset[str]) -> Excerpt:
    """Cut the text so that the formatted excerpt fits, as far as there is text to cut."""
    too_long = len(format_excerpt(excerpt)) - limit_chars
    if too_long <= 0:
        return excerpt
    room = len(excerpt.text) - too_long
    return evolve(excerpt, text=cut_around(excerpt.text, room, subjects))


def _grown(picks: Sequence[Excerpt], room: int, subjects: frozenset[str]) -> list[Excerpt]:
    """Give the room that is left to the excerpts that were cut, the best first."""
    grown: list[Excerpt] = []
    for pick in picks:
        if pick.text != pick.message.text:
            before = len(format_excerpt(pick))
            pick = _cut_to(evolve(pick, text=pick.message.text), before + room, subjects)  # noqa: PLW2901
            room -= len(format_excerpt(pick)) - before
        grown.append(pick)
    return grown


def _in_conversation_order(picks: Sequence[Excerpt]) -> tuple[Excerpt, ...]:
    best: dict[int, int] = {}
    for pick in picks:
        best.setdefault(pick.message.channel.id, pick.rank)

    def place(pick: Excerpt) -> tuple[int, datetime, int]:
        message = pick.message
        return best[message.channel.id], message.created_at, message.id

    return tuple(
        evolve(pick, number=number) for number, pick in enumerate(sorted(picks, key=place), 1)
    )
