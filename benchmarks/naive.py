"""What most people would build first: vectors of single messages in Chroma, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from benchmarks.bare import BareEmbedding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

    from app.domain.vectors import Vector
    from benchmarks.material import Utterance

_ADDED_AT_ONCE = 1_000


@frozen
class NaivePipeline:
    """Messages and vectors of their contents in Chroma by its own client, a collection a server.

    `vectors` has a row for each message, in the order of the exports.
    """

    embedding: BareEmbedding
    vectors: Vector
    collections: Mapping[int, Collection]

    @classmethod
    def build(cls, utterances: Sequence[Utterance], vectors_file: Path) -> NaivePipeline:
        """Embed and store; the vectors are kept in `vectors_file` for the next time."""
        import chromadb
        from chromadb.config import Settings

        embedding = BareEmbedding.load(os.cpu_count() or 1)
        if not vectors_file.exists():
            np.save(vectors_file, embedding.embed([said.content for said in utterances]))
        client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))
        vectors = np.load(vectors_file)
        return cls(embedding, vectors, _fill(client, utterances, vectors))

    def nearest(self, guild_id: int, vector: Vector, limit: int) -> list[tuple[str, str]]:
        """Return id and text of the nearest messages of a server."""
        found = self.collections[guild_id].query(
            query_embeddings=vector[None, :], n_results=limit, include=["documents"]
        )
        return list(zip(found["ids"][0], (found["documents"] or [[]])[0], strict=True))


def _fill(
    client: ClientAPI, utterances: Sequence[Utterance], vectors: Vector
) -> dict[int, Collection]:
    """Add the messages; Chroma's in-memory client is one a process, so this is done once."""
    rows: dict[int, list[int]] = {}
    for row, said in enumerate(utterances):
        rows.setdefault(said.guild_id, []).append(row)
    collections = {}
    for guild_id, of_guild in rows.items():
        collections[guild_id] = client.create_collection(
            str(guild_id), embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        for start in range(0, len(of_guild), _ADDED_AT_ONCE):
            batch = of_guild[start : start + _ADDED_AT_ONCE]
            collections[guild_id].add(
                ids=[str(utterances[row].id) for row in batch],
                embeddings=vectors[batch],
                documents=[utterances[row].content for row in batch],
            )
    return collections
