"""Answering with quotes: which messages speak to the question, and which of their sentences."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC
from itertools import accumulate
from math import log
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from app.domain.context import say_the_same, words_of
from app.domain.cutting import GAP, best_sentences
from app.domain.kinds import is_question
from app.domain.prompt import Brief
from app.domain.reply import cut_text
from app.domain.terms import STOP_WORDS, question_terms
from app.domain.wording import day_and_time, flat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from app.domain.prompt import Excerpt, Prompt

LEAD = "The closest messages I found:"
LEAD_NEWEST = "The newest message about that which I found is of {}:"
ENOUGH_COVERED = 0.6
"""A message is about the question that covers such a part of what the best one covers."""

NOTHING_FOUND = "I found no message that answers this."
NOTHING_FITS = "I found messages, but there is no room to quote them."
SHORTEST_QUOTE = 20
MOST_QUOTES = 6
QUOTE_CHARS = 300
ASKING_SETBACK = 1.5
"""A message that asks is placed so many places later: answers are wanted, not questions."""

COVERING_ADVANCE = 4
"""A message that names all subjects of the question is placed so many places earlier.

The optimum is flat: on the bench the first quote is a relevant message for 37.8 % of the
answerable questions, and a gold short answer stands in the whole for 73.7 % of those that
have one (`docs/decisions/0006-what-an-answer-is-drawn-from.md`).
"""

BEHIND_QUESTION = 0.1
"""What comes with a message that asks is likely its answer, and placed right behind it."""

LARGEST_ECHO = 0.2
"""A text repeats the question when no larger part of its subjects is its own."""

SHORTEST_STEM = 4
_CITATION_LIKE = re.compile(r"\[(\s*\d+(?:\s*,\s*\d+)*\s*)\]")


@frozen
class Quote:
    """Sentences of an excerpt, word for word, and the zone in which its time is told."""

    excerpt: Excerpt
    text: str
    zone: tzinfo = UTC

    def __str__(self) -> str:
        """Return the quote with who said it, when and where, and its number."""
        message = self.excerpt.message
        said = f"{flat(message.author.display_name)}, {day_and_time(message.created_at, self.zone)}"
        source = uncited(f"{said} in #{flat(message.channel.name)}")
        return f"{quoted_lines(self.text)}\n{source} [{self.excerpt.number}]"


def answer_with_quotes(prompt: Prompt, limit_chars: int) -> list[str]:
    """Return an answer in pieces that are to be joined, in all at most `limit_chars` long.

    It says where it comes from: every sentence but the first is a quote, followed by its
    author, time and number. Without excerpts it says that nothing was found.
    """
    zone = prompt.brief.zone
    chosen = choose_quotes(prompt.question, prompt.excerpts, prompt.brief)
    quotes = [evolve(quote, zone=zone) for quote in chosen]
    if not quotes:
        return [cut_text(NOTHING_FOUND, limit_chars)]
    lead = LEAD
    if prompt.brief.wants_newest and (newest := _newest_about(prompt.question, quotes)):
        quotes = newest
        lead = LEAD_NEWEST.format(day_and_time(quotes[0].excerpt.message.created_at, zone))
    pieces = [lead, *(f"\n\n{quote}" for quote in quotes)]
    ends = accumulate(map(len, pieces))
    fitting = [piece for piece, end in zip(pieces, ends, strict=True) if end <= limit_chars]
    if len(fitting) > 1:
        return fitting
    return [_shortest(quotes[0], limit_chars)]


def choose_quotes(
    question: str, excerpts: Sequence[Excerpt], brief: Brief | None = None
) -> list[Quote]:
    """Return at most six quotes, the best first, each from another excerpt.

    The order is that of the excerpts' ranks, but what names more of the question's subjects
    moves up, what asks moves down, and what comes with a message that asks follows it.
    Texts that only repeat the question or hardly say anything are quoted where nothing
    else is there. Where the `brief` names a person, what they said of the topic comes first,
    and nothing is quoted that neither names the topic nor stands beside what does.
    """
    asked = subjects_of(question)
    places = _Places(asked, _weights(asked, excerpts), {e.message.id: e for e in excerpts})
    telling = [excerpt for excerpt in excerpts if not _adds_nothing(asked, excerpt.text)]
    quotes: list[Quote] = []
    said: list[frozenset[str]] = []
    for excerpt in _of_person(sorted(telling or excerpts, key=places.of), brief or Brief()):
        words = words_of(excerpt.text)
        if words and not any(say_the_same(words, other) for other in said):
            said.append(words)
            quotes.append(Quote(excerpt, _best_sentences(places.weights, excerpt.text)))
        if len(quotes) == MOST_QUOTES:
            break
    return quotes


def _of_person(excerpts: Sequence[Excerpt], brief: Brief) -> Sequence[Excerpt]:
    """Put what the people asked about said of the topic first, and leave the rest out.

    As they are where these people said nothing of it.
    """
    weights = _weights(subjects_of(brief.topic), excerpts)
    covered = {e.message.id: _coverage(weights, subjects_of(e.text)) for e in excerpts}
    enough = max(covered.values(), default=0.0) * ENOUGH_COVERED
    naming = {message for message, share in covered.items() if share and share >= enough}
    first = [e for e in excerpts if e.message.id in naming and e.message.author.id in brief.people]
    if not first:
        return excerpts
    rest = [e for e in excerpts if e not in first and {e.message.id, e.beside} & naming]
    return [*first, *rest]


def _newest_about(question: str, quotes: Sequence[Quote]) -> list[Quote]:
    """Return the quotes that name the question's subjects about as well as any, newest first.

    None where no quote names one.
    """
    weights = _weights(subjects_of(question), [quote.excerpt for quote in quotes])
    covered = [_coverage(weights, _named(quote.excerpt)) for quote in quotes]
    enough = max(covered) * ENOUGH_COVERED
    good = [q for q, share in zip(quotes, covered, strict=True) if share and share >= enough]
    return sorted(good, key=lambda quote: quote.excerpt.message.created_at, reverse=True)


def subjects_of(text: str) -> frozenset[str]:
    """Return what a text is about: its words without the small ones, reduced to stems."""
    words = (word for word in question_terms(text) if word not in STOP_WORDS)
    return frozenset(_stem(word) for word in words if word[0].isalnum())


def _stem(word: str) -> str:
    """Cut off endings, so that "installing" meets "installed"; crude, for comparing only."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word[: -len(ending)]
    return word.removesuffix("e")


