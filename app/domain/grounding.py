"""Do the answer's `[n]` point at evidence, and did the model begin to repeat itself."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from app.domain.stems import stems_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from app.domain.prompt import Excerpt

_CITATION = re.compile(r"\s?\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")

A_LOOP = 3
"""A sentence or line that stands in an answer so many times is a loop."""

SHORTEST_LOOPED_WORDS = 3
"""But "Yes." or a closing brace may well come again and again."""

_FENCE = "```"
# A sentence with its citations and the space behind it, or what is left of a line.
_SENTENCE = re.compile(
    r".*?(?:[.!?…][\"')\]*_]*(?=\s|$|\[)|[。！？])(?:\s?\[[\d,\s]+\])*\s*|.+",  # noqa: RUF001
    re.DOTALL,
)
_QUOTE = ">"
# "The excerpts do not say ..." rests on no message, whichever words it shares with one.
_DENIES = re.compile(
    r"\b(?:no|not|none|nothing|don['\u2019]?t|doesn['\u2019]?t)\b.*\b(?:excerpts?|messages?|mention"
    r"|sa(?:y|id)|contain|answer|information|found)|\b(?:excerpts?|messages?)\b.*\b(?:no|not|none"
    r"|nothing|don['\u2019]?t|doesn['\u2019]?t)\b",
    re.IGNORECASE | re.DOTALL,
)

SUPPORTING_SHARE = 0.5
FEWEST_SHARED = 3
MOST_SUPPORTING = 3
"""An excerpt supports a sentence when it holds half of its words, and at least three of them.

So many excerpts, the best ones, stand in for the citations that a model left out. These were
not measured: that takes a model that writes freely, and none was at hand.
"""


def check_citations(text: str, numbers: Collection[int]) -> tuple[str, tuple[int, ...]]:
    """Return the text without citations of excerpts that do not exist, and those that do.

    `[2, 9]` becomes `[2]` where only excerpt 2 exists. The numbers are in the order in
    which the text first cites them.
    """
    cited: dict[int, None] = {}

    def keep_known(match: re.Match[str]) -> str:
        known = [int(n) for n in re.findall(r"\d+", match[1]) if int(n) in numbers]
        cited.update(dict.fromkeys(known))
        space = " " if match[0][0].isspace() else ""
        return space + "".join(f"[{n}]" for n in known) if known else ""

    return _CITATION.sub(keep_known, text), tuple(cited)


def cut_repetitions(text: str) -> str:
    """Return the text with what a model wrote three times and more written once.

    Sentences and lines count, upper and lower case alike; what they cite tells them apart. A
    begin of such a one at the very end, where the length ran out, goes too. Blocks of code
    are left as they are.
    """
    if len(text) < A_LOOP * SHORTEST_LOOPED_WORDS * 2:
        return text
    parts = text.split(_FENCE)
    units = [list(_units(part)) if at % 2 == 0 else [part] for at, part in enumerate(parts)]
    counts = Counter(_key(unit) for at in range(0, len(units), 2) for unit in units[at])
    looped = {key for key, n in counts.items() if n >= A_LOOP and _is_said(key)}
    if not looped:
        return text
    seen: set[str] = set()
    for at in range(0, len(units), 2):
        units[at] = [unit for unit in units[at] if _is_first(_key(unit), looped, seen)]
    if units[-1] and _is_begun(_key(units[-1][-1]), looped):
        units[-1].pop()
    return _FENCE.join("".join(part) for part in units).rstrip()


def _units(text: str) -> Iterator[str]:
    """Yield the sentences of a text, which joined give the text; a line of a quote is one."""
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith(_QUOTE):
            yield line
        else:
            yield from (match[0] for match in _SENTENCE.finditer(line))


def _key(unit: str) -> str:
    return " ".join(unit.split()).casefold()


def _is_said(key: str) -> bool:
    """Tell whether a sentence is one that nobody repeats on purpose; quotes are as they are."""
    if key.startswith(_QUOTE):
        return False
    return len(key.split()) >= SHORTEST_LOOPED_WORDS or (not key.isascii() and len(key) > A_LOOP)


def _is_first(key: str, looped: Collection[str], seen: set[str]) -> bool:
    is_again = key in looped and key in seen
    seen.add(key)
    return not is_again


def _is_begun(key: str, looped: Collection[str]) -> bool:
    return bool(key) and any(whole != key and whole.startswith(key) for whole in looped)


def supporting(text: str, excerpts: Sequence[Excerpt]) -> tuple[int, ...]:
    """Return the numbers of the excerpts that hold what the text says, the best first.

    For an answer that cites none. A sentence that no excerpt supports has none; where that
    is so of all, nothing speaks for the answer.
    """
    words = {excerpt.number: stems_of(excerpt.text) for excerpt in excerpts}
    best: dict[int, float] = {}
    for sentence in _units(text):
        said = frozenset() if _DENIES.search(sentence) else stems_of(sentence)
        for number, held in words.items():
            shared = len(said & held)
            if shared >= FEWEST_SHARED and shared >= SUPPORTING_SHARE * len(said):
                best[number] = max(best.get(number, 0.0), shared)
    ranked = sorted(best, key=lambda number: (-best[number], number))
    return tuple(ranked[:MOST_SUPPORTING])
