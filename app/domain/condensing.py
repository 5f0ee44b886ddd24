"""Condense: let a model take notes of more messages than it can read at once.

Map and reduce over slices of time: a note on each slice, then one answer from the notes.
The numbers of the messages are unique over all slices, so that a citation in a note means
the same in the answer.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from app.domain.errors import ModelUnavailable
from app.domain.grounding import check_citations, cut_repetitions
from app.domain.prompt import Prompt, frame_excerpts, frame_notes
from app.domain.reply import cut_text
from app.ports.language import Completion

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from app.domain.prompt import Excerpt
    from app.ports.language import ChatModel

SHORTEST_NOTE_CHARS = 200

MAP_TASK = (
    "These messages are part {part} of {parts} of those asked about. Note in at most {limit}"
    " characters what they say that matters for the question, in short points, and cite the"
    " number of a message after each point."
)


@frozen
class Progress:
    """So many parts of what is to be read have been read."""

    done: int
    total: int


@frozen
class Condensed:
    """The prompt that asks for an answer from the notes, and what the notes took."""

    prompt: Prompt
    tokens_used: int | None = None


@frozen
class Condense:
    """Notes slices of excerpts with a model; the notes take at most `context_chars` together."""

    model: ChatModel
    context_chars: int

    async def stream(
        self,
        prompt: Prompt,
        slices: Sequence[Sequence[Excerpt]],
    ) -> AsyncGenerator[Progress | Condensed, None]:
        """Yield `Progress` before the first and after each slice, then the `Condensed`.

        `prompt` holds the question, instructions and all excerpts. Raises what the model
        raises, and `ModelUnavailable` when it noted nothing at all.
        """
        notes: list[str] = []
        tokens: int | None = 0
        yield Progress(0, len(slices))
        for part, excerpts in enumerate(slices, 1):
            note, completion = await self._note(prompt, excerpts, part, len(slices))
            notes.append(note)
            used = completion.tokens_used
            tokens = None if tokens is None or used is None else tokens + used
            yield Progress(part, len(slices))
        if not any(notes):
            raise ModelUnavailable("The model noted nothing of what it read.")
        user = frame_notes(prompt.question, notes, prompt.brief)
        yield Condensed(
            Prompt(prompt.system, user, prompt.question, prompt.excerpts, prompt.brief), tokens
        )

    async def _note(
        self,
        prompt: Prompt,
        excerpts: Sequence[Excerpt],
        part: int,
        parts: int,
    ) -> tuple[str, Completion]:
        limit = max(SHORTEST_NOTE_CHARS, self.context_chars // parts - SHORTEST_NOTE_CHARS // 4)
        task = MAP_TASK.format(part=part, parts=parts, limit=limit)
        brief = evolve(prompt.brief, facts=())
        user = frame_excerpts(prompt.question, excerpts, brief, task=task)
        asked = Prompt(prompt.system, user, prompt.question, tuple(excerpts))
        written, completion = "", Completion(self.model.name)
        async with aclosing(self.model.stream(asked, limit)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    completion = piece
                else:
                    written += piece.text
        numbers = {excerpt.number for excerpt in excerpts}
        note, _ = check_citations(cut_repetitions(written.strip()), numbers)
        return cut_text(note, limit), completion
