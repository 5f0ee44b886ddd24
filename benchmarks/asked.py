"""Asking every question of the bench in this process, with its vector made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from app.entrypoints.container import Container
from app.entrypoints.settings import Settings
from app.ports.language import Embedder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from app.domain.vectors import EmbeddingIdentity, Vector
    from benchmarks.material import Query


@frozen(eq=False)
class RememberedVectors(Embedder):
    """Another embedder that embeds each text once, so that asking again takes no time."""

    embedder: Embedder
    _vectors: dict[str, Vector] = field(factory=dict, init=False)

    @property
    def identity(self) -> EmbeddingIdentity:
        """That of the other embedder."""
        return self.embedder.identity

    async def embed(self, texts: Sequence[str]) -> Vector:
        """Return the vectors, making those that are new."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            vectors = await self.embedder.embed(new)
            self._vectors.update(zip(new, vectors, strict=True))
        return np.stack([self._vectors[text] for text in texts])


def container_for(data_dir: Path) -> Container:
    """Return a container on a data directory that embeds each question once."""
    container = Container(settings=Settings(data_dir=data_dir))
    container.embedder.override(RememberedVectors(container.embedder()))
    return container


async def rank_all(
    container: Container, queries: Sequence[Query], limit: int
) -> dict[str, list[str]]:
    """Return for each question's id the ids of what was found, best first."""
    ranked = {}
    for query in queries:
        findings = await container.search().find(query.question, limit)
        ranked[query.id] = [str(found.message.id) for found in findings.found]
    return ranked
