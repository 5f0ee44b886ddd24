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
from app.domain.story import is_own_story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from app.domain.model import Window

ASKER = "@me"
"""The name of an author mention that means who asks ("what did I say")."""

HERE = "#here"
"""The name of a channel mention that means where it is asked ("in this channel")."""


class Kind(StrEnum):
    """Which kind of answer is wanted."""

    LOOKUP = "lookup"
    SUMMARY = "summary"
    WHO = "who"
    WHEN = "when"
    HOW_MANY = "how_many"


class Role(StrEnum):
    """What a mention means for the search."""

    BY = "by"  # a filter: messages this author wrote
    ABOUT = "about"  # a search: messages that speak of them
    IN = "in"  # a filter: messages of this channel


@frozen
class Mention:
    """A name that stands in a question, not yet resolved, and the words that hold it."""

    name: str
    role: Role
    words: str


@frozen
class Reading:
    """What was understood of a question.

    `text` is what is searched: the question without the words that named a time. `broad`
    says that a discussion is asked for rather than one message, `wants_current` that newer
    messages are to be preferred.
    """

    text: str
    window: Window | None = None
    wants_current: bool = False
    mentions: tuple[Mention, ...] = ()
    kind: Kind = Kind.LOOKUP
    broad: bool = False

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
        mentions=tuple(_mentions(text)),
        kind=kind,
        broad=kind is Kind.SUMMARY or bool(_BROAD.search(text)),
    )


# --- kind -----------------------------------------------------------------------------------------

_LEAD = (
    r"^\W*(?:(?:hi|hey|hello|so|ok|okay|and|but|also|please|pls|quick\s+question|@\S+)\b\W*)*"
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


# --- people and channels --------------------------------------------------------------------------

_SAYS = (
    r"say|think|suggest|recommend|mention|write|post|ask|answer|reply|respond|tell|propose|comment"
    r"|explain|announce|share|claim|argue|advise|state|report|paste|promise|complain|describe"
    r"|discuss|talk|give|offer"
)
_SAID = (
    r"sa(?:id|ys)|thinks|thought|suggest(?:s|ed)|recommend(?:s|ed)|mention(?:s|ed)|wrote|writes"
    r"|post(?:s|ed)|ask(?:s|ed)|answer(?:s|ed)|repli(?:es|ed)|respond(?:s|ed)|told|tells"
    r"|propos(?:es|ed)|explain(?:s|ed)|announc(?:es|ed)|shar(?:es|ed)|advis(?:es|ed)|claim(?:s|ed)"
)
_HELD = (
    r"opinions?|views?|suggestions?|advice|comments?|answers?|repl(?:y|ies)|responses?|ideas?"
    r"|proposals?|thoughts?|takes?|recommendations?|messages?|posts?|stance|feedback|explanation"
)
_TOKEN = r"(?:[^\s?,.;:!'\u2019\"]|\.(?=\w))+"  # noqa: S105 - a word of a name
_NAME = rf"(?P<name>@?{_TOKEN}(?:\s+{_TOKEN}){{0,3}}?(?:\s+and\s+@?{_TOKEN}(?:\s+{_TOKEN})?)?)"
_BY = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        (
            rf"\b(?:did|does|do|has|had|would|could|can|will|should)\s+{_NAME}\s+"
            rf"(?:(?:ever|also|just|already|actually|first|have\s+to|get\s+to)\s+)?(?:{_SAYS})\b"
        ),
        (
            rf"\b(?:what|everything|anything|something|things?|all)\s+(?:that\s+)?{_NAME}\s+"
            rf"(?:(?:ever|also|just|already)\s+)?(?:{_SAID})\b"
        ),
        rf"\baccording\s+to\s+{_NAME}(?=\s*(?:[?,.;:!]|$)|\s+(?:what|who|how|why|when|where|which)\b)",
        (
            rf"\b(?:messages?|posts?|anything|something|everything|questions?|answers?|links?|said|written"
            rf"|posted|sent|asked|shared)\s+(?:written\s+|posted\s+|sent\s+)?(?:by|from)\s+{_NAME}"
            r"(?=\s*(?:[?,.;:!]|$)|\s+(?:about|in|on|that|with|regarding)\b)"
        ),
        (
            rf"(?:(?<=\s)|^)(?P<name>@?(?:(?-i:[A-Z]){_TOKEN}\s+(?-i:[A-Z]){_TOKEN}|{_TOKEN}))"
            rf"['\u2019]s?\s+(?:\w+\s+)?(?:{_HELD})\b"
        ),
    )
)
_AT = re.compile(r"(?<![\w@/.])@(?P<name>[\w.\-\[\]|^`{}]*[\w\]|}])")
_OF_ASKER = re.compile(
    rf"\b(?:did|have|had|do)\s+i\s+(?:ever\s+|just\s+|already\s+)?(?:{_SAYS}|{_SAID}|said|written)\b"
    r"|\bmy\s+(?:own\s+)?(?:messages?|posts?)\b",
    re.IGNORECASE,
)
_NOT_A_NAME = """
i we you he she it they this that these those there who what which someone somebody anyone anybody
everyone everybody people person nobody one ones others other guys team group members member users
user mods mod server channel community meeting meetings committee government company discussion
world men women everything anything something thing things my your our their his her its not to of
in on at with for about from when where why how if than then each all some any both more most bot
everyones today yesterday week month year and or get know remember see want need think tell let
make is was are were be been being am as did does do has have had can could will would should
girls boys
"""
_NO_NAMES = frozenset(_NOT_A_NAME.split())  # fmt: skip
_CHANNEL = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        (
            r"(?:\b(?:in|on|from|inside|at)\s+)?(?:the\s+)?(?<![\w&#/])#(?P<name>(?!\d+\b)\w[\w-]*)"
            r"(?:\s+channel\b)?"
        ),
        r"(?:\b(?:in|on|from|inside|at)\s+)?(?:the\s+)?<#(?P<name>\d+)>(?:\s+channel\b)?",
        (
            r"\b(?:in|on|from|inside)\s+(?:the\s+)?(?P<name>\w[\w-]*(?:\s\w[\w-]*)?)\s+"
            r"(?:channel|forum)\b"
        ),
        r"\b(?:in|on|from|inside)\s+(?:the\s+)?channel\s+(?P<name>\w[\w-]*)",
    )
)
_NOT_A_CHANNEL = """
a an another any every each which what other same right wrong public private voice text discord
irc correct my your our their one some new
"""
_NO_CHANNELS = frozenset(_NOT_A_CHANNEL.split())


