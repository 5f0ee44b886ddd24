"""MemoryConversationStore: conversations in this process, gone when it ends."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from app.ports.conversations import ConversationStore

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.domain.model import Turn
    from app.ports.runtime import Clock

    Key = tuple[int, str]

QUESTION_CHARS = 1_000
"""How much is kept of a question."""


@frozen
class _Conversation:
    """The last turns, and until when they are kept, by the clock's stopwatch."""

    turns: tuple[Turn, ...]
    expires_at: float


@frozen
class MemoryConversationStore(ConversationStore):
    """At most `most_conversations`, of which the one untouched for longest goes first."""

    clock: Clock
    expiry_seconds: float = 1_800.0
    most_turns: int = 5
    most_conversations: int = 10_000
    _kept: OrderedDict[Key, _Conversation] = field(factory=OrderedDict, init=False)
    # In the order of their last turns, which is that in which they expire.

    async def turns(self, asker: int, conversation: str) -> tuple[Turn, ...]:
        """Return what was asked before it expired."""
        self._drop_expired()
        kept = self._kept.get((asker, conversation))
        return kept.turns if kept else ()

    async def add(self, asker: int, conversation: str, turn: Turn) -> None:
        """Add a turn, and begin to wait for the next one."""
        earlier = await self.turns(asker, conversation)
        turns = (*earlier, evolve(turn, text=turn.text[:QUESTION_CHARS]))[-self.most_turns :]
        expires_at = self.clock.monotonic() + self.expiry_seconds
        self._kept[asker, conversation] = _Conversation(turns, expires_at)
        self._kept.move_to_end((asker, conversation))
        while len(self._kept) > self.most_conversations:
            self._kept.popitem(last=False)

    async def clear(self, asker: int, conversation: str) -> None:
        """Forget a conversation."""
        self._kept.pop((asker, conversation), None)

    async def forget_asker(self, asker: int) -> int:
        """Forget a person's conversations."""
        self._drop_expired()
        theirs = [key for key in self._kept if key[0] == asker]
        for key in theirs:
            del self._kept[key]
        return len(theirs)

    async def remove(self, message_ids: Collection[int]) -> None:
        """Forget that messages were cited."""
        gone = frozenset(message_ids)
        for key, kept in self._kept.items():
            turns = tuple(
                evolve(turn, cited=tuple(i for i in turn.cited if i not in gone))
                for turn in kept.turns
            )
            self._kept[key] = evolve(kept, turns=turns)

    def _drop_expired(self) -> None:
        now = self.clock.monotonic()
        while self._kept and next(iter(self._kept.values())).expires_at <= now:
            self._kept.popitem(last=False)
