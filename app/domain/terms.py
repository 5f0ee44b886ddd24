"""Words: a text as a full-text index can split it, a question as words worth looking up.

Full-text indexes split texts at spaces. Scripts that are written without spaces, and
emoji, would make one long word of a sentence; here they are set apart, character by
character, and a question asks for neighbouring pairs of them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b"  # Han: radicals, marks, numerals
    "\u3040-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U0001b000-\U0001b16f"  # historic Kana
    "\U00020000-\U0003ffff"  # Han, supplementary
)
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_EMOJI = rf"{_FLAG}|[\u2190-\u21ff\u2300-\u23ff\u2460-\u27bf\u2900-\u2bff\U0001f000-\U0001faff]"

_ALONE = re.compile(rf"{_EMOJI}|[{_UNSPACED}]")
_SILENT = re.compile(
    "[\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670"  # vowel points of Hebrew and Arabic
    "\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]"  # unseen marks, skin tones
)
_WORD = re.compile(
    rf"(?P<emoji>{_EMOJI})|(?P<unspaced>[{_UNSPACED}]+)"
    rf"|(?P<word>(?:(?![{_UNSPACED}])[^\W_]|[\u0300-\u036f\u0900-\u0dff])+"
    rf"(?:['\u2019](?:(?![{_UNSPACED}])[^\W_])+)*)"
)

_FUNCTION_WORDS = """
a about after all am an and any anybody anyone are as at be been before being but by can could
did do does doing for from had has have having he her here him his how i if in into is it its
just may me might must my no not of on or our over s shall she should so some somebody someone t
than that the their them then there these they this those to too us very was we were what when
where which who whom whose why will with would you your
"""
_CONTRACTIONS = """
aint ain't arent aren't cant can't couldnt couldn't d didnt didn't doesnt doesn't dont don't
hadnt hadn't hasnt hasn't havent haven't he'd he'll he's i'd i'll i'm i've im isnt isn't it'll
it's ive let's ll m re she'd she'll she's shouldnt shouldn't that'll that's thats there's they'd
they'll they're they've ve wasnt wasn't we'd we'll we're we've werent weren't what're what's
whats when's where's who'd who'll who's whos why's wont won't wouldnt wouldn't you'd you'll
you're youre you've
"""
_FILLERS = """
eh ehm er erm haha hello hey hi hm hmm lol ok okay please pls plz thanks thx uh um well yeah yep
"""
STOP_WORDS = frozenset(f"{_FUNCTION_WORDS} {_CONTRACTIONS} {_FILLERS}".split())
"""What English questions are made of whatever they ask."""


def segment(text: str) -> str:
    """Return `text` with everything that is a word by itself set apart by spaces.

    That is each character of a script without spaces and each emoji. Compatibility
    forms (full width, ligatures) become the plain ones; vowel points, joiners and skin
    tones go, since people leave them out when they search.
    """
    if text.isascii():
        return text
    plain = _SILENT.sub("", unicodedata.normalize("NFKC", text))
    return _ALONE.sub(r" \g<0> ", plain) if _ALONE.search(plain) else plain


def question_terms(text: str) -> tuple[str, ...]:
    """Return the distinct words of a question that are worth looking up, in order.

    Stop words go unless nothing else remains. A run of a script without spaces gives
    its overlapping pairs of characters, each to be found as a phrase.
    """
    words = tuple(dict.fromkeys(_words(text)))
    return tuple(word for word in words if word not in STOP_WORDS) or words


def _words(text: str) -> Iterator[str]:
    plain = _SILENT.sub("", unicodedata.normalize("NFKC", text)).casefold()
    for match in _WORD.finditer(plain):
        run = match["unspaced"]
        if run and len(run) > 1:
            yield from (run[at : at + 2] for at in range(len(run) - 1))
        else:
            word = match[0].replace("\u2019", "'")
            yield from [word] if word in STOP_WORDS else word.split("'")
