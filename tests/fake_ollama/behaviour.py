"""How the fake server behaves: what it refuses, how slow it is, where it breaks."""

from __future__ import annotations

import json

from attrs import field, frozen


@frozen
class Refusal:
    """An answer given in place of the real one, before its first byte."""

    status: int
    body: str
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def error(cls, status: int, text: str) -> Refusal:
        """Return an error as Ollama words it."""
        return cls(status, json.dumps({"error": text}))


class Refused(Exception):
    """A request that gets this refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.body)
        self.refusal = refusal


BUSY = Refusal.error(503, "server busy, please try again.  maximum pending requests exceeded")
WRONG_PATH = Refusal(404, "404 page not found", "text/plain")


@frozen(kw_only=True)
class Behaviour:
    """How chats go; the figures after which something happens count pieces of the answer.

    Nothing more comes after `stall_after`, until `FakeOllama.resume`. The connection
    breaks after `drop_after`; the answer ends without its last line after `end_after`.
    `insert` puts a raw line, an error or garbage, in the place of a piece, and ends the answer.
    `final` changes fields of the last line; a field of `None` is left out.
    """

    refusal: Refusal | None = None
    refused_paths: tuple[str, ...] = ("/api/chat",)
    seconds_to_load: float = 0.0
    seconds_before: float = 0.0
    seconds_between: float = 0.0
    stall_after: int | None = None
    drop_after: int | None = None
    end_after: int | None = None
    insert: tuple[int, str] | None = None
    final: dict[str, object] = field(factory=dict)
