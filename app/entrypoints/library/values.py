"""What goes into the library and what comes out: messages, responses, figures."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from app.domain.model import Author, Channel, Message
from app.domain.prompt import Excerpt
from app.domain.times import as_utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@frozen
class MessageContext:
    """A message that the caller has found; a timestamp without a zone is local time."""

    content: str
    author: str
    channel: str
    timestamp: datetime
    message_id: str
    similarity_score: float = 0.0


@frozen
class LLMResponse:
    """What came of a question; `response_time` is in seconds.

    `tokens_used` counts prompt and answer, `None` when unknown. Where `success` is false,
    `content` is a sentence for whoever asked and `error` one for whoever runs the program.
    """

    content: str
    tokens_used: int | None
    response_time: float
    model_used: str
    success: bool
    error: str | None = None


@define
class ResponseMetrics:
    """Adds up responses, from any thread."""

    _lock: Lock = field(factory=Lock, init=False)
    _total: int = field(default=0, init=False)
    _successful: int = field(default=0, init=False)
    _seconds: float = field(default=0.0, init=False)
    _tokens: int = field(default=0, init=False)

    def add(self, response: LLMResponse) -> None:
        """Count a response."""
        with self._lock:
            self._total += 1
            self._successful += response.success
            self._seconds += response.response_time
            self._tokens += response.tokens_used or 0

    def summary(self) -> dict[str, float]:
        """Return sums and means of all responses so far; zeros where there was none."""
        with self._lock:
            return {
                "total_requests": self._total,
                "successful_requests": self._successful,
                "average_response_time": self._seconds / self._total if self._total else 0.0,
                "total_tokens_used": self._tokens,
                "success_rate": self._successful / self._total if self._total else 0.0,
            }


def as_excerpts(messages: Sequence[MessageContext]) -> tuple[Excerpt, ...]:
    """Return the messages as a model that quotes takes them: numbered, the best first."""
    return tuple(
        Excerpt(rank + 1, _as_message(context), context.content, rank)
        for rank, context in enumerate(messages)
    )


def _as_message(context: MessageContext) -> Message:
    moment = as_utc(context.timestamp, None)
    channel = Channel(0, 0, context.channel)
    author = Author(0, context.author, context.author)
    return Message(0, channel, author, moment, context.content, moment)
