"""Reordering the best candidates of a search by what chat offers and single scores miss.

Every candidate gets a few named signals; their weighted sum is added to the fused score.
Signals and weights were chosen by forward selection and coordinate ascent on nDCG@10 of a bench
of human questions over real chat, checked by leaving out each channel and each source in
turn, then rounded (`docs/decisions`). Whether a message is a reply is deliberately no signal:
the bench holds back the questions of its support chat, so there it would be learned wrongly.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from attrs import asdict, evolve, frozen

from app.domain.kinds import expected_answer, is_question
from app.domain.people import named_people, speaks_for_itself
from app.domain.ranking import CONVERSATION, MEANING, standardised
from app.domain.stems import stem, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from app.domain.model import Message, Surroundings
    from app.domain.questions import Reading
    from app.domain.ranking import Ranked

REORDERED = 40
"""How many of the fused candidates are reordered; the rest keep their order behind them."""

REACH = 6
"""How many messages before and after a candidate are looked at."""

DECAY = 4.0
"""The distance, in messages, at which a word counts 1/e of what it counts in the message."""

SMOOTHING = 5.0
"""The same for the similarity of the messages around."""

DOZEN = 6
"""How many messages to each side make up the stretch whose density counts."""

FEW_WORDS = 4

COMMON_CHARS = 500
"""Longer texts are rare, and not kept at hand: a few thousand of them would take much memory."""


@frozen
class Candidate:
    """A message of the fused order with the conversation around it."""

    ranked: Ranked
    around: Surroundings

    @property
    def message(self) -> Message:
        """The message itself."""
        return self.around.message


@frozen
class Signals:
    """What is known of a candidate beside its scores, and equally the weight of each."""

    coverage: float = 0.0
    """Share of the question's words, by rarity, in the message, its parent or its replies."""
    around: float = 0.0
    """The same for words that are no names, in the messages around, each less with distance."""
    person: float = 0.0
    """The first person named wrote it: 1, or a half where others would tell (`people`)."""
    short: float = 0.0
    """It has four words or fewer."""
    asking: float = 0.0
    """It is itself a question."""
    fitting: float = 0.0
    """It holds what the question word asks for: a number, a time, a place, a reason."""
    meaning: float = 0.0
    """Similarity of the messages around it, as a z-score; only where a discussion is meant."""
    density: float = 0.0
    """Mean fused score of the dozen messages around it; only where a discussion is meant."""
    recent: float = 0.0
    """Its place in time among the candidates, 0 to 1; only where the question wants what is new."""


WEIGHTS = Signals(
    coverage=6.0,
    around=6.0,
    person=4.0,
    short=-4.0,
    asking=-1.0,
    fitting=1.0,
    meaning=2.0,
    density=1.0,
    # Not learned, the bench has no such questions: of two that answer about as well the newer
    # wins, but a newer one does not win over one that covers twice as much of the question.
    recent=3.0,
)


def reorder(
    reading: Reading,
    terms: Sequence[str],
    candidates: Sequence[Candidate],
    similarity: Mapping[int, float],
    weights: Signals = WEIGHTS,
) -> list[Ranked]:
    """Return the candidates best first, with their new score and what each signal gave.

    `terms` are the words of the question that are searched; `similarity` are the cosines
    known of candidates and their neighbours. BM25 of the message alone is left out of the
    base score: coverage says the same, and says it with parents and replies.
    """
    weighed = asdict(weights)
    scored = []
    for candidate, signals in zip(
        candidates, _signals(reading, terms, candidates, similarity), strict=True
    ):
        parts = {
            name: getattr(signals, name) * weight
            for name, weight in weighed.items()
            if getattr(signals, name)
        }
        old = {name: candidate.ranked.parts.get(name, 0.0) for name in (MEANING, CONVERSATION)}
        total = sum(old.values()) + sum(parts.values())
        scored.append(evolve(candidate.ranked, score=total, parts={**old, **parts}))
    return sorted(scored, key=lambda ranked: (-ranked.score, -ranked.message_id))


