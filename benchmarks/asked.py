"""Asking every question of the bench in this process, with vectors made beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from app.domain.questions import read_question
from app.entrypoints.container import Container
from app.entrypoints.settings import Settings
from app.ports.language import Embedder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from app.domain.vectors import EmbeddingIdentity, Vector
    from benchmarks.material import Material, Query


@frozen(eq=False)
class KnownVectors(Embedder):
    """Hands out vectors that another embedder made, so that a search is timed without it."""

    identity: EmbeddingIdentity
    vectors: Mapping[str, Vector]

    @classmethod
    async def of(cls, embedder: Embedder, texts: Iterable[str]) -> KnownVectors:
        """Embed the texts with another embedder and remember what it made of them."""
        distinct = list(dict.fromkeys(texts))
        vectors = await embedder.embed(distinct)
        return cls(embedder.identity, dict(zip(distinct, vectors, strict=True)))

    async def embed(self, texts: Sequence[str]) -> Vector:
        """Return the vectors; a text that is not known is a mistake of the benchmark."""
        return np.stack([self.vectors[text] for text in texts])


async def container_for(data_dir: Path, material: Material) -> Container:
    """Return a container on a data directory that embeds the bench's questions in no time."""
    container = Container(settings=Settings(data_dir=data_dir))
    asked = [query.question for query in material.queries]
    # What is embedded is the question without the time that it names.
    texts = [read_question(each.text, each.asked_at, each.zone).text for each in asked]
    known = await KnownVectors.of(container.embedder(), texts)
    container.embedder.override(known)
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
