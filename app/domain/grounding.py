"""Is there evidence, and do the answer's `[n]` point at it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_CITATION = re.compile(r"\s?\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")


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
