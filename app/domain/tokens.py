"""How many tokens a text takes, estimated: a model's own tokenizer is not at hand.

A prompt that is longer than the model's window loses its beginning without a word, and the
instructions stand there. So the estimate is rather too high: common tokenizers take one token
for four characters of English prose, three of code, addresses and names, about one of Chinese
or Japanese, and up to three for an emoji.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ASCII_CHARS_PER_TOKEN = 3
TOKENS_PER_ASTRAL = 3
FEWEST_CHARS = 400
"""So much is given to the model in any case: a message or two."""

_FIRST_ASTRAL = "\U00010000"


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text takes, rather too many than too few."""
    plain = len(text.encode("ascii", "ignore"))
    astral = sum(char >= _FIRST_ASTRAL for char in text) if plain < len(text) else 0
    others = len(text) - plain - astral
    return ceil(plain / ASCII_CHARS_PER_TOKEN) + others + TOKENS_PER_ASTRAL * astral


def chars_that_fit(window_tokens: int, fixed: Iterable[str], filling: Iterable[str]) -> int:
    """Return how many characters like those of `filling` fit beside the `fixed` texts."""
    spare = window_tokens - sum(map(estimated_tokens, fixed))
    sample = " ".join(filling) or "-"
    return max(FEWEST_CHARS, spare * len(sample) // estimated_tokens(sample))
