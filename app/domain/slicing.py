"""Cutting many messages into slices of time, each as much as a model reads at once."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from attrs import evolve

from app.domain.context import select_context
from app.domain.prompt import SEPARATOR, Excerpt, format_excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.model import Message

MOST_SLICES = 6
"""Each slice is a call of a model; with more, an answer takes minutes on a laptop."""

LARGEST_NUMBER = 999
"""Citations have at most three digits."""

LONGEST_CHARS = 300
"""No message at first takes more room of a slice, header included."""


def slices_of(by_worth: Sequence[Message], limit_chars: int) -> tuple[tuple[Excerpt, ...], ...]:
    """Return the messages in slices of time of at most `limit_chars` each; none if one does.

    `by_worth` has the most telling first: where more is there than six slices hold, those
    are kept in each. All slices are about as long, and numbered through from 1.
    """
    lengths = {m.id: len(format_excerpt(Excerpt(LARGEST_NUMBER, m, m.text))) for m in by_worth}
    total = sum(lengths.values()) + len(SEPARATOR) * len(by_worth)
    parts = min(MOST_SLICES, -(-total // max(1, limit_chars)))
    if parts <= 1:
        return ()
    in_time = sorted(by_worth, key=lambda message: (message.created_at, message.id))
    ends = accumulate(lengths[message.id] for message in in_time)
    whole = sum(lengths.values())
    # The slice in which the middle of a message lies.
    part_of = {
        message.id: min(parts - 1, (2 * end - lengths[message.id]) * parts // (2 * whole))
        for message, end in zip(in_time, ends, strict=True)
    }
    slices: list[tuple[Excerpt, ...]] = []
    numbered = 0
    for part in range(parts):
        theirs = [message for message in by_worth if part_of[message.id] == part]
        chosen = select_context(
            theirs[: LARGEST_NUMBER // parts], limit_chars, longest_chars=LONGEST_CHARS
        )
        slices.append(tuple(evolve(e, number=e.number + numbered) for e in chosen))
        numbered += len(chosen)
    return tuple(filter(None, slices))
