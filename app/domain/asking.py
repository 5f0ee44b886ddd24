"""Ask: answer a question from the archive, with sources."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from app.domain.condensing import Condense, Condensed, Progress
from app.domain.context import ContextPolicy
from app.domain.errors import ModelUnavailable
from app.domain.evidence import Evidence, judge
from app.domain.gathering import Gather, asked_by
from app.domain.grounding import check_citations, cut_repetitions, supporting
from app.domain.model import Answer, Citation, Window
from app.domain.outgoing import disarmed, plain
from app.domain.prompt import SYSTEM_PROMPT, build_prompt, now_of
from app.domain.refusing import Refuse
from app.domain.reply import cut_text, truncate_reply
from app.domain.tokens import chars_that_fit
from app.ports.language import Completion

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from app.domain.gathering import Material
    from app.domain.model import Question
    from app.domain.prompt import Excerpt, Prompt
    from app.domain.searching import Findings, Search
    from app.ports.language import ChatModel
    from app.ports.runtime import Clock
    from app.ports.storage import MessageArchive

EARLIER_CHARS = 300
"""How much of an earlier question of the conversation the model is told."""

EXCERPT_CHARS = 200
"""How much of a message is shown as the excerpt of a citation."""

FURTHER = 6
"""So many times as many messages as asked for are found, to fill what room a model has."""


@frozen
class Sources:
    """The messages that the answer will be drawn from, before it is written."""

    citations: tuple[Citation, ...]


@frozen
class Written:
    """A piece of the answer as the model writes it; who shows it early makes it `disarmed`."""

    text: str


@frozen
class Replaced:
    """Forget what was written so far: this is the answer."""

    text: str


@frozen
class Done:
    """The end: the checked answer and how it came about."""

    answer: Answer
    findings: Findings
    prompt: Prompt | None = None


Event = Sources | Progress | Written | Replaced | Done


@frozen
class AnswerLimits:
    """How much the model reads and writes.

    Instructions, messages, question and answer together fit into `window_tokens`, as far
    as that can be estimated; `None` where nothing bounds them.
    """

    context_chars: int = 4_000
    response_chars: int = 1_800
    window_tokens: int | None = None

    def context_for(self, instructions: str, question: str, found: Sequence[str]) -> int:
        """Return how many characters of messages like those found the model is given."""
        if self.window_tokens is None:
            return self.context_chars
        answer = (question * (self.response_chars // max(1, len(question)) + 1))[
            : self.response_chars
        ]
        fixed = (instructions, question, answer)
        return min(self.context_chars, chars_that_fit(self.window_tokens, fixed, found))


@frozen
class _Draft:
    """What a model wrote, and what it was given; `reason` says why it is not what was hoped for.

    `noted_tokens` were used for notes before it, `None` when unknown.
    """

    text: str
    completion: Completion
    prompt: Prompt
    noted_tokens: int | None = 0
    reason: str | None = None

    @property
    def tokens_used(self) -> int | None:
        """The tokens of the answer and of the notes that it was written from."""
        used, noted = self.completion.tokens_used, self.noted_tokens
        return None if used is None or noted is None else used + noted


@frozen
class Ask:
    """Answers from the messages that a question's scope admits, and from nothing else.

    Where `model` fails, `fallback`, which must not, answers in its place.
    """

    search: Search
    archive: MessageArchive
    model: ChatModel
    fallback: ChatModel
    clock: Clock
    limits: AnswerLimits = field(factory=AnswerLimits)
    system_prompt: str = SYSTEM_PROMPT
    policy: ContextPolicy = ContextPolicy.CONVERSATION

    async def whole(self, question: Question) -> Done:
        """Return the finished answer. Raises what `stream` raises."""
        async with aclosing(self.stream(question)) as events:
            async for event in events:
                if isinstance(event, Done):
                    return event
        message = "the stream ended without an answer"
        raise AssertionError(message)

    async def stream(self, question: Question) -> AsyncGenerator[Event, None]:
        """Yield `Sources`, the answer in pieces, perhaps `Replaced`, and `Done` as the last.

        `Done` holds the truth: the text with its citations checked. A model that fails is
        no error but a degraded answer. Raises `ArchiveUnavailable`.
        """
        started = self.clock.monotonic()
        findings = await self.search.find(question, question.max_results * FURTHER)
        earlier = [cut_text(turn.text, EARLIER_CHARS) for turn in question.history]
        context_chars = self.limits.context_for(
            "\n".join([self.system_prompt, *earlier, now_of(asked_by(question))]),
            question.text,
            [each.message.text for each in findings.found],
        )
        gather = Gather(self.archive, context_chars, self.policy)
        material = await gather.material(question, findings)
        best = findings.found[: question.max_results]
        excerpts, findings = material.excerpts, evolve(findings, found=best, window=material.window)
        is_evidence = material.is_evidence and not findings.understood.absent
        if not excerpts or (not is_evidence and _is_unsupported(findings)):
            nothing = await self._nothing_found(question, findings, material.absence)
            yield Done(self._timed(nothing, findings, started), findings)
            return
        yield Sources(tuple(_citation(excerpt) for excerpt in excerpts))
        prompt = build_prompt(
            question.text,
            excerpts,
            system=self.system_prompt,
            history=earlier,
            brief=material.brief,
        )
        if findings.reading.is_follow_up:  # what reads no earlier questions reads them as one
            prompt = evolve(prompt, question=findings.reading.text)
        draft = _Draft("", Completion(self.model.name), prompt)
        async with aclosing(self._write(prompt, material, context_chars)) as events:
            async for event in events:
                if isinstance(event, _Draft):
                    draft = event
                else:
                    yield event
        answer = self._checked(draft, material, findings)
        yield Done(self._timed(answer, findings, started), findings, draft.prompt)

    async def _write(
        self, prompt: Prompt, material: Material, context_chars: int
    ) -> AsyncGenerator[Progress | Written | Replaced | _Draft, None]:
        """Let the model write, or the fallback where it fails; the `_Draft` comes last."""
        written: list[str] = []
        condensed = Condensed(prompt, 0)
        try:
            if material.slices:
                condense = Condense(self.model, context_chars)
                async with aclosing(condense.stream(prompt, material.slices)) as steps:
                    async for step in steps:
                        if isinstance(step, Condensed):
                            condensed = step
                        else:
                            yield step
            shown, limit = condensed.prompt, self.limits.response_chars
            async with aclosing(self.model.stream(shown, limit)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        yield _Draft("".join(written), piece, shown, condensed.tokens_used)
                    else:
                        written.append(piece.text)
                        yield Written(piece.text)
        except ModelUnavailable as error:
            draft = await self._fall_back(condensed.prompt, str(error))
            yield Replaced(draft.text) if written else Written(draft.text)
            yield draft

    async def _fall_back(self, prompt: Prompt, reason: str) -> _Draft:
        text, completion = "", Completion(self.fallback.name)
        async with aclosing(self.fallback.stream(prompt, self.limits.response_chars)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    completion = piece
                else:
                    text += piece.text
        return _Draft(text, completion, prompt, reason=reason)

    def _checked(self, draft: _Draft, material: Material, findings: Findings) -> Answer:
        by_number = {excerpt.number: excerpt for excerpt in material.excerpts}
        text, cited = check_citations(cut_repetitions(plain(draft.text)), by_number)
        completion = draft.completion
        reasons = [r for r in (findings.problem, draft.reason, completion.note) if r]
        if not material.is_evidence and _evidence(findings) is Evidence.DOUBTFUL:
            reasons.append("these messages may not answer the question")
        if not cited:
            cited = supporting(text, material.excerpts)
            nearest = "; those that hold what it says are listed" if cited else ""
            reasons.append(f"the model cited none of the messages it was given{nearest}")
        text = disarmed(text, [draft.prompt.question, *(e.text for e in material.excerpts)])
        return Answer(
            text=truncate_reply(text, self.limits.response_chars, was_cut=completion.limit_reached),
            success=True,
            grounded=bool(cited),
            citations=tuple(_citation(by_number[n]) for n in cited),
            degraded=bool(findings.problem or draft.reason),
            reason="; ".join(reasons) or None,
            model_used=completion.model,
            tokens_used=draft.tokens_used,
            messages_retrieved=len(material.excerpts),
        )

    async def _nothing_found(self, question: Question, findings: Findings, absence: str) -> Answer:
        """Say what was searched and what came nearest, which cites nothing and is no answer."""
        text = await Refuse(self.archive).text(question, findings, absence)
        found = [each.message for each in findings.found]
        sources = [question.text, *(source for m in found for source in (m.url, m.text))]
        return Answer(
            text=truncate_reply(disarmed(plain(text), sources), self.limits.response_chars),
            success=True,
            grounded=False,
            degraded=findings.problem is not None,
            reason="; ".join(filter(None, (findings.problem, "no message matches"))),
        )

    def _timed(self, answer: Answer, findings: Findings, started: float) -> Answer:
        return evolve(
            answer,
            response_time=self.clock.monotonic() - started,
            window=None if findings.window == Window() else findings.window,
        )


def _is_unsupported(findings: Findings) -> bool:
    """Tell whether what was found surely answers nothing."""
    return _evidence(findings) is Evidence.NONE or bool(findings.understood.absent)


def _evidence(findings: Findings) -> Evidence:
    """Judge what was found, but not where the best waits for its vector: that says nothing."""
    best = findings.found[:1]
    if findings.problem is None and any(f.ranked.similarity is not None for f in best):
        return judge(findings.support, findings.candidates)
    return Evidence.ENOUGH


def _citation(excerpt: Excerpt) -> Citation:
    text = " ".join(excerpt.text.split())
    shown = disarmed(cut_text(text, EXCERPT_CHARS), [text])
    return Citation(excerpt.number, excerpt.message, shown)
