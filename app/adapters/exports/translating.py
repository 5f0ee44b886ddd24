"""A message of the format as a message of the domain."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from attrs import define, field

from app.adapters.exports.fields import (
    TEXT_LIMIT_CHARS,
    object_at,
    objects_at,
    required_text,
    snowflake,
    snowflake_or_none,
    text_at,
    time_at,
)
from app.adapters.exports.people import People
from app.domain.cleaning import Names, clean_content, clean_name
from app.domain.errors import InvalidInput
from app.domain.model import Message
from app.domain.reply import cut_text
from app.domain.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.adapters.exports.fields import Json
    from app.adapters.exports.heads import Head

EMBED_LIMIT_CHARS = 6_000
"""What Discord allows in all embeds of a message together."""
PREVIEW_LIMIT_CHARS = 500
"""Beside a text, an embed is the preview of its link: enough to know it again."""
FILE_NAME_LIMIT_CHARS = 260

# What people said. 20: the answer to a command; 21: the message that a thread hangs from;
# 0 and 19 are the first two, as others may write them.
_SPOKEN = ("Default", "Reply", "20", "21", "0", "19")
_NO_NAMES = Names()


@define
class Translator:
    """Translates the messages of one export.

    `channels` are the names of the server's channels, from all exports at hand. Roles
    have names here only with the people who bear them: those of earlier messages count.
    """

    head: Head
    channels: Mapping[int, str]
    _people: People = field(factory=People, init=False)

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
        message_id = snowflake(raw.get("id"), "it")
        created_at = parse_time(required_text(raw, "timestamp"), UTC)
        edited_at = time_at(raw, "timestampEdited")
        author = self._people.author(raw.get("author"))
        content = self._content(raw)
        message = Message(
            id=message_id,
            channel=self.head.channel,
            author=author,
            created_at=created_at,
            content=content,
            observed_at=self.head.exported_at or edited_at or created_at,
            edited_at=edited_at,
            attachments=_attachments(raw),
            embeds=self._embeds(raw, content),
            reply_to=self._reply_to(object_at(raw, "reference")),
        )
        return message if message.text else None

    def _reply_to(self, reference: Json) -> int | None:
        """Return the message of this channel that a reference answers, if it does.

        A forward refers as well, and so does a copy from an announcement channel.
        """
        channel_id = reference.get("channelId")
        is_here = channel_id is None or snowflake_or_none(channel_id) == self.head.channel.id
        if not is_here or reference.get("type", "Default") != "Default":
            return None
        return snowflake_or_none(reference.get("messageId"))

    def _content(self, raw: Json) -> str:
        texts = (
            required_text(raw, "content"),
            text_at(object_at(raw, "forwardedMessage"), "content"),
        )
        said = filter(None, (self._clean(raw, text) for text in texts))
        return cut_text("\n".join(said), TEXT_LIMIT_CHARS)

    def _embeds(self, raw: Json, content: str) -> tuple[str, ...]:
        """Return the text of every embed, and the name of every sticker."""
        embeds = (self._embed(raw, embed, content) for embed in _all(raw, "embeds"))
        stickers = (clean_name(text_at(sticker, "name")) for sticker in _all(raw, "stickers"))
        return tuple(dict.fromkeys(filter(None, (*embeds, *stickers))))

    def _embed(self, raw: Json, embed: Json, content: str) -> str:
        """Return what can be read in an embed, every line once."""
        lines = dict.fromkeys(self._clean(raw, text) for text in _embed_texts(embed))
        limit = PREVIEW_LIMIT_CHARS if content else EMBED_LIMIT_CHARS
        return cut_text("\n".join(filter(None, lines)), limit)

    def _clean(self, raw: Json, text: str) -> str:
        """Clean a text of a message; what its ids stand for is looked up where it has some."""
        names = _NO_NAMES
        if "<" in text:
            names = Names(self._people.mentioned(raw), self._people.roles, self.channels)
        return clean_content(text, names)


def _embed_texts(embed: Json) -> Iterator[str]:
    yield text_at(object_at(embed, "author"), "name")
    yield text_at(embed, "title")
    yield text_at(embed, "description")
    for line in objects_at(embed, "fields"):
        yield ": ".join(filter(None, (text_at(line, "name"), text_at(line, "value"))))


def _attachments(raw: Json) -> tuple[str, ...]:
    names = (text_at(file, "fileName") for file in _all(raw, "attachments"))
    return tuple(filter(None, (clean_name(name, FILE_NAME_LIMIT_CHARS) for name in names)))


def _all(raw: Json, key: str) -> list[Json]:
    """Return what a message holds under a key, with what the message forwarded in it holds."""
    return [*objects_at(raw, key), *objects_at(object_at(raw, "forwardedMessage"), key)]
