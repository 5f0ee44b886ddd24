"""What people say on a server for tests: messages, excerpts and prompts in one line each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zlib import crc32

from app.domain.model import Author, Channel, Message, snowflake_at
from app.domain.prompt import Excerpt, build_prompt

if TYPE_CHECKING:
    from app.domain.prompt import Prompt

START = datetime(2024, 1, 15, 14, 30, tzinfo=UTC)
GUILD = 1


def say(text: str, minute: int = 0, *, author: str = "ana", channel: str = "general") -> Message:
    """Return what somebody said so many minutes after 2024-01-15 14:30."""
    moment = START + timedelta(minutes=minute)
    return Message(
        id=snowflake_at(moment) + crc32(f"{channel}/{author}".encode()) % 4096,
        channel=Channel(crc32(channel.encode()), GUILD, channel),
        author=Author(crc32(author.encode()), author, author),
        created_at=moment,
        content=text,
        observed_at=moment,
    )


def excerpts_of(*texts: str) -> tuple[Excerpt, ...]:
    """Return what ana, ben, cleo and so on said, the best first, numbered from 1."""
    names = ("ana", "ben", "cleo", "dan", "eve", "fay")
    return tuple(
        Excerpt(at + 1, say(text, at, author=names[at % len(names)]), text, rank=at)
        for at, text in enumerate(texts)
    )


def prompt_of(question: str, *texts: str) -> Prompt:
    """Return a prompt with these texts as its excerpts, the best first."""
    return build_prompt(question, excerpts_of(*texts))
