"""Which part of a long text to show: whole sentences, those that matter."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

from app.domain.reply import cut_text
from app.domain.stems import stems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GAP = "…"
"""Stands where something was left out."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")  # noqa: RUF001


def best_sentences(text: str, limit_chars: int, worth: Callable[[str], float]) -> str:
    """Return the stretch of whole sentences within the limit that is worth most.

    Of equals the first. `GAP` marks what was left out, and does not count.
    """
    text = text.strip()
    if len(text) <= limit_chars:
        return text
    starts = _sentence_starts(text)
    stretches = [_stretch(text, starts, first, limit_chars) for first in range(len(starts))]
    best = max(stretches, key=worth)
    at = text.index(best)
    before, after = at > 0, at + len(best) < len(text)
    return f"{GAP} " * before + best + f" {GAP}" * after


def cut_around(text: str, limit_chars: int, subjects: frozenset[str]) -> str:
    """Cut a text to the limit, marks of the cuts included, where it names most subjects.

    `subjects` are stems. The cut begins at a sentence, at the first one where no other part
    names more.
    """
    if len(text) <= limit_chars:
        return text
    room = max(0, limit_chars - 2 * (len(GAP) + 1))
    begin = _best_start(text, room, subjects) if subjects else 0
    if begin == 0:
        return cut_text(text, limit_chars - len(GAP) - 1) + f" {GAP}"
    part = cut_text(text[begin:], room)
    return f"{GAP} {part}" + f" {GAP}" * (begin + len(part) < len(text.rstrip()))


def _best_start(text: str, limit_chars: int, subjects: frozenset[str]) -> int:
    """Return where the sentences within the limit begin that name most subjects."""
    starts = _sentence_starts(text)
    ends = [*starts[1:], len(text)]
    named = [subjects & stems_of(text[begin:end]) for begin, end in zip(starts, ends, strict=True)]
    inside: Counter[str] = Counter()
    best, most, after = 0, 0, 0
    for first, begin in enumerate(starts):
        while after < len(ends) and (ends[after] - begin <= limit_chars or after == first):
            inside.update(named[after])
            after += 1
        if len(inside) > most:
            best, most = begin, len(inside)
        inside.subtract(named[first])
        inside = +inside  # without those that are named no more
    # Towards the end of a text there is room for more before the sentence.
    return min([best, *(at for at in starts if len(text) - at <= limit_chars)])


def _sentence_starts(text: str) -> list[int]:
    starts = [0, *(match.end() for match in _SENTENCE_END.finditer(text))]
    return [at for at in starts if at < len(text)] or [0]


def _stretch(text: str, starts: Sequence[int], first: int, limit_chars: int) -> str:
    """Return as many whole sentences from the given one on as fit, or the begin of that one."""
    begin = starts[first]
    ends = [*starts[1:], len(text)]
    last = bisect_right(ends, begin + limit_chars) - 1
    if last >= first:
        return text[begin : ends[last]].strip()
    return cut_text(text[begin : ends[first]], limit_chars).strip()
