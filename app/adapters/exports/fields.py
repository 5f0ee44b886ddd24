"""Values of an export that may be absent, or of another type than the format says."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from app.domain.cleaning import NAME_LIMIT_CHARS, clean_name
from app.domain.errors import InvalidInput
from app.domain.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    Json = Mapping[str, Any]

TEXT_LIMIT_CHARS = 100_000
"""Far beyond what anybody can write in Discord; the rest of a longer text is cut."""
LIST_LIMIT = 250
"""As many as Discord allows of roles, and more than of anything else that is read."""

_LARGEST_ID = (1 << 63) - 1
_LONGEST_ID = len(str(_LARGEST_ID))


def snowflake(raw: object, whose: str, *, smallest: int = 1) -> int:
    """Read an id, written as a decimal string or as a number; raises `InvalidInput`."""
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) <= _LONGEST_ID:
        raw = int(raw)
    if type(raw) is int and smallest <= raw <= _LARGEST_ID:
        return raw
    raise InvalidInput(f"{whose} has no id, or one that cannot be")


def snowflake_or_none(raw: object) -> int | None:
    """Read an id that may be absent."""
    try:
        return snowflake(raw, "it")
    except InvalidInput:
        return None


def required_text(raw: Json, key: str) -> str:
    """Read a text that everything of its kind has; raises `InvalidInput`."""
    if isinstance(raw.get(key), str):
        return text_at(raw, key)
    raise InvalidInput(f"it has no {key}")


def text_at(raw: Json, key: str, limit_chars: int = TEXT_LIMIT_CHARS) -> str:
    """Read an optional text, cut to a limit; empty when it is absent."""
    text = raw.get(key)
    return text[:limit_chars] if isinstance(text, str) else ""


def objects_at(raw: Json, key: str) -> list[Json]:
    """Read an optional list of objects."""
    items = raw.get(key)
    if not items or not isinstance(items, list):
        return []
    return [item for item in items[:LIST_LIMIT] if isinstance(item, dict)]


def object_at(raw: Json, key: str) -> Json:
    """Read an optional object; empty when it is absent."""
    item = raw.get(key)
    return item if isinstance(item, dict) else {}


def time_at(raw: Json, key: str) -> datetime | None:
    """Read an optional time; one without a zone is in UTC."""
    text = raw.get(key)
    try:
        return parse_time(text, UTC) if isinstance(text, str) else None
    except InvalidInput:
        return None


def name_at(raw: Json, key: str, otherwise: int) -> str:
    """Read a name; an id stands in for one that is absent or invisible."""
    return clean_name(text_at(raw, key, NAME_LIMIT_CHARS)) or str(otherwise)
