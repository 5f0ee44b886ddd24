"""What somebody said, as text that is the same wherever it was read.

An export made with `--markdown true` holds `@Name` where one made with `false`, and
Discord itself, hold `<@id>`. All three become the text that the exporter writes.
What is invisible goes: it hides words from the search and instructions from readers.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from attrs import Factory, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME_LIMIT_CHARS = 100
"""No name of a server, channel, role or person in Discord is longer."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_PASSES = 8
_PLACES = {
    "browse": "Browse Channels",
    "customize": "Channels & Roles",
    "guide": "Server Guide",
    "linked-roles": "Linked Roles",
}

_TOKEN = re.compile(
    r"""<(?:
        @!?     (?P<user>[0-9]{1,20})
      | @&      (?P<role>[0-9]{1,20})
      | \#!?    (?P<channel>[0-9]{1,20})
      | a?:     (?P<emoji>[^\s<>:]+) :[0-9]+
      | t:      (?P<time>-?[0-9]{1,20}) (?: :\w)?
      | /       (?P<command>[^\s<>:][^<>:\n]*) :[0-9]+
      | id:     (?P<place>browse|customize|guide|linked-roles)
    )>""",
    re.VERBOSE,
)

# Taken out of names, which could otherwise name each other for ever; "<3" may stay.
_TOKEN_START = re.compile(r"<(?=[@#:/a-z]|\Z)")

_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"  # but for tab and line feed
_LINE_ENDS = "\r\v\f\x1c-\x1e\x85\u2028\u2029"
_UNSEEN = (
    "\u200b\u2060-\u2065\ufeff"  # of no width
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # changing the direction of writing
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0\ufff0-\ufffb"  # fillers
    "\ufe00-\ufe0d\U000e0080-\U000e0fff"  # variants; those of emoji stay
)
_SURROGATES = "\ud800-\udfff"
_JOINERS = "\u200c\u200d"
_TAGS = "\U000e0000-\U000e007f"  # an alphabet that no font shows; flags are spelt with it
# A joiner belongs between two emoji, and inside words of Arabic and Indic scripts.
_JOINABLE = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
    "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af"
)

_SUSPECT = re.compile(f"[{_CONTROLS}{_LINE_ENDS}{_UNSEEN}{_SURROGATES}{_JOINERS}{_TAGS}]")
_LINE_END = re.compile(f"\r\n|[{_LINE_ENDS}]")
_INVISIBLE = re.compile(f"[{_CONTROLS}{_UNSEEN}]")
_SURROGATE = re.compile(f"[{_SURROGATES}]")
_FLAG_OR_TAGS = re.compile(f"(\U0001f3f4[\U000e0020-\U000e007e]{{1,8}}\U000e007f)|[{_TAGS}]+")
_STRAY_JOINER = re.compile(
    f"(?<![{_JOINABLE}\ufe0e\ufe0f])[{_JOINERS}]|[{_JOINERS}](?![{_JOINABLE}])"
)


@frozen
class Names:
    """What the ids in a text stand for; a voice channel's name ends with ` [voice]`."""

    users: Mapping[int, str] = Factory(dict)
    roles: Mapping[int, str] = Factory(dict)
    channels: Mapping[int, str] = Factory(dict)


def clean_content(raw: str, names: Names) -> str:
    """Return the text of a message: mentions by name, nothing invisible, no blanks around.

    Ids without a name become what the exporter writes: `@Unknown`, `@deleted-role`,
    `#deleted-channel`. A time becomes `2024-01-15 14:30 UTC` whatever its style; one
    that the exporter has already written in its own locale stays. Idempotent.
    """
    text = _visible(raw)
    if "<" in text:
        text = _named(text, names)
    return text.strip()


def clean_name(raw: str, limit_chars: int = NAME_LIMIT_CHARS) -> str:
    """Return a name on one line, cut to the limit; empty if nothing of it is visible."""
    name = " ".join(_visible(raw).split())
    if len(name) > limit_chars:  # which may end amid an emoji
        name = _visible(name[:limit_chars]).rstrip()
    return name


def _visible(raw: str) -> str:
    """Take out what cannot be seen; make every line end a line feed."""
    if not _SUSPECT.search(raw):
        return raw
    text = _INVISIBLE.sub("", _LINE_END.sub("\n", raw))
    text = _SURROGATE.sub("\ufffd", text)
    text = _FLAG_OR_TAGS.sub(lambda match: match[1] or "", text)
    return _STRAY_JOINER.sub("", text)


def _named(text: str, names: Names) -> str:
    """Replace tokens until none is left; a name between two brackets may make another.

    So the exporter's own replacing makes no difference: it was the first pass.
    """
    for _ in range(_MAX_PASSES):
        replaced = _TOKEN.sub(lambda match: _spelt_out(match, names), text)
        if replaced == text:
            return text
        text = replaced
    return text.replace("<", "")  # nested for no other purpose


def _spelt_out(match: re.Match[str], names: Names) -> str:
    kind = match.lastgroup or ""
    value = match[kind]
    if kind == "emoji":
        return f":{value}:"
    if kind == "time":
        return _spelt_out_time(int(value))
    if kind == "command":
        return f"/{value}"
    if kind == "place":
        return _PLACES[value]
    sign, known, otherwise = {
        "user": ("@", names.users, "Unknown"),
        "role": ("@", names.roles, "deleted-role"),
        "channel": ("#", names.channels, "deleted-channel"),
    }[kind]
    name = _TOKEN_START.sub("", clean_name(known.get(int(value), "")))
    return sign + (name or otherwise)


def _spelt_out_time(unix_seconds: int) -> str:
    try:
        moment = _EPOCH + timedelta(seconds=unix_seconds)
    except OverflowError:
        return "Invalid date"
    return f"{moment.replace(tzinfo=None).isoformat(' ', 'minutes')} UTC"
