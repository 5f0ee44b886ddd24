"""Is there evidence in what was found? A number to act on, not a verdict.

Chosen on a bench with human questions whose scene is known to be missing. The sum beats every
single score there (area under the curve .73 and .81 against at best .65 and .75), and still
tells only part of the missing from the present: so refuse below `CERTAIN`, say a doubt
below `DOUBTFUL`, answer above. The thresholds are of an archive of 21,000 messages; BM25, a
small part of the sum, grows with the logarithm of that number.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from app.domain.reordering import WEIGHTS
from app.domain.stems import words_of
from app.domain.terms import STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.ranking import Ranked

CERTAIN = 0.75
"""Below it lie 1.3 % of the answerable and 2 to 28 % of the unanswerable questions."""

DOUBTFUL = 0.95
"""Below it lie 9 % of the answerable and 12 to 52 % of the unanswerable questions."""

FEW_CANDIDATES = 100
ALLOWANCE = 0.25
"""Among few messages no word is rare and no score stands out: so much is missing from the sum."""

_LOOKED_AT = 3
_BM25_SHARE, _AROUND_SHARE, _SCORE_SHARE = 1 / 60, 1 / 2, 1 / 40
# The four parts then spread alike over questions: .12, .09, .15 and .12.


class Evidence(IntEnum):
    """What is to be made of the support."""

    NONE = 0
    DOUBTFUL = 1
    ENOUGH = 2


def judge(support: float, candidates: int) -> Evidence:
    """Return whether what supports an answer suffices, of so many messages compared."""
    value = support + ALLOWANCE * (candidates < FEW_CANDIDATES)
    return Evidence((value >= CERTAIN) + (value >= DOUBTFUL))


def is_surely_english(question: str) -> bool:
    """Tell whether a question holds one of the small words that English cannot do without.

    The measure below is of English questions. In another language the vectors tell little,
    and few words of a question are those of its answer.
    """
    return not STOP_WORDS.isdisjoint(words_of(question))


def support(reordered: Sequence[Ranked], best_bm25: float) -> float:
    """Return how much supports an answer, about 0 to 2.

    The similarity of the three best messages and how much of the question's topic stands
    around them, each counting half as much as the one before it; the best BM25 score that
    any message has for the words of the question; and the score of the best message.
    """
    if not reordered:
        return 0.0
    best = reordered[:_LOOKED_AT]
    weights = [0.5**rank for rank in range(len(best))]
    near = sum(w * _nearness(ranked) for w, ranked in zip(weights, best, strict=True))
    return near / sum(weights) + best_bm25 * _BM25_SHARE + best[0].score * _SCORE_SHARE


def _nearness(ranked: Ranked) -> float:
    around = ranked.parts.get("around", 0.0) / WEIGHTS.around
    return (ranked.similarity or 0.0) + around * _AROUND_SHARE