def _weights(asked: frozenset[str], excerpts: Sequence[Excerpt]) -> dict[str, float]:
    """Weigh the subjects of the question, in all 1: the fewer excerpts name one, the more (idf)."""
    named = Counter(word for excerpt in excerpts for word in _named(excerpt) & asked)
    total = len(excerpts)
    rarity = {word: log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in named.items()}
    return {word: weight / sum(rarity.values()) for word, weight in rarity.items()}


def _named(excerpt: Excerpt) -> frozenset[str]:
    return subjects_of(f"{excerpt.message.author.display_name}: {excerpt.text}")


def _coverage(weights: Mapping[str, float], subjects: frozenset[str]) -> float:
    return sum(weights.get(word, 0.0) for word in sorted(subjects))  # the same sum in every run


@frozen
class _Places:
    """Where each excerpt is placed among the quotes, the lowest first."""

    asked: frozenset[str]
    weights: Mapping[str, float]
    excerpts: Mapping[int, Excerpt]

    def of(self, excerpt: Excerpt) -> tuple[float, int]:
        """Return the place of an excerpt; of equal ones its rank decides."""
        place = self._own(excerpt)
        beside = self.excerpts.get(excerpt.beside or 0)
        if beside is not None and is_question(beside.text):
            place = min(place, self._own(beside) + BEHIND_QUESTION)
        return place, excerpt.rank

    def _own(self, excerpt: Excerpt) -> float:
        setback = ASKING_SETBACK if is_question(excerpt.text) else 0
        return excerpt.rank + setback - COVERING_ADVANCE * _coverage(self.weights, _named(excerpt))


def _adds_nothing(asked: frozenset[str], text: str) -> bool:
    """Tell whether a text says hardly more than the question itself."""
    subjects = subjects_of(text)
    return len(subjects - asked) <= len(subjects) * LARGEST_ECHO


def _best_sentences(weights: Mapping[str, float], text: str) -> str:
    """Return the sentences, within `QUOTE_CHARS`, that name most subjects."""
    return best_sentences(text, QUOTE_CHARS, lambda part: _coverage(weights, subjects_of(part)))


def quoted_lines(text: str) -> str:
    """Return a text as a quote in Markdown, every line of it marked."""
    return uncited("\n".join(f"> {line}" for line in text.splitlines() if line.strip()))


def uncited(text: str) -> str:
    """Keep what looks like a citation inside a quote from being one; Markdown shows no change."""
    return _CITATION_LIKE.sub(r"[\1\]", text)


def _shortest(quote: Quote, limit_chars: int) -> str:
    """Return the quote alone, cut where even that is too long."""
    room = limit_chars - (len(str(quote)) - len(quote.text))
    if room < SHORTEST_QUOTE:
        return cut_text(NOTHING_FITS, limit_chars)
    return str(evolve(quote, text=cut_text(quote.text, room - len(GAP) - 1) + f" {GAP}"))
