"""What it costs that messages of nothing but emoji, links or two letters get no vector."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from attrs import frozen

from app.domain.model import Scope
from app.domain.vectors import is_worth_a_vector
from app.entrypoints.container import running
from app.ports.storage import Entry
from benchmarks.asked import container_for, rank_all
from benchmarks.figures import BenchmarkFailed, Figure, Result, at_least

if TYPE_CHECKING:
    from pathlib import Path

    from app.domain.model import Message
    from app.entrypoints.container import Container
    from benchmarks.material import Material, Run
    from benchmarks.rig import Rig

LIMIT = 10
_READ_AT_ONCE = 1_000
_WORST_LOSS = -0.005


@frozen
class _Compared:
    """The rankings with and without the rule, and how many messages the rule leaves out."""

    with_rule: Run
    without_rule: Run
    left_out: int
    indexed: int


def run(rig: Rig) -> Result:
    """Rank all questions, give every message a vector, and rank them again."""
    material = rig.material
    data_dir = rig.copied(rig.indexed().data_dir, "vectorless")
    compared = asyncio.run(_compare(data_dir, material))
    gain, low, high = material.scorer.paired(
        material.judged, compared.without_rule, compared.with_rule
    )
    return Result(
        (
            Figure(
                "messages without a vector",
                compared.left_out,
                "",
                "all that are indexed",
                compared.indexed,
            ),
            Figure(
                "nDCG@10 gained by leaving them out",
                gain,
                "nDCG",
                goal=at_least(_WORST_LOSS),
                spread=f"{low:+.4f} to {high:+.4f}",
            ),
        )
    )


async def _compare(data_dir: Path, material: Material) -> _Compared:
    async with running(container_for(data_dir)) as container:
        with_rule = await rank_all(container, material.queries, LIMIT)
        left_out, indexed = await _left_out(container)
        vectors = await container.vectors().count(Scope.everything())
        if vectors + len(left_out) != indexed:
            raise BenchmarkFailed(
                f"{vectors} vectors and {len(left_out)} messages left out are not {indexed}"
            )
        await _add(container, left_out)
        without_rule = await rank_all(container, material.queries, LIMIT)
        return _Compared(with_rule, without_rule, len(left_out), indexed)


async def _left_out(container: Container) -> tuple[list[Message], int]:
    """Return the messages without a vector, and how many are indexed at all."""
    archive, everything, last = container.archive(), Scope.everything(), 0
    left_out: list[Message] = []
    indexed = 0
    while ids := await archive.ids(everything, _READ_AT_ONCE, last):
        last = ids[-1]
        messages = await archive.read(ids, everything)
        indexed += len(messages)
        left_out += [message for message in messages if not is_worth_a_vector(message.text)]
    return left_out, indexed


async def _add(container: Container, messages: list[Message]) -> None:
    """Store the vectors of these messages past the rule."""
    container.embedder.reset_override()
    vectors = await container.embedder().embed([message.indexed_text for message in messages])
    for message, vector in zip(messages, vectors, strict=True):
        entry = Entry(message.id, message.channel.id, message.author.id, vector)
        await container.vectors().put(message.guild_id, [entry])
