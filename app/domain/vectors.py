"""What a vector is, and what tells two embeddings apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
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
