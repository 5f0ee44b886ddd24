"""What a question asks for: a time, people, channels, and which kind of answer.

Pure reading of words; names are not resolved here, since that needs to know who and what the
asker may see. English only; a question in another language is a lookup without filters.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

from app.domain.dates import find_window
from app.domain.mentions import find_mentions
from app.domain.story import is_own_story

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from app.domain.mentions import Mention
    from app.domain.model import Window


class Kind(StrEnum):
    """Which kind of answer is wanted."""

    LOOKUP = "lookup"
    SUMMARY = "summary"
    WHO = "who"
    WHEN = "when"
    HOW_MANY = "how_many"


@frozen
class Reading:
    """What was understood of a question.

    `text` is what is searched: the question without the words that named a time. `broad`
    says that a discussion is asked for rather than one message, `wants_current` that newer
    messages are to be preferred, `is_follow_up` that what was asked before is part of it, and
    `stays` that nothing else is asked for than what was answered: "why?", "when was that?".
    """

    text: str
    window: Window | None = None
    wants_current: bool = False
    mentions: tuple[Mention, ...] = ()
    kind: Kind = Kind.LOOKUP
    broad: bool = False
    is_follow_up: bool = False
    stays: bool = False

    def without(self, *mentions: Mention) -> str:
        """Return the text without the words of mentions that were resolved to a filter."""
        text = self.text
        for mention in mentions:
            text = text.replace(mention.words, " ", 1)
        return " ".join(text.split())


def read_question(question: str, asked_at: datetime, zone: tzinfo) -> Reading:
    """Return what a question asks for; `asked_at` is now, `zone` where the asker is."""
    dated = find_window(question, asked_at, zone)
    text = dated.text if dated else question
    kind = _kind(text)
    return Reading(
        text=text,
        window=dated.window if dated else None,
        wants_current=_wants_current(question),
        mentions=tuple(find_mentions(text)),
        kind=kind,
        broad=kind is Kind.SUMMARY or bool(_BROAD.search(text)),
    )


# --- kind -----------------------------------------------------------------------------------------

_LEAD = (
    # Possessive: what is passed over is not tried in another way, for which there are thousands.
    r"^\W*+(?:(?:hi|hey|hello|so|ok|okay|and|but|also|please|pls|quick\s+question)\b\W*+"
    r"|(?<=@)\S++\W*+)*+"
    r"(?:(?:can|could|would|will)\s+(?:you|u|someone|anyone|somebody|anybody)\s+(?:please\s+)?"
    r"(?:tell|show|remind|give)\s+(?:me|us)\s+|(?:tell|show|remind)\s+(?:me|us)\s+"
    r"|do(?:es)?\s+(?:you|anyone|someone|anybody|somebody)\s+(?:know|remember)\s+)?"
)
_GROUP = (
    r"(?:we|they|people|everyone|everybody|you\s+guys|the\s+(?:team|group|others|guys|mods|server"
    r"|community|channel|members|meeting))"
)
_KINDS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            Kind.SUMMARY,
            (
                r"\b(?:summari[sz]e|summary|recap|tl;?dr|sum\s+up|catch\s+(?:me|us)\s+up|overview"
                r"|highlights)\b"
                r"|\bdid\s+(?:i|we)\s+miss\b|\bhave\s+i\s+missed\b"
                rf"|{_LEAD}what(?:['\u2019]?s|\s+is|\s+was|\s+has|\s+have)?\s+(?:been\s+|everyone\s+"
                r"|everybody\s+|people\s+)?(?:been\s+)?(?:happen(?:ed|ing)(?!\s+(?:to|after|when|if|with)\b)|going\s+on|went\s+on"
                r"|new(?=\s*(?:[?.!]|$)|\s+(?:in|on|with|here|this|since)\b)|discussed|talked\s+about"
                r"|talking\s+about|said)\b"
                rf"|{_LEAD}what(?:\s+\w+)?\s+(?:did|do|have|has|were|was|are)\s+{_GROUP}\s+(?:been\s+)?"
                r"(?:discuss|talk|debat|chat)\w*"
            ),
        ),
        (
            Kind.HOW_MANY,
            rf"{_LEAD}(?:how\s+(?:many|often)|(?:what\s+(?:is|was)\s+)?the\s+number\s+of|count)\b",
        ),
        (
            Kind.WHEN,
            (
                rf"{_LEAD}(?:when|(?:at\s+|on\s+)?(?:what|which)\s+(?:time|date|day)|how\s+long\s+ago)"
                r"\b"
            ),
        ),
        (
            Kind.WHO,
            (
                rf"{_LEAD}(?:who(?:['\u2019]?s)?|whom|whose|(?:which|what)\s+(?:person|people|users?"
                r"|members?|authors?)|list\s+(?:everyone|everybody|people|users|members))\b"
            ),
        ),
    )
)
_BROAD = re.compile(
    r"\b(?:summar\w+|recap|overview|discussions?|discussed|debat\w+|controvers\w+|conclusion"
    r"|presentation|when\s+(?:discussing|talking)|(?:was|were|been)\s+(?:said|decided))\b"
    rf"|\b(?:did|do|does|has|have)\s+{_GROUP}\s+(?:\w+\s+)?(?:sa(?:y|id)|think|thought|feel|felt"
    r"|decided?|mention|agreed?|plan|discuss|talk|argue)\w*\b",
    re.IGNORECASE,
)


def _kind(text: str) -> Kind:
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), Kind.LOOKUP)


# --- what is current ------------------------------------------------------------------------------

_CURRENT = re.compile(
    r"\b(?:recent(?:ly)?|lately|latest|newest|nowadays|currently(?!\s+\w+ed\b)|these\s+days|right\s+now"
    r"|at\s+the\s+moment|as\s+of\s+now|so\s+far|just\s+now|up[\s-]to[\s-]date|any\s+(?:news|updates?)"
    r"|what['\u2019]?s\s+new|current\s+(?:status|state|plan|policy|rules?|schedule|situation"
    r"|progress|price|deadline|consensus|version|release)"
    r"|when\s+(?:was|were|did)\b.{0,40}?\blast)\b",
    re.IGNORECASE,
)
_NOT_CURRENT = re.compile(r"\b(?:at\s+the\s+latest|my\s+current)\b", re.IGNORECASE)


def _wants_current(question: str) -> bool:
    return any(
        not is_own_story(question, match.start(), match.end())
        for match in _CURRENT.finditer(question)
        if not _NOT_CURRENT.search(question, max(0, match.start() - 7), match.end())
    )
