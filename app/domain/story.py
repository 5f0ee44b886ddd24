"""Whether a question asks about a time, or only mentions it.

"I installed 16.04 yesterday, why is it slow?" tells when something happened to the asker; the
answer may be years old. "What did Ana say yesterday?" asks about yesterday. A window is a hard
filter, so in doubt there is none. Judged by the sentence around the expression.
"""

from __future__ import annotations

import re
from enum import IntEnum


class Doubt(IntEnum):
    """How surely an expression looks back."""

    NONE = 0  # "yesterday", "3 days ago", "29 March 2024"
    AHEAD = 1  # "today", "this week": past unless the sentence speaks of the future
    WHEN = 2  # "on Friday", "in March": past only where the sentence speaks of the past


_SENTENCE_END = re.compile(r"[.?!]+(?=\s|$)|[\n;]")
_ABBREVIATION = re.compile(
    r"\b(?:[a-z]|mr|mrs|ms|dr|st|vs|etc|hon|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.$",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:what(?:['\u2019]?s)?|who(?:['\u2019]?s)?|whom|whose|when|where|why|how|which|did|does|do"
    r"|didn['\u2019]?t|is|are|was|were|has|have|had|can|could|would|should|summar\w+|recap|tl;?dr"
    r"|lists?|show|find|search|tell|give|catch|remind|explain|describe|count|any\w*|messages?"
    r"|posts?|discussions?|conversations?|threads?|questions?|news|updates?|highlights?|everything"
    r"|i(?:['\u2019]d)?\s+(?:want|need|would\s+like|like|wonder)|i(?:['\u2019]?m|\s+was)\s+"
    r"(?:looking|wondering|searching|curious))\b",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"\b(?:i|i['\u2019]?(?:m|ve|d|ll)|im|ive|my|we|it|he|she|they|you|this|that|there)\b",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:i|i['\u2019]?(?:m|ve|d)|im|ive|my|mine)\b", re.IGNORECASE)
_TALK = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|t(?:ell|old|elling)|talk\w*|discuss\w*|mention\w*|post\w*|wr(?:ite|ote)"
    r"|ask\w*|answer\w*|repl(?:y|ied|ies)|respon\w+|suggest\w*|recommend\w*|think|thought|decid\w+"
    r"|announc\w+|shar(?:e|ed|es|ing)|happen\w*|miss(?:ed)?|agree\w*|propos\w+|summar\w+|recap"
    r"|messages?|conversation|chat\w*|linked|pinned|opinion|highlights?|new|come\s+up)\b",
    re.IGNORECASE,
)
_INVERTED = re.compile(
    r"\b(?:did|do|does|have|had|has|was|were|am|are|can|could|should|would|will)\s+$",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\bi(?:['\u2019]d|['\u2019]?m)?\s+(?:was\s+|would\s+)?(?:want|need|like|wonder\w*|looking"
    r"|searching|curious)\b",
    re.IGNORECASE,
)
_BACKGROUND = re.compile(
    r"\b(?:since|after|once|because|until|before|when|while|if)\s+"
    r"(?:(?:updat|upgrad|install|chang|switch|mov|reboot|restart|remov|add|delet|us|runn|try)ing"
    r"|i|i['\u2019]\w+|my)\b"
    r"|\bsince\s+(?:the\s+|an?\s+)?(?:\w+\s+)?(?:update|upgrade|install\w*|reboot)\b",
    re.IGNORECASE,
)
_TELLS_NEXT = re.compile(
    r"\W*(?:i|i['\u2019]?(?:m|ve)|im|ive|my|we|it|he|she|they|you|there)\b", re.IGNORECASE
)
_FUTURE = re.compile(
    r"\b(?:will|won['\u2019]?t|shall|going\s+to|gonna|tomorrow|tonight|next|upcoming|planned"
    r"|scheduled|supposed\s+to|about\s+to)\b|\w['\u2019]ll\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:did|didn['\u2019]?t|was|were|had|been|said|told|wrote|thought|went|got|gave|came|made"
    r"|took|broke|sent|met|ran|saw|left|found|went|spoke|won|lost|miss"
    r"|(?!need|feed|speed|seed|indeed|exceed|proceed|embed|succeed|bleed)[a-z]{2,}ed)\b",
    re.IGNORECASE,
)
_PRESENT = re.compile(
    r"\b(?:what|who|whom|whose|when|where|why|how|which|is|are|am|do|does|can|could|should|would|has|have|might|must|need)\b",
    re.IGNORECASE,
)


def is_asked_about(text: str, start: int, end: int, doubt: Doubt) -> bool:
    """Tell whether the sentence asks about the time that stands in `text[start:end]`."""
    first, last = _sentence(text, start, end)
    before, after = text[first:start], text[end:last]
    sentence = f"{before} {after}"
    if doubt and _FUTURE.search(sentence):
        return False
    if doubt == Doubt.WHEN and not _PAST.search(sentence) and _PRESENT.search(sentence):
        return False
    if "?" in text and not text[last:].startswith("?") and not _ASKS.search(sentence):
        return False  # what is asked stands in another sentence
    return not _tells_a_story(before, after)


def is_own_story(text: str, start: int, end: int) -> bool:
    """Tell whether the sentence around `text[start:end]` tells what the asker did."""
    first, last = _sentence(text, start, end)
    return _tells_a_story(text[first:start], text[end:last])


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    first, last = 0, len(text)
    for match in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text, max(0, match.end() - 6), match.end()):
            continue
        if match.end() <= start:
            first = match.end()
        elif match.start() >= end:
            last = match.start()
            break
    return first, last


def _tells_a_story(before: str, after: str) -> bool:
    sentence = f"{before} {after}"
    asks, tells = _ASKS.search(sentence), _TELLS.search(sentence)
    if tells and (not asks or tells.start() < asks.start()):
        return True  # a statement: "it broke yesterday"
    if not before.strip() and _TELLS_NEXT.match(after):
        return True  # "Yesterday I could still log in, why can't I now"
    if _BACKGROUND.search(before):
        return True  # "... since updating in the last few days"
    without_request = _REQUEST.sub(" ", sentence)
    return bool(_OWN.search(without_request)) and not _TALK.search(without_request)
