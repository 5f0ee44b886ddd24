"""Words of English reduced so that "update", "updates", "updated" and "updating" are one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from app.domain.terms import STOP_WORDS

_WORD = re.compile(r"\w+")
_DOUBLES_STAY = "lsz"


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, without accents."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _WORD.findall(text.lower())


def stems_of(text: str) -> frozenset[str]:
    """Return the stems of a text's words without the small ones: what it is about."""
    return frozenset(stem(word) for word in words_of(text) if word not in STOP_WORDS)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Cut plural, -ed, -ing, -ly and a final e; other scripts and short words stay."""
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")):  # noqa: PLR2004
        word = f"{word[:-3]}y" if word.endswith("ies") else word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) >= len(ending) + 3:
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in _DOUBLES_STAY:  # noqa: PLR2004
                word = word[:-1]
            break
    if len(word) > 4 and word.endswith("ly"):  # noqa: PLR2004
        word = word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word  # noqa: PLR2004
