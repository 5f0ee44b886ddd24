"""The people and channels that a question names, found by the words around them.

Names are not resolved here, since that needs to know who and what the asker may see
(`understanding`). English only, but for `@name` and `#channel`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKER = "@me"
"""The name of an author mention that means who asks ("what did I say")."""

HERE = "#here"
"""The name of a channel mention that means where it is asked ("in this channel")."""


class Role(StrEnum):
    """What a mention means for the search."""

    BY = "by"  # what this author would tell
    ABOUT = "about"  # messages that speak of them
    IN = "in"  # messages of this channel


@frozen
class Mention:
    """A name that stands in a question, not yet resolved, and the words that hold it.

    `is_filter` says that nothing else is wanted: "messages by Ana", "what did @ana say",
    "#dev", and not "what did Ana say", which somebody else may tell as well.
    """

    name: str
    role: Role
    words: str
    is_filter: bool = False


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
            rf"(?:(?:ever|also|just|already|actually|first|last|have\s+to|get\s+to)\s+)?(?:{_SAYS})\b"
        ),
        (
            rf"\b(?:has|have|had)\s+{_NAME}\s+(?:(?:ever|also|just|already|actually|last)\s+)?"
            rf"(?:{_SAID}|written|talked|discussed)\b"
        ),
        (
            rf"\b(?:what|everything|anything|something|things?|all)\s+(?:that\s+)?{_NAME}\s+"
            rf"(?:(?:ever|also|just|already)\s+)?(?:{_SAID})\b"
        ),
        rf"\baccording\s+to\s+{_NAME}(?=\s*(?:[?,.;:!]|$)|\s+(?:what|who|how|why|when|where|which)\b)",
        (
            rf"\b(?:messages?|posts?|anything|something|everything|questions?|answers?|links?|said|written"
            rf"|posted|sent|asked|shared|mentioned)\s+(?:(?:are|were)\s+)?(?:written\s+|posted\s+|sent\s+)?"
            rf"(?:by|from)\s+{_NAME}"
            r"(?=\s*(?:[?,.;:!]|$)|\s+(?:about|in|on|that|with|regarding)\b)"
        ),
        (
            rf"(?:(?<=\s)|^)(?P<name>@?(?:(?-i:[A-Z]){_TOKEN}\s+(?-i:[A-Z]){_TOKEN}|{_TOKEN}))"
            rf"['\u2019]s?\s+(?:\w+\s+)?(?:{_HELD})\b"
        ),
    )
)
_ONLY_THEIRS = re.compile(r"\b(?:by|from)\s|\b(?:messages?|posts?)$", re.IGNORECASE)
"""In words that name an author: nothing but what they wrote is wanted."""

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
            r"(?:\b(?:in|on|from|inside|at)\s+)?(?:the\s+)?(?<![\w&#/<])"
            r"#(?P<name>(?!\d+(?![\w-]))[^\s?,.;:!'\"<>()#/]+)(?:\s+channel\b)?"
        ),
        r"(?:\b(?:in|on|from|inside|at)\s+)?(?:the\s+)?<#(?P<name>\d+)>(?:\s+channel\b)?",
        (
            r"\b(?:in|on|from|inside)\s+(?:(?:the|our|my|your)\s+)?"
            r"(?P<name>\w[\w-]*(?:\s\w[\w-]*)?)\s+"
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


def find_mentions(text: str) -> Iterator[Mention]:
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
        yield match.start(), Mention(ASKER, Role.BY, match[0], is_filter=True)
    for pattern in _BY:
        for match in pattern.finditer(text):
            for name in re.split(r"\s+and\s+", match["name"]):
                plain, is_handle = _plain(name), "@" in name
                if _could_name(plain, is_handle=is_handle):
                    is_filter = is_handle or bool(_ONLY_THEIRS.search(match[0]))
                    yield match.start("name"), Mention(plain, Role.BY, match[0], is_filter)
    for match in _AT.finditer(text):
        if match["name"].lower() not in {"everyone", "here"}:
            yield match.start(), Mention(match["name"], Role.ABOUT, match[0])


def _plain(name: str) -> str:
    """Return a name without an article, and what Discord writes in place of one as the id."""
    if raw := re.fullmatch(r"<@!?(\d+)>", name):
        return raw[1]
    return re.sub(r"^(?:the\s+|@)+", "", name, flags=re.IGNORECASE)


def _could_name(name: str, *, is_handle: bool) -> bool:
    words = name.split()
    return bool(words) and (is_handle or not any(w.lower() in _NO_NAMES for w in words))


def _channels(text: str) -> Iterator[tuple[int, Mention]]:
    for pattern in _CHANNEL:
        for match in pattern.finditer(text):
            first = match["name"].split()[0].lower()
            is_marked = "#" in match[0]
            if is_marked or first not in _NO_CHANNELS:
                is_here = not is_marked and first in {"this", "that"}
                name = HERE if is_here else match["name"]
                yield match.start(), Mention(name, Role.IN, match[0], is_filter=True)