def _signals(
    reading: Reading,
    terms: Sequence[str],
    candidates: Sequence[Candidate],
    similarity: Mapping[int, float],
) -> list[Signals]:
    question, broad = reading.text, reading.broad
    messages = {m.id: m for c in candidates for m in _surroundings(c)}
    people = named_people(question, {m.author.display_name for m in messages.values()})
    wanted = list(dict.fromkeys(map(stem, chain.from_iterable(map(words_of, terms)))))
    names = {stem(word) for person in people for word in person.words}
    topic = [word for word in wanted if word not in names] or wanted
    texts = {i: _Said.of(m, frozenset(wanted)) for i, m in messages.items()}
    rarity = _rarity(wanted, texts.values())
    first = people[0] if people and not broad else None
    share = speaks_for_itself(question, first) if first else 0.0
    expected = expected_answer(question)
    scores = {c.message.id: c.ranked.score for c in candidates}
    places = _places_in_time(candidates) if reading.wants_current else {}
    meaning = _smoothed(candidates, similarity) if broad else [0.0] * len(candidates)
    return [
        Signals(
            coverage=_coverage(candidate, texts, rarity),
            around=_around(candidate, topic, texts, rarity),
            person=share * bool(first and candidate.message.author.display_name in first.names),
            short=float(texts[candidate.message.id].length <= FEW_WORDS),
            asking=float(not broad and is_question(candidate.message.content)),
            fitting=float(bool(expected and expected.search(candidate.message.content))),
            meaning=smoothed,
            density=_density(candidate, scores) if broad else 0.0,
            recent=places.get(candidate.message.id, 0.0),
        )
        for candidate, smoothed in zip(candidates, meaning, strict=True)
    ]


def _surroundings(candidate: Candidate) -> Iterable[Message]:
    return chain(
        (candidate.message,),
        candidate.around.before,
        candidate.around.after,
        candidate.around.related,
    )


# --- the question's words -------------------------------------------------------------------------


@frozen
class _Said:
    """Which of the wanted words stand in a message, which of them in its text, and its length."""

    anywhere: frozenset[str]
    text: frozenset[str]
    length: int

    @classmethod
    def of(cls, message: Message, wanted: frozenset[str]) -> _Said:
        stems, length = _stems(message.text)
        text = wanted & stems
        return cls(text | wanted & _stems(message.author.display_name)[0], text, length)


def _stems(text: str) -> tuple[frozenset[str], int]:
    """Return the words of a text reduced to stems, and how many words it has."""
    return _stems_of_common(text) if len(text) <= COMMON_CHARS else _stems_of(text)


def _stems_of(text: str) -> tuple[frozenset[str], int]:
    words = words_of(text)
    return frozenset(map(stem, words)), len(words)


_stems_of_common = lru_cache(maxsize=16_384)(_stems_of)


def _rarity(wanted: Iterable[str], texts: Iterable[_Said]) -> dict[str, float]:
    """Return how much each word tells: BM25's idf over the candidates and their neighbours."""
    texts = list(texts)
    found = Counter(chain.from_iterable(said.anywhere for said in texts))
    return {w: math.log1p((len(texts) - found[w] + 0.5) / (found[w] + 0.5)) for w in wanted}


def _coverage(
    candidate: Candidate, texts: Mapping[int, _Said], rarity: Mapping[str, float]
) -> float:
    found = texts[candidate.message.id].anywhere.union(
        *(texts[m.id].anywhere for m in candidate.around.related)
    )
    return sum(rarity[word] for word in found) / (sum(rarity.values()) or 1.0)


def _around(
    candidate: Candidate,
    topic: Iterable[str],
    texts: Mapping[int, _Said],
    rarity: Mapping[str, float],
) -> float:
    nearest: dict[str, int] = {}
    rings = chain(
        [(0, candidate.message)],
        ((1, m) for m in candidate.around.related),
        enumerate(candidate.around.before, 1),
        enumerate(candidate.around.after, 1),
    )
    for distance, message in rings:
        for word in texts[message.id].text:
            nearest[word] = min(distance, nearest.get(word, distance))
    whole = found = 0.0
    for word in topic:
        whole += rarity[word]
        if word in nearest:
            found += rarity[word] * math.exp(-nearest[word] / DECAY)
    return found / (whole or 1.0)


# --- the conversation around ----------------------------------------------------------------------


def _smoothed(candidates: Sequence[Candidate], similarity: Mapping[int, float]) -> list[float]:
    """Return the z-scores of the mean similarity around each candidate, long messages first."""
    values = []
    for candidate in candidates:
        total = weight = 0.0
        for distance, message in chain(
            [(0, candidate.message)],
            enumerate(candidate.around.before, 1),
            enumerate(candidate.around.after, 1),
        ):
            if message.id in similarity:
                share = math.exp(-distance / SMOOTHING) * math.log(2 + _stems(message.text)[1])
                total += share * similarity[message.id]
                weight += share
        values.append(total / weight if weight else 0.0)
    scores: list[float] = standardised(values).tolist()
    return scores


def _places_in_time(candidates: Sequence[Candidate]) -> dict[int, float]:
    """Return 0 for the oldest candidate to 1 for the newest, evenly spaced."""
    ordered = sorted((c.message.created_at, c.message.id) for c in candidates)
    last = max(1, len(ordered) - 1)
    return {message_id: at / last for at, (_, message_id) in enumerate(ordered)}


def _density(candidate: Candidate, scores: Mapping[int, float]) -> float:
    near = chain(candidate.around.before[:DOZEN], candidate.around.after[:DOZEN])
    return sum(max(0.0, scores.get(message.id, 0.0)) for message in near) / (2 * DOZEN)
