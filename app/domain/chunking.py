"""Conversation chunks: stretches of a channel short enough to rank, long enough to mean something.

Borders depend on the messages of one cell only, a channel within one span of a fixed
grid of time, so that rebuilding a cell gives the same chunks in whatever order its
messages arrived.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CELL_BITS = 23
"""A cell spans 2**23 ms, about 2.3 hours."""
SILENCE_MS = 30 * 60 * 1000
"""A pause of half an hour ends a conversation."""
MAX_MESSAGES = 48
"""Longer conversations are halved; between 4 and 25 the length hardly matters for ranking."""


def cell_of(moment_ms: int) -> int:
    """Return the cell of a moment, in milliseconds since any fixed epoch."""
    return moment_ms >> CELL_BITS


def cell_span(cell: int) -> tuple[int, int]:
    """Return where a cell begins and where it ends (exclusive), in milliseconds."""
    return cell << CELL_BITS, (cell + 1) << CELL_BITS


def split_cell(moments_ms: Sequence[int]) -> list[range]:
    """Divide the messages of one cell, given by their times in ascending order, into chunks.

    Returns ranges of positions that cover all of them in order. A chunk ends at a
    silence of `SILENCE_MS`; one of more than `MAX_MESSAGES` is halved at the middle of
    its span of the grid, again and again, and within a millisecond by number.
    """
    if not moments_ms:
        return []
    start, _ = cell_span(cell_of(moments_ms[0]))
    return [
        chunk
        for run in _conversations(moments_ms)
        for chunk in _halves(moments_ms, run, start, CELL_BITS)
    ]


def _conversations(moments_ms: Sequence[int]) -> Iterator[range]:
    begin = 0
    for at in range(1, len(moments_ms)):
        if moments_ms[at] - moments_ms[at - 1] >= SILENCE_MS:
            yield range(begin, at)
            begin = at
    yield range(begin, len(moments_ms))


def _halves(moments_ms: Sequence[int], run: range, start: int, bits: int) -> Iterator[range]:
    """Yield the parts of `run`, which lies in the span of 2**bits ms from `start`."""
    if len(run) <= MAX_MESSAGES:
        if run:
            yield run
    elif not bits:
        yield from (
            range(at, min(at + MAX_MESSAGES, run.stop))
            for at in range(run.start, run.stop, MAX_MESSAGES)
        )
    else:
        middle = start + (1 << (bits - 1))
        at = bisect_left(moments_ms, middle, run.start, run.stop)
        yield from _halves(moments_ms, range(run.start, at), start, bits - 1)
        yield from _halves(moments_ms, range(at, run.stop), middle, bits - 1)
