"""The two models: one that writes answers, one that turns text into vectors."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from app.domain.prompt import Prompt
    from app.domain.vectors import EmbeddingIdentity, Vector

_COMMON_WORDS = frozenset({"No", "The", "There", "What"})
"""How details begin that do not begin with a name."""


@frozen
class Token:
    """A piece of the answer as it is written."""

    text: str


@frozen
class Completion:
    """The end of an answer: who wrote it, and what it took.

    `tokens_used` counts prompt and answer, `None` when the server did not say.
    `limit_reached` is true when the answer ended because its length ran out; `note` says
    why this model wrote it, where another one was hoped for.
    """

    model: str
    tokens_used: int | None = None
    limit_reached: bool = False
    note: str | None = None


@frozen
class Readiness:
    """Whether a dependency can serve: `ok`, `degraded`, `down` or `off`, and why."""

    state: str
    detail: str

    @property
    def cause(self) -> str:
        """The detail as it reads after "because", without what to do about it.

        "No Ollama answers at ADDRESS: start it" gives "no Ollama answers at ADDRESS".
        """
        cause, _, _ = self.detail.rstrip(".").partition(": ")
        first, blank, rest = cause.partition(" ")
        return (first.lower() if first in _COMMON_WORDS else first) + blank + rest


class ChatModel(Protocol):
    """Writes an answer to a prompt."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The model's name as users know it."""
        ...

    @abstractmethod
    def stream(self, prompt: Prompt, limit_chars: int) -> AsyncGenerator[Token | Completion, None]:
        """Yield the answer piece by piece, then exactly one `Completion`.

        Stops by itself within about `limit_chars` characters. Closing the iterator stops
        the generation. Raises `ModelMissing`, `ModelTimeout` or `ModelUnavailable`, before
        the first token or in the middle.
        """
        ...

    @abstractmethod
    async def readiness(self) -> Readiness:
        """Tell whether the model could answer now; never raises, answers within seconds."""
        ...

    @abstractmethod
    async def close(self) -> None:
        """Let go of connections; can be called twice."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors of unit length."""

    @property
    @abstractmethod
    def identity(self) -> EmbeddingIdentity:
        """Which embedding this is; the same identity gives the same vectors."""
        ...

    @abstractmethod
    async def embed(self, texts: Sequence[str]) -> Vector:
        """Return an array of shape (len(texts), dimensions), rows in order, float32.

        Any text is taken: an empty one gets some vector of unit length, a long one is cut
        to what the model reads. Does not block the event loop. Raises
        `EmbedderUnavailable`.
        """
        ...
