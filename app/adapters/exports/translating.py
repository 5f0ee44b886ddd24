"""A message of the format as a message of the domain."""

from __future__ import annotations

from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attrs import define, field

from app.adapters.exports.heads import Head, name_or_id, snowflake, time_or_none
from app.domain.cleaning import Names, clean_content, clean_name
from app.domain.errors import InvalidInput
from app.domain.model import Author, Message
from app.domain.reply import cut_text
from app.domain.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Json = Mapping[str, Any]

CONTENT_LIMIT_CHARS = 100_000
"""Far beyond what anybody can write in Discord; the rest of a longer text is cut."""
EMBED_LIMIT_CHARS = 6_000
"""What Discord allows in all embeds of a message together."""
PREVIEW_LIMIT_CHARS = 500
"""Beside a text, an embed is the preview of its link: enough to know it again."""
PARTS_LIMIT = 250
"""As many as Discord allows of roles, and more than of anything else in a list."""
_FILE_NAME_LIMIT_CHARS = 260
_PEOPLE_KEPT = 20_000

# What people said. 20: the answer to a command; 21: the message that a thread hangs from.
_NO_NAMES = Names()
_SPOKEN = ("Default", "Reply", "20", "21")


@define
class Translator:
    """Translates the messages of one export.

    `channels` are the names of the server's channels, from all exports at hand. Roles
    have names here only with the people who bear them: those of earlier messages count.
    """

    head: Head
    channels: Mapping[int, str]
    _roles: dict[int, str] = field(factory=dict, init=False)
    _people: set[int] = field(factory=set, init=False)
    """Whose roles are known already."""

    def translate(self, raw: object) -> Message | None:
        """Return the message; `None` for what nobody said: system notices, empty messages.

        An export that does not say when it was made has seen each message at its last
        edit, so that any later export is the newer. Raises `InvalidInput` when a part
        that every message has is absent or cannot be read.
        """
        if not isinstance(raw, dict):
            raise InvalidInput("it is not a message")
        if str(raw.get("type", "Default")) not in _SPOKEN:
            return None
        created_at = parse_time(_required_text(raw, "timestamp"), UTC)
        edited_at = time_or_none(raw.get("timestampEdited"))
        content, embeds, attachments = self._said(raw)
        message = Message(
            id=snowflake(raw.get("id"), "it"),
            channel=self.head.channel,
            author=self._author(raw.get("author")),
            created_at=created_at,
            content=content,
            observed_at=self.head.exported_at or edited_at or created_at,
            edited_at=edited_at,
            attachments=attachments,
            embeds=embeds,
            reply_to=self._reply_to(raw.get("reference")),
        )
        return message if message.text else None

    def _author(self, raw: object) -> Author:
        if not isinstance(raw, dict):
            raise InvalidInput("it has no author")
        author_id = snowflake(raw.get("id"), "its author")
        self._learn_roles(author_id, raw)
        is_bot = raw.get("isBot") is True
        return _known_author(author_id, _text(raw, "name"), _text(raw, "nickname"), is_bot)

    def _reply_to(self, reference: object) -> int | None:
        """Return the message of this channel that a reference answers, if it does.

        A forward refers as well, and so does a copy from an announcement channel.
        """
        if not isinstance(reference, dict) or reference.get("type", "Default") != "Default":
            return None
        try:
            channel_id = snowflake(reference.get("channelId") or self.head.channel.id, "it")
            message_id = snowflake(reference.get("messageId"), "it")
        except InvalidInput:
            return None
        return message_id if channel_id == self.head.channel.id else None

    def _said(self, raw: Json) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """Return content, embeds and names of attachments, those of a forwarded message too."""
        _required_text(raw, "content")
        forwarded = raw.get("forwardedMessage")
        parts = (raw, forwarded) if isinstance(forwarded, dict) else (raw,)
        texts = [self._clean(raw, _text(part, "content")) for part in parts]
        content = cut_text("\n".join(filter(None, texts)), CONTENT_LIMIT_CHARS)
        embeds = [text for part in parts for text in self._embedded(raw, part, content)]
        names = (
            clean_name(_text(attachment, "fileName"), _FILE_NAME_LIMIT_CHARS)
            for part in parts
            for attachment in _objects(part, "attachments")
        )
        return content, tuple(dict.fromkeys(embeds)), tuple(filter(None, names))

    def _embedded(self, raw: Json, part: Json, content: str) -> Iterator[str]:
        """Yield the text of each embed, and the name of each sticker."""
        limit = PREVIEW_LIMIT_CHARS if content else EMBED_LIMIT_CHARS
        for embed in _objects(part, "embeds"):
            cleaned = (self._clean(raw, text) for text in _embed_texts(embed))
            fresh = dict.fromkeys(text for text in cleaned if text and text not in content)
            if text := cut_text("\n".join(fresh), limit):
                yield text
        for sticker in _objects(part, "stickers"):
            if name := clean_name(_text(sticker, "name")):
                yield name

    def _clean(self, raw: Json, text: str) -> str:
        has_tokens = "<" in text
        return clean_content(text, self._names(raw) if has_tokens else _NO_NAMES)

    def _names(self, raw: Json) -> Names:
        """Return what the ids in this message's text stand for."""
        users = {}
        for user in _objects(raw, "mentions"):
            try:
                user_id = snowflake(user.get("id"), "it")
            except InvalidInput:
                continue
            users[user_id] = _text(user, "nickname") or _text(user, "name")
            self._learn_roles(user_id, user)
        return Names(users, self._roles, self.channels)

    def _learn_roles(self, user_id: int, user: Json) -> None:
        if user_id in self._people:
            return
        if len(self._people) >= _PEOPLE_KEPT:
            self._people.clear()
        self._people.add(user_id)
        for role in _objects(user, "roles"):
            try:
                self._roles[snowflake(role.get("id"), "it")] = _text(role, "name")
            except InvalidInput:
                continue


@lru_cache(_PEOPLE_KEPT)
def _known_author(author_id: int, name: str, nickname: str, is_bot: bool) -> Author:  # noqa: FBT001 - a key
    """Return one object for everything that somebody said under the same names."""
    known = name_or_id(name, author_id)
    return Author(author_id, known, clean_name(nickname) or known, is_bot)


def _embed_texts(embed: Json) -> Iterator[str]:
    """Yield what can be read in an embed, from top to bottom."""
    author = embed.get("author")
    if isinstance(author, dict):
        yield _text(author, "name")
    yield _text(embed, "title")
    yield _text(embed, "description")
    for each in _objects(embed, "fields"):
        yield ": ".join(filter(None, (_text(each, "name"), _text(each, "value"))))


def _required_text(raw: Json, key: str) -> str:
    text = raw.get(key)
    if isinstance(text, str):
        return text
    raise InvalidInput(f"it has no {key}")


def _text(raw: Json, key: str) -> str:
    """Return an optional text, cut where no text in Discord goes on; empty for anything else."""
    text = raw.get(key)
    return text[:CONTENT_LIMIT_CHARS] if isinstance(text, str) else ""


def _objects(raw: Json, key: str) -> list[Json]:
    """Return the objects of an optional list."""
    items = raw.get(key)
    if not isinstance(items, list):
        return []
    return [item for item in items[:PARTS_LIMIT] if isinstance(item, dict)]
