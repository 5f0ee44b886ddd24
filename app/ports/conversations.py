"""What was asked before: conversations, by which follow-ups are understood."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.domain.model import Turn


class ConversationStore(Protocol):
    """What was asked in each conversation lately: what follow-ups are understood by.

    Kept are questions and the ids of the messages that were cited, no answers and no
    messages' texts. A conversation is its asker's alone: under the same name everybody has
    their own. It expires when nothing is added for a while; only its last turns and only
    the begin of a very long question are kept. All methods raise `Unavailable` (or a child)
    when the store cannot serve.
    """

    @abstractmethod
    async def turns(self, asker: int, conversation: str) -> tuple[Turn, ...]:
        """Return what was asked, oldest first; empty for a conversation that is unknown."""
        ...

    @abstractmethod
    async def add(self, asker: int, conversation: str, turn: Turn) -> None:
        """Add what was asked last; the conversation begins with its first turn."""
        ...

    @abstractmethod
    async def clear(self, asker: int, conversation: str) -> None:
        """Forget a conversation; one that is unknown is no error."""
        ...

    @abstractmethod
    async def forget_asker(self, asker: int) -> int:
        """Forget all conversations of a person; return how many there were."""
        ...

    @abstractmethod
    async def remove(self, message_ids: Collection[int]) -> None:
        """Forget that these messages were cited anywhere."""
        ...
