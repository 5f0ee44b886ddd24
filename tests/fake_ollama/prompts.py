"""What the fake model makes of a prompt: it reads as little, and cites what stands first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHARS_PER_TOKEN = 4
NO_EVIDENCE = "The messages do not say."

Chat = list[dict[str, str]]
"""The messages of a request: `role` and `content`."""

_EXCERPT = re.compile(
    r"^(?:\[(?P<number>\d+)\] )?\[\d{4}-\d\d-\d\d \d\d:\d\d\] .+ in #.+:\n(?P<text>.+)$",
    re.MULTILINE,
)
_FIRST_SENTENCE = re.compile(r".+?[.!?](?=\s|$)|.+")


def cite_first_excerpt(chat: Chat) -> str:
    """Answer with the first sentence of the first excerpt, citing its number where it has one."""
    excerpt = _EXCERPT.search(chat[-1]["content"]) if chat else None
    sentence = excerpt and _FIRST_SENTENCE.match(excerpt["text"])
    if not excerpt or not sentence:
        return NO_EVIDENCE
    return f"{sentence[0]} [{excerpt['number']}]" if excerpt["number"] else sentence[0]


def count_tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return -(-len(text) // CHARS_PER_TOKEN)


def within_context(chat: Sequence[dict[str, str]], num_ctx: int) -> Chat:
    """Return what the model sees: older messages are lost first, then the begin of the last.

    A last message that is too long alone keeps about half of the context. Nobody is told.
    """
    seen = [dict(message) for message in chat]
    while len(seen) > 1 and sum(count_tokens(m["content"]) for m in seen) > num_ctx:
        seen.pop(0)
    if seen and count_tokens(seen[0]["content"]) > num_ctx:
        seen[0]["content"] = seen[0]["content"][-num_ctx * CHARS_PER_TOKEN // 2 :]
    return seen


def in_pieces(text: str) -> Iterator[str]:
    """Yield a text as tokens come: words, each with the blanks before it."""
    for match in re.finditer(r"\s*\S+|\s+$", text):
        yield match[0]
