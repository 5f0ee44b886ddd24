"""ExtractiveChatModel: answers with quotes from the best excerpts; needs nothing installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from app.domain.extracts import answer_with_quotes
from app.domain.listing import answer_with_list
from app.domain.summarizing import answer_with_digest
from app.ports.language import ChatModel, Completion, Readiness, Token

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.domain.prompt import Prompt


@frozen
class ExtractiveChatModel(ChatModel):
    """Quotes the messages that speak to the question; what else it writes was counted."""

    name: str = "extractive"

    async def stream(
        self, prompt: Prompt, limit_chars: int
    ) -> AsyncGenerator[Token | Completion, None]:
        """Yield the answer piece by piece."""
        for piece in _pieces(prompt, limit_chars):
            yield Token(piece)
        yield Completion(self.name)

    async def readiness(self) -> Readiness:
        """Tell that it is ready, as it always is."""
        return Readiness("ok", "quotes the messages it is given")

    async def close(self) -> None:
        """Nothing to let go of."""


def _pieces(prompt: Prompt, limit_chars: int) -> list[str]:
    """Write the kind of answer for which something was counted, else quotes."""
    brief = prompt.brief
    if brief.digest is not None:
        return answer_with_digest(brief.digest, prompt.excerpts, limit_chars, brief.zone)
    if brief.tally is not None:
        return answer_with_list(brief.tally, prompt.excerpts, limit_chars, brief.zone)
    return answer_with_quotes(prompt, limit_chars)
