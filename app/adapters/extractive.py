"""ExtractiveChatModel: answers with quotes from the best excerpts; needs nothing installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from app.domain.extracts import answer_with_quotes
from app.ports.language import ChatModel, Completion, Readiness, Token

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.domain.prompt import Prompt


@frozen
class ExtractiveChatModel(ChatModel):
    """Quotes the messages that speak to the question, and writes no sentence of its own."""

    name: str = "extractive"

    async def stream(
        self, prompt: Prompt, limit_chars: int
    ) -> AsyncGenerator[Token | Completion, None]:
        """Yield the answer quote by quote."""
        for piece in answer_with_quotes(prompt, limit_chars):
            yield Token(piece)
        yield Completion(self.name)

    async def readiness(self) -> Readiness:
        """Tell that it is ready, as it always is."""
        return Readiness("ok", "quotes the messages it is given")

    async def close(self) -> None:
        """Nothing to let go of."""
