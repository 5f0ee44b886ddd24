"""What a vector is, and what tells two embeddings apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vector = npt.NDArray[np.float32]
    """One vector of shape (d,), or several of shape (n, d); unit length, float32."""

TEXT_VERSION = 1
"""Grows when the text that is embedded changes its form (`Message.indexed_text`)."""


@frozen
class EmbeddingIdentity:
    """Which model made a vector, from which form of text; vectors of two identities never mix."""

    provider: str
    model: str
    digest: str
    dimensions: int
    text_version: int = TEXT_VERSION

    def __str__(self) -> str:
        """Return a short name for people and logs."""
        return f"{self.provider}/{self.model}@{self.digest[:8]} ({self.dimensions})"


_LINK = re.compile(r"https?://\S+")
_EMOJI_NAME = re.compile(r":\w+:")
_FEWEST_LETTERS = 3
_FIRST_CJK = 0x2E80


def is_worth_a_vector(text: str) -> bool:
    """Tell whether a text says something: not only emoji, links or a letter or two.

    Such messages stay findable by their words; a vector of "ok" or ":)" is near to every
    question and answers none. A character of a script without spaces counts as a word.
    """
    rest = _EMOJI_NAME.sub(" ", _LINK.sub(" ", text))
    letters = sum(2 if ord(char) >= _FIRST_CJK else 1 for char in rest if char.isalnum())
    return letters >= _FEWEST_LETTERS
