"""What may leave in an answer: words, none of which act.

A model can be talked into anything by the messages that it reads. So what it writes is treated
like what they say, on a screen and in Discord alike, whoever the model obeyed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.domain.cleaning import Names, clean_content

if TYPE_CHECKING:
    from collections.abc import Iterable

LINK_REMOVED = "[link removed]"

# What programs open or preview without a masked link; an invitation needs no scheme for that.
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|www\.|discord\.gg/|discord(?:app)?\.com/invite/)"
    r"[^\s<>\"'`|()\[\]{}\u201c\u201d\u2018\u2019]*",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"^[^:/]*://")
_AROUND = ".,;:!?*_~"
_MENTION = re.compile(r"@(?=everyone|here)|(?<=<)@(?=[!&]?\d)", re.IGNORECASE)
_UNSEEN_BREAK = "\u200b"
_FENCE = "```"


def plain(text: str) -> str:
    """Return what a model wrote as a message is kept: nothing invisible, mentions spelt out.

    Escape sequences and overrides of the direction of writing go with what is invisible.
    """
    return clean_content(text, Names())


def disarmed(text: str, sources: Iterable[str]) -> str:
    """Return `plain` text that notifies nobody, and leads only where somebody else pointed.

    `[text](address)` becomes `[text] (address)`, which is no link, so that every address is
    seen. An address that stands in none of the `sources`, from its beginning and letter for
    letter, was made up, or carries something away: `LINK_REMOVED` stands in its place. An
    unseen space keeps `@everyone` and the like from being mentions. A block of code that was
    left open is closed, lest it swallow what is shown below the answer. Idempotent.
    """
    if _ADDRESS.search(text):
        known = {address for source in sources for address in _addresses(source)}
        text = _ADDRESS.sub(lambda match: _known_or_removed(match[0], known), text)
    text = _MENTION.sub(f"@{_UNSEEN_BREAK}", text.replace("](", "] ("))
    return f"{text}\n{_FENCE}" if text.count(_FENCE) % 2 else text


def _addresses(source: str) -> Iterable[str]:
    """Yield the addresses of a text, each with and without what says how to open it."""
    for match in _ADDRESS.finditer(source):
        yield match[0]
        yield _SCHEME.sub("", match[0])


def _known_or_removed(address: str, known: Iterable[str]) -> str:
    bare = address.rstrip(_AROUND)
    wanted = bare.replace(_UNSEEN_BREAK, "").removesuffix("/")
    if any(each.startswith(wanted) for each in known):
        return address
    return LINK_REMOVED + address[len(bare) :]
