"""Choosing between two chat models by whether the first can serve."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from app.ports.language import ChatModel, Completion, Readiness

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.domain.prompt import Prompt
    from app.ports.language import Token
    from app.ports.runtime import Clock

CHOICE_SECONDS = 30.0
"""How long a choice holds: a server that starts is noticed soon, one that is down costs little."""

NOTE = "answered with quotes, because {cause} (`discord-indexer doctor` says what to do)"


@define
class PreferredChatModel(ChatModel):
    """Uses `first` where it is ready, else the quotes of `otherwise`, and says so in a note."""

    first: ChatModel
    otherwise: ChatModel
    clock: Clock
    _readiness: Readiness | None = field(default=None, init=False)
    _asked_at: float = field(default=0.0, init=False)

    @property
    def name(self) -> str:
        """The name of the model that would answer now, as far as is known."""
        known_down = self._readiness is not None and self._readiness.state != "ok"
        return (self.otherwise if known_down else self.first).name

    async def stream(
        self, prompt: Prompt, limit_chars: int
    ) -> AsyncGenerator[Token | Completion, None]:
        """Let the chosen model answer."""
        readiness = await self._current()
        chosen = self.first if readiness.state == "ok" else self.otherwise
        async with aclosing(chosen.stream(prompt, limit_chars)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion) and chosen is self.otherwise:
                    yield evolve(piece, note=NOTE.format(cause=readiness.cause))
                else:
                    yield piece

    async def readiness(self) -> Readiness:
        """Tell which model would answer, and why where it is the second."""
        self._readiness, self._asked_at = await self.first.readiness(), self.clock.monotonic()
        if self._readiness.state == "ok":
            return self._readiness
        return Readiness("ok", f"{self.otherwise.name}, because {self._readiness.cause}")

    async def close(self) -> None:
        """Close both models."""
        await self.first.close()
        await self.otherwise.close()

    async def _current(self) -> Readiness:
        if self._readiness is None or self.clock.monotonic() - self._asked_at > CHOICE_SECONDS:
            await self.readiness()
        return self._readiness or Readiness("down", "nothing is known of it")
