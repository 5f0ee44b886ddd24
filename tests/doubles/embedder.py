"""An embedder that needs no model: texts with the same words are near."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from attrs import frozen

from app.domain.vectors import EmbeddingIdentity
from app.ports.language import Embedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.vectors import Vector


@frozen
class HashEmbedder(Embedder):
    """Counts words in `dimensions` buckets chosen by their hash."""

    dimensions: int = 32
    digest: str = "0" * 64

    @property
    def identity(self) -> EmbeddingIdentity:
        return EmbeddingIdentity("test", "hash", self.digest, self.dimensions)

    async def embed(self, texts: Sequence[str]) -> Vector:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                vectors[row, crc32(word.encode()) % self.dimensions] += 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors
