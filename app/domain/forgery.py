"""What the words of other people could pretend to be, and how that is broken up.

A message that holds the frame of the prompt, the header of another message or a control token
of a model would be read as more than a message. Control tokens are no mere words: model
servers recognise `<|eot_id|>` wherever it stands, in a message as in their own template.
"""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = {"Cc", "Cf", "Mn", "Me"}
_FILLERS = "\u115f\u1160\u3164\uffa0"
_BLANK = "\u2800"
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_ALIKE = str.maketrans(
    # Letters of the fences as Cyrillic, Greek, Armenian and Cherokee have them, and as small
    # capitals; what is wide, bold, circled or accented is told by Unicode itself.
    "весхртѕіԁԍԛɡβειχρτνϲոցʙᴇɢɪɴᴅᴄʀᴘᴛꜱıꭼᏼꮐꭰꮯꮢꭱꮲꭲꮪ【】〔〕❲❳⟦⟧‐",  # noqa: RUF001
    "becxptsidgqgbeixptncngbegindcrptsiebgdcrrpts[][][][]-",
)
_LETTERS_IN_SIGNS = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)  # squared, circled, flags: A to Z each

_TAGS = (
    r"s|bos|eos|pad|unk|mask|think|tools?|tool_calls?|tool_response"
    r"|(?:start|end|begin)_of_(?:turn|text|role|image|utterance|sentence)"
)
_BRACKETED = r"inst|system_prompt|available_tools|tool_calls|tool_results|tool_content"
_ROLES = r"system|instructions?|user|human|assistant|input|response"
_FORGERIES = tuple(
    (mark, re.compile(pattern, re.MULTILINE), dict(zip(broken, into, strict=True)))
    for mark, pattern, broken, into in (
        ("excerpts", r"(?:begin|end)\s+excerpts", " \n", "__"),
        ("[", r"\[\d+\](?=\s*\[\d{4}-)", "[]", "()"),
        ("[", r"\[\d{4}-\d\d-\d\d\s\d\d:\d\d\]", "[]", "()"),
        ("---", r"^ *-{3,} *$", "-", "–"),  # noqa: RUF001
        ("<|", r"<\|[^<>|\n]{1,64}\|>", "<>", "‹›"),  # noqa: RUF001
        ("<", rf"</?(?:{_TAGS})>|<</?sys>>", "<>", "‹›"),  # noqa: RUF001
        ("[", rf"\[/?(?:{_BRACKETED})\]", "[]", "()"),
        ("#", rf"^ *#+ *(?:{_ROLES}) *:", "#", "♯"),
    )
)
"""What stands in each, how it looks, and which of its signs become which others."""

_INVISIBLE = "\0"
_MOST_SIGNS = 20_000
_SIMPLE = re.compile(r"[\n\t\x20-\x7e]*")
_PLACE = re.compile(r"(?<=\bin )#", re.IGNORECASE)


def harmless(text: str) -> str:
    """Break up what would read as the frame around the text; the length stays the same.

    Fences, headers of excerpts, separators and control tokens count, whatever their case,
    blanks, look-alikes and invisible signs. What is harmless stays as it is.
    """
    seen, places = _as_seen(text)
    changed: dict[int, str] = {}
    for mark, forgery, others in _FORGERIES:
        for match in forgery.finditer(seen) if mark in seen else ():
            for at in range(match.start(), match.end()):
                if seen[at] in others:
                    changed[places[at]] = others[seen[at]]
    if not changed:
        return text
    return "".join(changed.get(at, sign) for at, sign in enumerate(text))


def harmless_name(name: str) -> str:
    """Return a name on one line, harmless, that names no second channel: the # of one is the last.

    So nobody called `admin in #rules` writes in #rules.
    """
    return _PLACE.sub("♯", harmless(" ".join(name.split())))


def _as_seen(text: str) -> tuple[str, range | list[int]]:
    """Return the text as an eye takes it in, in lower case, and where each of its signs stood."""
    if _SIMPLE.fullmatch(text):
        return text.lower().replace("\t", " "), range(len(text))
    seen = text.translate(_SIGNS)
    if _INVISIBLE not in seen:
        return seen, range(len(text))
    return seen.replace(_INVISIBLE, ""), [at for at, sign in enumerate(seen) if sign != _INVISIBLE]


class _Signs(dict[int, str]):
    """The plain sign of each character met so far, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        sign = _sign(chr(code)) or _INVISIBLE
        if len(self) < _MOST_SIGNS:
            self[code] = sign
        return sign


def _sign(char: str) -> str:
    """Return the plain sign that a character looks like, nothing for an invisible one."""
    if char in _LINE_ENDS:
        return "\n"
    if char.isspace() or char == _BLANK:
        return " "
    if unicodedata.category(char) in _UNSEEN or char in _FILLERS:
        return ""
    for first in _LETTERS_IN_SIGNS:
        if first <= ord(char) < first + 26:
            return chr(ord("a") + ord(char) - first)
    return unicodedata.normalize("NFKD", char)[0].lower()[0].translate(_ALIKE)


_SIGNS = _Signs()
