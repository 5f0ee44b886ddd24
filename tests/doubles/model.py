"""Chat models that write what a test told them, or fail as it wants."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from app.domain.errors import ModelUnavailable
from app.ports.language import ChatModel, Completion, Readiness, Token

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from app.domain.prompt import Prompt


def cite_first(prompt: Prompt) -> str:
    """Answer with the first excerpt and its number."""
    if not prompt.excerpts:
        return "The messages do not say."
    return f"{prompt.excerpts[0].text} [{prompt.excerpts[0].number}]"


@frozen(eq=False)
class ScriptedChatModel(ChatModel):
    """Writes the words of `answer`, one by one; `prompts` are those that it was given."""

    answer: str | Callable[[Prompt], str] = cite_first
    tokens_used: int | None = 42
    name: str = "scripted"
    prompts: list[Prompt] = field(factory=list, init=False)

    async def stream(
        self, prompt: Prompt, limit_chars: int
    ) -> AsyncGenerator[Token | Completion, None]:
        self.prompts.append(prompt)
        whole = self.answer if isinstance(self.answer, str) else self.answer(prompt)
        written = whole[: limit_chars + 1]
        for piece in re.findall(r"\s*\S+|\s+", written):
            await asyncio.sleep(0)
            yield Token(piece)
        yield Completion(self.name, self.tokens_used, limit_reached=len(whole) > limit_chars)

    async def readiness(self) -> Readiness:
        return Readiness("ok", "follows a script")

    async def close(self) -> None:
        """Nothing to let go of."""


@frozen(eq=False)
class BrokenChatModel(ChatModel):
    """Writes `begin` and then fails."""

    error: ModelUnavailable = field(factory=lambda: ModelUnavailable("The model is broken."))
    begin: str = ""
    name: str = "broken"

    async def stream(
        self, prompt: Prompt, limit_chars: int
    ) -> AsyncGenerator[Token | Completion, None]:
        if self.begin:
            yield Token(self.begin[:limit_chars])
        raise self.error

    async def readiness(self) -> Readiness:
        return Readiness("down", str(self.error).rstrip("."))

    async def close(self) -> None:
        """Nothing to let go of."""
