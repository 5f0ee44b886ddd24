"""`/api/chat`: from a request to the lines of the answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from attrs import frozen

from tests.fake_ollama.behaviour import Refusal, Refused
from tests.fake_ollama.models import Model, seconds_of
from tests.fake_ollama.prompts import count_tokens, in_pieces, within_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fake_ollama.behaviour import Behaviour
    from tests.fake_ollama.connection import Connection
    from tests.fake_ollama.models import Models
    from tests.fake_ollama.prompts import Chat
    from tests.fake_ollama.server import FakeOllama


@frozen
class Turn:
    """A request for an answer, read."""

    model: Model
    chat: Chat
    options: dict[str, object]
    keep_alive: object
    is_streamed: bool

    @classmethod
    def read(cls, asked: dict[str, object], models: Models) -> Self:
        """Read a request; raises `Refused` or `ValueError` for what Ollama refuses."""
        model = models.named(asked)
        if "completion" not in model.capabilities:
            raise Refused(Refusal.error(400, f'"{asked["model"]}" does not support chat'))
        if asked.get("think") and "thinking" not in model.capabilities:
            raise Refused(Refusal.error(400, f'"{asked["model"]}" does not support thinking'))
        if asked.get("keep_alive") is not None:
            seconds_of(asked["keep_alive"])
        options, chat = asked.get("options") or {}, asked.get("messages") or []
        if not isinstance(options, dict) or not isinstance(chat, list):
            raise ValueError("invalid options or messages")  # noqa: TRY004 (becomes a status 400)
        return cls(model, chat, options, asked.get("keep_alive"), asked.get("stream") is not False)

    def load_or_unload(self, models: Models) -> dict[str, object]:
        """Do what a request without messages is for."""
        if self.keep_alive is not None and seconds_of(self.keep_alive) == 0:
            models.loaded.pop(self.model.name, None)
            return self._line("", done=True, done_reason="unload")
        models.load(self.model, self.options, self.keep_alive)
        return self._line("", done=True, done_reason="load")

    async def take(self, server: FakeOllama, behaviour: Behaviour, connection: Connection) -> None:
        """Load the model where it must be, and write the answer as the behaviour has it."""
        if server.models.needs_loading(self.model, self.options):
            await asyncio.sleep(behaviour.seconds_to_load)
        loaded = server.models.load(self.model, self.options, self.keep_alive)
        seen = within_context(self.chat, loaded.num_ctx)
        pieces = list(in_pieces(server.answer(seen)))
        limit = self.options.get("num_predict")
        written = pieces[:limit] if isinstance(limit, int) and limit >= 0 else pieces
        figures: dict[str, object] = {
            "done_reason": "length" if len(written) < len(pieces) else "stop",
            "total_duration": 5_000_000,
            "load_duration": 1_000_000,
            "prompt_eval_count": sum(count_tokens(message["content"]) for message in seen),
            "prompt_eval_duration": 2_000_000,
            "eval_count": len(written),
            "eval_duration": 2_000_000,
        } | behaviour.final
        kept = {name: value for name, value in figures.items() if value is not None}
        await asyncio.sleep(behaviour.seconds_before)
        if self.is_streamed:
            await self._stream(written, kept, behaviour, server.resumed, connection)
        else:
            if behaviour.stall_after is not None:
                await server.resumed.wait()
            await connection.tell(self._line("".join(written), done=True, **kept))

    async def _stream(
        self,
        pieces: list[str],
        figures: Mapping[str, object],
        behaviour: Behaviour,
        resumed: asyncio.Event,
        connection: Connection,
    ) -> None:
        lines = [self._line(piece, done=False) for piece in pieces]
        for number, line in enumerate([*lines, self._line("", done=True, **figures)]):
            if number == behaviour.stall_after:
                await resumed.wait()
            if number == behaviour.drop_after:
                connection.break_off()
                return
            if behaviour.insert and number == behaviour.insert[0]:
                await connection.write_raw_line(behaviour.insert[1])
                break
            if number == behaviour.end_after:
                break
            await connection.write_line(line)
            await asyncio.sleep(behaviour.seconds_between)
        await connection.end()

    def _line(self, content: str, *, done: bool, **figures: object) -> dict[str, object]:
        return {
            "model": self.model.name,
            "created_at": datetime.now(UTC).isoformat(),
            "message": {"role": "assistant", "content": content},
            "done": done,
            **figures,
        }
