"""People named in a question, and whether it is they who would tell."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"\w+")
_TITLES = frozenset(
    """
mr mrs ms dr hon right honourable the am mp prof sir lady
""".split()
)
SHORTEST_NAME = 3


@frozen
class Named:
    """A person named in a question: where, by which words, and the display names that fit."""

    start: int
    end: int
    words: tuple[str, ...]
    names: frozenset[str]


def named_people(question: str, names: Iterable[str]) -> list[Named]:
    """Return the people a question names, in the order of the question.

    A display name fits by all its words in any case ("actionparsnip"), or by one of several
    words that is written with a capital ("Monica" for "Monica Geller", not a title).
    """
    whole: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    single: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        words = tuple(_plain(word) for word in _WORD.findall(name))
        if len("".join(words)) >= SHORTEST_NAME:
            whole[words].add(name)
        if len(words) > 1:
            for word in words:
                if len(word) >= SHORTEST_NAME and word not in _TITLES:
                    single[word].add(name)
    longest = max(map(len, whole), default=0)
    spans = [
        (m.start(), m.end(), _plain(m[0]), m[0][0].isupper()) for m in _WORD.finditer(question)
    ]
    found: list[Named] = []
    at = 0
    while at < len(spans):
        start, end, word, capital = spans[at]
        step, fitting = 1, single.get(word, set()) if capital else set()
        for length in range(min(longest, len(spans) - at), 0, -1):
            words = tuple(span[2] for span in spans[at : at + length])
            if words in whole:
                step, end, fitting = length, spans[at + length - 1][1], whole[words]
                break
        if fitting:
            words = tuple(span[2] for span in spans[at : at + step])
            found.append(Named(start, end, words, frozenset(fitting)))
        at += step
    return found


def _plain(word: str) -> str:
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


_TOLD_BY_OTHERS = re.compile(r"\W*(?:who|whom|whose|where)\b", re.IGNORECASE)
_TELLS = re.compile(
    r"\b(?:did|do|does|has|have|had|can|could|will|would|should|what|why|how|when|that|to)\W+"
    r"(?:the\s+)?$",
    re.IGNORECASE,
)


def speaks_for_itself(question: str, person: Named) -> float:
    """Return 1 where the person would tell, 0.5 where others may as well.

    "What did Ana say", "Ana's idea" are answered by Ana in 8 of 10 questions of the bench,
    "where is Ana", "what is Ana doing", "who called Ana" in 3 to 5 of 10.
    """
    if _TOLD_BY_OTHERS.match(question):
        return 0.5
    told = _TELLS.search(question[: person.start])
    return 1.0 if told or question[person.end :].startswith(("'s", "\u2019s")) else 0.5
