"""What results look like: the JSON that programs rely on, and text that no message can forge."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, tzinfo

    from app.domain.model import Answer, Citation, Message, Window
    from app.domain.searching import Findings
    from app.ports.storage import GuildOverview

    Json = Mapping[str, Any]

KIBIBYTE = 1_024
_DANGEROUS = {"Cc", "Cs"}  # control characters, halves of surrogate pairs
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What overrides the direction of writing, and would carry over to the rest of the line."""


def printable(text: str) -> str:
    """Return text without what could steer a terminal or turn its writing direction.

    Messages are other people's: one may hold an escape sequence. Line breaks and tabs stay.
    """
    return "".join(
        char
        for char in text
        if char in "\n\t" or not (unicodedata.category(char) in _DANGEROUS or char in _TURNING)
    )


def one_line(text: str) -> str:
    """Return printable text with its white space, line breaks too, as single blanks."""
    return printable(" ".join(text.split()))


def shown_time(moment: datetime, zone: tzinfo) -> str:
    """Return a time as people read it, to the minute."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def shown_bytes(count: float) -> str:
    """Return a size as people read it."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < KIBIBYTE:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= KIBIBYTE
    return f"{count:.1f} TiB"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, which takes an s where there are several."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def as_sentence(reasons: str) -> str:
    """Return one or several reasons as a sentence: each joined part without its own full stop."""
    return reasons.replace(".; ", "; ").removesuffix(".") + "."


def print_json(value: object) -> None:
    """Print a value as one line of JSON in UTF-8, whatever the terminal's encoding is."""
    text = json.dumps(value, ensure_ascii=False)
    click.echo(text.encode("utf-8", "replace"))


def window_json(window: Window | None) -> Json | None:
    """Return a span of time as `{"after", "before"}`, `None` for all of time."""
    if window is None or (window.after is None and window.before is None):
        return None
    return {"after": time_json(window.after), "before": time_json(window.before)}


def time_json(moment: datetime | None) -> str | None:
    """Return a time in ISO 8601 with its offset."""
    return None if moment is None else moment.isoformat()


def _origin_json(message: Message) -> dict[str, Any]:
    return {
        "message_id": str(message.id),
        "channel_id": str(message.channel.id),
        "guild_id": str(message.guild_id),
        "channel": message.channel.name,
        "author": message.author.display_name,
        "timestamp": time_json(message.created_at),
    }


def _citation_json(citation: Citation) -> Json:
    origin = _origin_json(citation.message)
    return {
        "number": citation.number,
        **origin,
        "url": citation.message.url,
        "excerpt": citation.excerpt,
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return an answer in the shape that programs rely on."""
    return {
        "answer": answer.text,
        "success": answer.success,
        "grounded": answer.grounded,
        "degraded": answer.degraded,
        "reason": answer.reason and as_sentence(answer.reason).removesuffix("."),
        "citations": [_citation_json(citation) for citation in answer.citations],
        "model_used": answer.model_used,
        "tokens_used": answer.tokens_used,
        "response_time": answer.response_time,
        "cached": answer.cached,
        "messages_retrieved": answer.messages_retrieved,
        "window": window_json(answer.window),
        "error": answer.error,
    }


def findings_json(findings: Findings, asked_at: datetime) -> Json:
    """Return what a search found in the shape that programs rely on."""
    from app.domain.context import recency

    return {
        "results": [
            {
                **_origin_json(found.message),
                "content": found.message.text,
                "url": found.message.url,
                "score": found.ranked.score,
                "similarity": found.ranked.similarity,
                "recency": recency(found.message.created_at, asked_at),
            }
            for found in findings.found
        ],
        "window": window_json(findings.window),
    }


def guilds_json(overviews: Iterable[GuildOverview]) -> list[Json]:
    """Return what is held of each server in the shape that programs rely on."""
    return [
        {
            "guild_id": str(overview.guild.id),
            "name": overview.guild.name,
            "messages": overview.messages,
            "first": time_json(overview.first),
            "last": time_json(overview.last),
            "waiting": overview.waiting,
            "channels": [
                {
                    "channel_id": str(held.channel.id),
                    "name": held.channel.name,
                    "messages": held.messages,
                    "first": time_json(held.first),
                    "last": time_json(held.last),
                }
                for held in overview.channels
            ],
        }
        for overview in overviews
    ]