def _mentions(text: str) -> Iterator[Mention]:
    """Yield authors and channels in the order of the text; nothing is mentioned twice."""
    found: dict[tuple[str, Role], tuple[int, Mention]] = {}
    for start, mention in (*_authors(text), *_channels(text)):
        known = (mention.name.casefold(), mention.role)
        about = (mention.name.casefold(), Role.ABOUT)
        if mention.role is Role.ABOUT and (known[0], Role.BY) in found:
            continue
        found.pop(about, None)
        found.setdefault(known, (start, mention))
    yield from (mention for _, mention in sorted(found.values(), key=lambda item: item[0]))


def _authors(text: str) -> Iterator[tuple[int, Mention]]:
    if match := _OF_ASKER.search(text):
        yield match.start(), Mention(ASKER, Role.BY, match[0])
    for pattern in _BY:
        for match in pattern.finditer(text):
            for name in re.split(r"\s+and\s+", match["name"]):
                plain = re.sub(r"^(?:the\s+|@)+", "", name, flags=re.IGNORECASE)
                if _could_name(plain, is_handle="@" in name):
                    yield match.start("name"), Mention(plain, Role.BY, match[0])
    for match in _AT.finditer(text):
        if match["name"].lower() not in {"everyone", "here"}:
            yield match.start(), Mention(match["name"], Role.ABOUT, match[0])


def _could_name(name: str, *, is_handle: bool) -> bool:
    words = name.split()
    return bool(words) and (is_handle or not any(w.lower() in _NO_NAMES for w in words))


def _channels(text: str) -> Iterator[tuple[int, Mention]]:
    for pattern in _CHANNEL:
        for match in pattern.finditer(text):
            first = match["name"].split()[0].lower()
            if first in {"this", "that"}:
                yield match.start(), Mention(HERE, Role.IN, match[0])
            elif first not in _NO_CHANNELS:
                yield match.start(), Mention(match["name"], Role.IN, match[0])
