"""The talk around the best messages: what they answer, what answers them, what came next.

A short answer rarely says what it answers, and a question found rarely says its answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from app.domain.context import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.model import Message, Surroundings, Window

COMPANIED = 5
"""So many of the best bring companions."""

NEXT = 2
"""So many of the messages that follow come along."""

FEWEST_WORDS = 6
"""What was found further down with fewer words, all different, is not worth its header.

On a bench of human questions over chat a gold short answer stands in 4,000 characters for
.862 of the questions with all of this, for .851 with one message that follows and short ones
too, for .839 without companions, and for .809 with ten messages and their companions alone.
"""


@frozen
class Companion:
    """A message for what room the best leave; `beside` is the id of the one it belongs to.

    It belongs to none where it was found itself, further down.
    """

    message: Message
    beside: int | None = None


def companions_of(
    best: Sequence[Surroundings], window: Window, further: Sequence[Message] = ()
) -> tuple[Companion, ...]:
    """Return what accompanies the first of these messages, each once, in their order.

    `best` is best first. Those are the message replied to, the replies and the next messages
    of the channel, as far as they lie in the window that the question named; then follows
    what was found `further` down, if it says something by itself.
    """
    known = {around.message.id for around in best}
    found: dict[int, Companion] = {}
    for around in best[:COMPANIED]:
        for message in (*around.related, *around.after[:NEXT]):
            if message.id not in known and message.created_at in window:
                found.setdefault(message.id, Companion(message, around.message.id))
    for message in further:
        if message.id not in known and len(words_of(message.text)) >= FEWEST_WORDS:
            found.setdefault(message.id, Companion(message))
    return tuple(found.values())
