"""How long the program itself keeps a question from its first token."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

from attrs import frozen
from dependency_injector import providers

from app.domain.asking import Done, Written
from app.entrypoints.container import Container, running
from app.entrypoints.settings import Settings
from app.ports.language import ChatModel, Completion, Readiness, Token
from benchmarks.figures import BenchmarkFailed, Figure, Result, median, p95

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from app.domain.prompt import Prompt
    from benchmarks.material import Query
    from benchmarks.naive import NaivePipeline
    from benchmarks.rig import Rig

QUESTIONS = 200
LIMIT = 10


@frozen
class InstantModel(ChatModel):
    """Answers at once, whatever the prompt."""

    name: str = "instant"

    async def stream(
        self, prompt: Prompt, limit_chars: int
    ) -> AsyncGenerator[Token | Completion, None]:
        """Cite the first excerpt."""
        del prompt, limit_chars
        yield Token("It is so [1].")
        yield Completion(self.name)

    async def readiness(self) -> Readiness:
        """Be ready."""
        return Readiness("ok", "nothing to wait for")

    async def close(self) -> None:
        """Hold nothing."""


def run(rig: Rig) -> Result:
    """Ask the same questions of the program and of the naive pipeline, in the same order."""
    asked = rig.material.queries
    queries = random.Random(0).sample(asked, min(QUESTIONS, len(asked)))
    naive = [_milliseconds_of_naive(rig.naive(), query) for query in queries]
    ours = asyncio.run(_milliseconds(rig.indexed().data_dir, queries))
    naive += [_milliseconds_of_naive(rig.naive(), query) for query in queries]
    return Result(
        (
            Figure(
                "question to first token, instant model",
                median(ours),
                "ms",
                "embedding, Chroma and a prompt",
                median(naive),
                spread=f"p95 {p95(ours):.1f} ms",
            ),
        )
    )


def _milliseconds_of_naive(naive: NaivePipeline, query: Query) -> float:
    started = time.perf_counter()
    vector = naive.embedding.embed([query.question.text])[0]
    texts = (text for _, text in naive.nearest(query.guild_id, vector, LIMIT))
    "\n\n".join((*texts, query.question.text))
    return (time.perf_counter() - started) * 1_000


async def _milliseconds(data_dir: Path, queries: Sequence[Query]) -> list[float]:
    container = Container(settings=Settings(data_dir=data_dir))
    container.model.override(providers.Object(InstantModel()))
    async with running(container):
        await _until_first_token(container, queries[0])
        return [await _until_first_token(container, query) for query in queries]


async def _until_first_token(container: Container, query: Query) -> float:
    started = time.perf_counter()
    async with aclosing(container.ask().stream(query.question)) as events:
        async for event in events:
            if isinstance(event, Written | Done):  # done at once where nothing was found
                return (time.perf_counter() - started) * 1_000
    raise BenchmarkFailed(f"the question {query.id} was not answered")
