"""Making an answer fit where it is shown."""

from __future__ import annotations

import re
import unicodedata

TRUNCATION_MARK = "*[Response truncated]*"
_FENCE = "```"
_SENTENCE_END = re.compile(r"""[.!?…]["')\]*_]*(?=\s)|[。！？]|(?=\n)""")  # noqa: RUF001
_WORD_END = re.compile(r"(?<=\S)(?=\s)")
_JOINER = "\u200d"


def truncate_reply(text: str, limit_chars: int, *, was_cut: bool = False) -> str:
    """Cut `text` to at most `limit_chars` characters, at a sentence or word where one is near.

    A cut text ends with `TRUNCATION_MARK` on a line of its own (or as much of the mark as
    the limit allows), outside of any block of code. `was_cut` says that the text is
    incomplete already, and gets the mark even where it fits.
    """
    if len(text) <= limit_chars and not was_cut:
        return text
    mark = f"\n\n{TRUNCATION_MARK}"
    room = limit_chars - len(mark)
    if room <= 0:
        return TRUNCATION_MARK[: max(0, limit_chars)]
    return _cut_markdown(text.rstrip(), room) + mark


def cut_text(text: str, limit_chars: int) -> str:
    """Cut `text` to at most `limit_chars` characters, after a sentence or else between words.

    A boundary counts when it keeps at least half of the room; else the cut is hard, but
    never between a letter and its accents or within a joined emoji, if that can be helped.
    """
    if len(text) <= limit_chars:
        return text
    room = max(0, limit_chars)
    for boundary in (_SENTENCE_END, _WORD_END):
        # One character more shows whether the room ends where a sentence or word does.
        ends = [match.end() for match in boundary.finditer(text[: room + 1])]
        fitting = [end for end in ends if room // 2 < end <= room]
        if fitting:
            return text[: fitting[-1]].rstrip()
    return text[: _between_characters(text, room)]


def _cut_markdown(text: str, limit_chars: int) -> str:
    """Cut a text and close the block of code that the cut leaves open."""
    cut = cut_text(text, limit_chars)
    if not _leaves_code_open(cut):
        return cut
    closing = f"\n{_FENCE}"
    cut = cut_text(text, limit_chars - len(closing))
    return cut + closing if _leaves_code_open(cut) else cut


def _leaves_code_open(text: str) -> bool:
    return text.count(_FENCE) % 2 == 1


def _between_characters(text: str, position: int) -> int:
    """Return the last place up to `position` that parts no character people see as one."""
    for at in range(position, position // 2, -1):
        joins = text[at] == _JOINER or text[at - 1] == _JOINER
        if not joins and not unicodedata.category(text[at]).startswith("M"):
            return at
    return position
