"""Converse: answer questions of which each may refer to those before it."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from app.domain.asking import Done
from app.domain.model import Turn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.domain.asking import Ask, Event
    from app.domain.model import Question
    from app.ports.conversations import ConversationStore

LOCAL_OPERATOR = 0
"""Who asks, where nobody says who they are: the person at the command line."""


@frozen
class Converse:
    """Asks with what was asked before in mind, and keeps in mind what was asked."""

    ask: Ask
    conversations: ConversationStore

    async def stream(self, question: Question, conversation: str) -> AsyncGenerator[Event, None]:
        """Yield what `Ask.stream` yields for a question of a conversation, raise what it raises.

        An answer that is stopped halfway was asked for all the same. The messages cited
        are kept as ids: the next turn reads them again, in the scope of its own question.
        """
        asker = LOCAL_OPERATOR if question.asker is None else question.asker
        history = await self.conversations.turns(asker, conversation)
        turn = Turn(question.text, question.asked_at)
        try:
            async with aclosing(self.ask.stream(evolve(question, history=history))) as events:
                async for event in events:
                    if isinstance(event, Done):
                        cited = tuple(c.message.id for c in event.answer.citations)
                        turn = evolve(turn, cited=cited)
                    yield event
        finally:
            await self.conversations.add(asker, conversation, turn)

    async def begin_anew(self, question_of: int | None, conversation: str) -> None:
        """Forget what was asked so far in a conversation."""
        asker = LOCAL_OPERATOR if question_of is None else question_of
        await self.conversations.clear(asker, conversation)
