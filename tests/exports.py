"""Exports as DiscordChatExporter writes them, made for tests.

    document = export([message(1, "hello"), message(2, "hi", author="bob")], channel="general")
    write(tmp_path / "general.json", document)

Messages are numbered; number n is sent n minutes after `START`, and its id says so. A
name always stands for the same id. Every key of the format can be given, and wins over
what is made up here; `without` takes keys away. `taken_from` reads exports again.
"""

from __future__ import annotations

import gzip
import json
import zipfile
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import frozen

from app.adapters.exports import ExportHistory
from app.domain.model import snowflake_at
from app.ports.history import Failure, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from app.domain.model import Message

    Json = dict[str, Any]

START = datetime(2024, 1, 15, 12, tzinfo=UTC)
EXPORTED_AT = datetime(2026, 3, 1, tzinfo=UTC)


def id_of(name: str) -> int:
    """Return the id that a server, channel, person or role of this name has in tests."""
    return 10**17 + zlib.crc32(name.encode())


def message_id(number: int) -> int:
    """Return the id of the message of this number."""
    return snowflake_at(message_time(number)) + 1


def message_time(number: int) -> datetime:
    """Return when the message of this number was sent."""
    return START + timedelta(minutes=number)


def user(name: str, **keys: object) -> Json:
    """Return somebody as author or mention; bears no nickname and no roles."""
    made = {"id": str(id_of(name)), "name": name, "discriminator": "0000", "nickname": name}
    return {**made, "color": None, "isBot": False, "roles": [], "avatarUrl": "", **keys}


def role(name: str) -> Json:
    """Return a role, as it stands with those who bear it."""
    return {"id": str(id_of(name)), "name": name, "color": "#3498DB", "position": 1}


def message(
    number: int, content: str = "hello", *, author: str | Json = "alice", **keys: object
) -> Json:
    """Return a message; its author is given by name or made beforehand."""
    made: Json = {
        "id": str(message_id(number)),
        "type": "Default",
        "timestamp": message_time(number).isoformat(),
        "timestampEdited": None,
        "callEndedTimestamp": None,
        "isPinned": False,
        "content": content,
        "author": user(author) if isinstance(author, str) else author,
    }
    lists = ("attachments", "embeds", "stickers", "reactions", "mentions", "inlineEmojis")
    return {**made, **{each: [] for each in lists}, **keys}


def reply(
    number: int, to: int, content: str = "hello", *, author: str | Json = "alice", **keys: object
) -> Json:
    """Return a reply to the message of number `to` in the channel `general`."""
    target = {
        "type": "Default",
        "messageId": str(message_id(to)),
        "channelId": str(id_of("general")),
        "guildId": str(id_of("Testers")),
    }
    made = message(number, content, author=author, type="Reply", reference=target)
    return {**made, **keys}


def channel(name: str = "general", kind: str = "GuildTextChat", **keys: object) -> Json:
    """Return a channel."""
    made = {"id": str(id_of(name)), "type": kind, "categoryId": None, "category": None}
    return {**made, "name": name, "topic": None, **keys}


def thread(name: str, parent: str = "general", kind: str = "GuildPublicThread") -> Json:
    """Return a thread or forum post; the format calls its parent its category."""
    return channel(name, kind, categoryId=str(id_of(parent)), category=parent)


def export(
    messages: Iterable[Json],
    place: str | Json = "general",
    guild: str | Json = "Testers",
    **keys: object,
) -> Json:
    """Return a whole document; `place` and `guild` are given by name or made beforehand."""
    messages = list(messages)
    if isinstance(guild, str):
        guild = {"id": str(id_of(guild)), "name": guild, "iconUrl": ""}
    return {
        "guild": guild,
        "channel": channel(place) if isinstance(place, str) else place,
        "dateRange": {"after": None, "before": None},
        "exportedAt": EXPORTED_AT.isoformat(),
        "messages": messages,
        "messageCount": len(messages),
        **keys,
    }


def without(document: Json, *keys: str) -> Json:
    """Return a copy that lacks these keys."""
    return {key: value for key, value in document.items() if key not in keys}


def text_of(document: object) -> bytes:
    """Return a document as the exporter's writer puts it down: indented, UTF-8."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "surrogatepass")


def write(path: Path, document: object) -> Path:
    """Write one export, or bytes as they are; compressed where the name ends with `.gz`."""
    text = document if isinstance(document, bytes) else text_of(document)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def write_archive(path: Path, members: Mapping[str, object]) -> Path:
    """Write a zip archive; a member that is bytes already goes in as it is."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member if isinstance(member, bytes) else text_of(member))
    return path


@frozen
class Taken:
    """What a history gave."""

    pages: list[Page]
    failures: list[Failure]

    @property
    def messages(self) -> list[Message]:
        """All messages, in the order in which they came."""
        return [each for page in self.pages for each in page.messages]

    @property
    def skipped(self) -> int:
        """How many were counted as said by nobody."""
        return sum(page.skipped for page in self.pages)


async def taken_from(*paths: Path) -> Taken:
    """Read all that lies at these paths."""
    parts = [part async for part in ExportHistory(paths).pages()]
    return Taken(
        [part for part in parts if isinstance(part, Page)],
        [part for part in parts if isinstance(part, Failure)],
    )
