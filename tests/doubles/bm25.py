"""Ranking by words, written to be read rather than to be fast."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from math import log
from typing import TYPE_CHECKING, TypeVar

from app.domain.terms import segment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

K1, B = 1.2, 0.75
_ENDINGS = ("ing", "ed", "es", "s", "e")
_SHORTEST_STEM = 3


def rank(terms: Sequence[str], texts: Mapping[T, str]) -> dict[T, float]:
    """Return the score of every text that holds one of the terms, by BM25 as FTS5 has it."""
    words = {key: words_of(text) for key, text in texts.items()}
    average = sum(map(len, words.values())) / max(1, len(words))
    scores: defaultdict[T, float] = defaultdict(float)
    for phrase in {tuple(words_of(term)) for term in terms} - {()}:
        found = {key: _occurrences(phrase, text) for key, text in words.items()}
        holding = sum(1 for times in found.values() if times)
        rarity = max(1e-6, log((len(texts) - holding + 0.5) / (holding + 0.5)))
        for key, times in found.items():
            if times:
                length = 1 - B + B * len(words[key]) / average
                scores[key] += rarity * times * (K1 + 1) / (times + K1 * length)
    return dict(scores)


def words_of(text: str) -> list[str]:
    """Return the words of a text without case, diacritics and English endings."""
    plain = unicodedata.normalize("NFKD", segment(text).lower())
    plain = "".join(sign for sign in plain if not "\u0300" <= sign <= "\u036f")
    emoji = "".join({sign for sign in plain if unicodedata.category(sign) == "So"})
    pattern = rf"[^\W_]+|[{re.escape(emoji)}]" if emoji else r"[^\W_]+"
    return [_stem(word) for word in re.findall(pattern, plain)]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.isascii() and word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


def _occurrences(phrase: tuple[str, ...], words: Sequence[str]) -> int:
    size = len(phrase)
    return sum(tuple(words[at : at + size]) == phrase for at in range(len(words) - size + 1))
