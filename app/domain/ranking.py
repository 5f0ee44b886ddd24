"""Putting several rankings of the same messages into one order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from app.domain.model import ChunkHit, Hit

WORDS, MEANING, CONVERSATION = "words", "meaning", "conversation"

WEIGHTS: Mapping[str, float] = {WORDS: 0.5, MEANING: 1.0, CONVERSATION: 2.0}
"""BM25 over messages, cosine of vectors, BM25 over conversation chunks.

Found by one coarse pass on a bench of human questions over real chat; the order
of magnitude matters, the exact figures hardly do (`docs/decisions/0003`).
"""


@frozen
class Ranked:
    """A candidate in the fused order: its score, what each ranking gave, its cosine if known."""

    message_id: int
    guild_id: int
    score: float
    parts: Mapping[str, float] = field(factory=dict)
    similarity: float | None = None


@frozen
class Candidates:
    """Every message that some ranking proposed, with its raw score in each.

    A message missing from `words` or `conversation` matched no word there (score 0);
    one missing from `similarity` has no vector.
    """

    guilds: Mapping[int, int]
    words: Mapping[int, float]
    conversation: Mapping[int, float]
    similarity: Mapping[int, float]


def gather(
    words: Sequence[Hit],
    chunks: Sequence[ChunkHit],
    nearest: Sequence[Hit],
) -> Candidates:
    """Collect the candidates of the three rankings; a chunk's score goes to all its messages."""
    guilds = {hit.message_id: hit.guild_id for hit in (*words, *nearest)}
    conversation: dict[int, float] = {}
    for chunk in chunks:
        for message_id in chunk.message_ids:
            guilds[message_id] = chunk.guild_id
            conversation[message_id] = max(chunk.score, conversation.get(message_id, 0.0))
    return Candidates(
        guilds,
        {hit.message_id: hit.score for hit in words},
        conversation,
        {hit.message_id: hit.score for hit in nearest},
    )


def fuse(candidates: Candidates, most: int, weights: Mapping[str, float] = WEIGHTS) -> list[Ranked]:
    """Order candidates by the weighted sum of their z-scores; return the best `most`.

    A z-score (value minus mean, divided by the standard deviation over the candidates)
    makes rankings of different units comparable; a ranking that tells no candidates
    apart adds nothing. Candidates without a vector count as the least similar one.
    Equal scores are ordered newest first, so the result does not depend on the order
    of the input.
    """
    ids = sorted(candidates.guilds, reverse=True)
    floor = min(candidates.similarity.values(), default=0.0)
    values = {
        WORDS: [candidates.words.get(i, 0.0) for i in ids],
        MEANING: [candidates.similarity.get(i, floor) for i in ids],
        CONVERSATION: [candidates.conversation.get(i, 0.0) for i in ids],
    }
    parts = np.array([weights[name] * standardised(column) for name, column in values.items()])
    totals = parts.sum(axis=0)
    return [
        Ranked(
            ids[at],
            candidates.guilds[ids[at]],
            float(totals[at]),
            dict(zip(values, parts[:, at].tolist(), strict=True)),
            candidates.similarity.get(ids[at]),
        )
        for at in np.argsort(-totals, kind="stable")[:most]
    ]


def standardised(values: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the z-scores of values: 0 for each where they are all the same."""
    array = np.array(values, dtype=np.float64)
    if not values:
        return array
    spread = float(array.std())
    centred: npt.NDArray[np.float64] = array - array.mean()
    # Summing floats in any order leaves dust: a spread of that size is no difference at all.
    return centred / spread if spread > np.finfo(np.float64).eps * 100 else np.zeros_like(array)
