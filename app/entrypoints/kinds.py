"""How the text of a variable becomes a value: what is allowed, and what may be repeated of it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import frozen

from app.domain.times import zone_named

if TYPE_CHECKING:
    from collections.abc import Callable

_USER_INFO = re.compile(r"^([a-z][a-z0-9+.-]*://)?.*@", re.IGNORECASE | re.DOTALL)


@frozen
class Kind:
    """How a variable is read, and what is allowed in it; `read` raises `ValueError` else.

    `shown` returns the text as an error may repeat it.
    """

    allowed: str
    read: Callable[[str], object]
    shown: Callable[[str], str] = str


def _within(low: float, high: float, number: float) -> float:
    if not low <= number <= high:
        raise ValueError
    return number


def whole(low: int, high: int) -> Kind:
    """Return the kind of whole numbers within bounds."""
    return Kind(
        f"a whole number from {low:,} to {high:,}", lambda text: int(_within(low, high, int(text)))
    )


def real(low: float, high: float) -> Kind:
    """Return the kind of numbers within bounds; what is no number lies in none."""
    return Kind(f"a number from {low:g} to {high:g}", lambda text: _within(low, high, float(text)))


def one_of(*allowed: str) -> Kind:
    """Return the kind of some words, whose case does not matter."""
    lowered = {word.lower(): word for word in allowed}

    def read(text: str) -> str:
        if text.lower() not in lowered:
            raise ValueError
        return lowered[text.lower()]

    return Kind("one of " + ", ".join(allowed), read)


def _flag(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in words:
        raise ValueError
    return words[text.lower()]


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError
    return text


def _text_file(text: str) -> Path:
    path = Path(text).expanduser()
    if not os.access(path, os.R_OK) or not path.is_file():
        raise ValueError
    path.read_text(encoding="utf-8")
    return path


def _zone(text: str) -> str:
    zone_named(text)
    return text


def _web_address(text: str) -> str:
    address = text if "://" in text else f"http://{text}"
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError
    return address.rstrip("/")


def _ollama_host(text: str) -> str:
    """Add Ollama's own port where neither scheme nor port is given, as its programs do.

    Ollama knows no user names: a name and password in the address would be dropped in
    silence, and a proxy before it would refuse every question without saying why.
    """
    address = _web_address(text)
    if "@" in urlsplit(address).netloc:
        raise ValueError
    if "://" in text or urlsplit(address).port:
        return address
    host, _, path = text.partition("/")
    return _web_address(f"{host}:11434/{path}")


def _database_url(text: str) -> str:
    if not text.startswith("sqlite:"):
        raise ValueError
    return text


def _without_password(text: str) -> str:
    """Hide all that may be a name and password; a password may hold any sign, @ and / too."""
    return _USER_INFO.sub(r"\1***@", text)


TEXT = Kind("some text", _text)
FLAG = Kind("true or false", _flag)
PATH = Kind("a path", lambda text: Path(text).expanduser())
TEXT_FILE = Kind("the path of a file of UTF-8 text that can be read", _text_file)
ZONE = Kind("the name of a time zone, like UTC or Europe/Berlin", _zone)
OLLAMA_HOST = Kind(
    "an address like http://localhost:11434, without a user name or password",
    _ollama_host,
    _without_password,
)
WEB_ADDRESS = Kind("an address like http://localhost:8000", _web_address, _without_password)
DATABASE_URL = Kind(
    "an address like sqlite:////srv/discord/archive.db", _database_url, _without_password
)
