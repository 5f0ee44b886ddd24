"""Whether the answer stands in what the model is given, and in what the extractive model says."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from app.domain.context import format_context_messages, select_by_similarity_recency
from app.domain.prompt import format_excerpt
from app.entrypoints.container import running
from app.entrypoints.library import MessageContext
from benchmarks.asked import container_for
from benchmarks.figures import Figure, Goal, Result, at_least, median, p95, under
from benchmarks.first_token import InstantModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.domain.asking import Ask, Done
    from app.domain.prompt import Excerpt
    from benchmarks.material import Material, Query
    from benchmarks.rig import Rig

SOURCES = ("molweni", "friendsqa")
"""The sources whose gold answers are a few words of a message."""

FORMULA = "of the same found, by .7 similarity + .3 recency"
_FOUND = 60
_WARMING = 20
_NO_WORD = re.compile(r"[^\w\s]|_")


@frozen
class Asked:
    """A question with short gold answers, and what the program did with it.

    `by_formula` are the messages that similarity and recency would choose of the same found.
    """

    source: str
    gold: tuple[str, ...]
    done: Done
    by_formula: str

    def stands_in(self, text: str) -> bool:
        """Tell whether one of the gold answers does, in lower case without punctuation."""
        plain = _plain(text)
        return any(answer in plain for answer in self.gold)

    @property
    def in_excerpts(self) -> bool:
        """Whether it stands in the excerpts as the model reads them, headers and all."""
        return self.stands_in(" ".join(format_excerpt(e) for e in self._excerpts))

    @property
    def in_contents(self) -> bool:
        """Whether it stands in the text of one excerpt."""
        return any(self.stands_in(excerpt.text) for excerpt in self._excerpts)

    @property
    def in_answer(self) -> bool:
        """Whether it stands in the answer."""
        return self.stands_in(self.done.answer.text)

    @property
    def _excerpts(self) -> tuple[Excerpt, ...]:
        return self.done.prompt.excerpts if self.done.prompt else ()


def run(rig: Rig) -> Result:
    """Answer every question with quotes; look for the gold answers; time all but the model."""
    asked, taken = asyncio.run(_asked(rig, rig.material))
    wanted = (
        ("in the excerpts, headers counted", lambda a: a.in_excerpts, at_least(0.85)),
        ("in the text of an excerpt", lambda a: a.in_contents, at_least(0.80)),
        ("in the extractive answer", lambda a: a.in_answer, at_least(0.60)),
    )
    shares = [_share(f"gold short answer {at}", asked, test, goal) for at, test, goal in wanted]
    formula = sum(a.stands_in(a.by_formula) for a in asked) / max(1, len(asked))
    shares[0] = evolve(shares[0], against=FORMULA, baseline=formula)
    time_ = Figure(
        "an answer without embedding and model",
        median(taken),
        "ms",
        goal=under(20),
        spread=f"p95 {p95(taken):.1f} ms",
    )
    return Result((*shares, time_))


def _share(what: str, asked: Sequence[Asked], test: Callable[[Asked], bool], goal: Goal) -> Figure:
    of_each = {s: [test(a) for a in asked if a.source == s] for s in SOURCES}
    found = [hit for hits in of_each.values() for hit in hits]
    spread = ", ".join(f"{s} {sum(hits) / len(hits):.3f}" for s, hits in of_each.items() if hits)
    return Figure(what, sum(found) / max(1, len(found)), "share", goal=goal, spread=spread)


async def _asked(rig: Rig, material: Material) -> tuple[list[Asked], list[float]]:
    container = container_for(rig.indexed().data_dir)
    container.model.override(container.extractive())
    async with running(container) as opened:
        ask = opened.ask()
        instant = evolve(ask, model=InstantModel())
        for query in material.queries[:_WARMING]:
            await instant.whole(query.question)
        taken = [await _milliseconds(instant, query) for query in material.queries]
        gold = _gold_answers(material)
        return [
            Asked(
                *gold[query.id],
                await ask.whole(query.question),
                await _by_formula(ask, query),
            )
            for query in material.queries
            if query.id in gold
        ], taken


async def _by_formula(ask: Ask, query: Query) -> str:
    found = (await ask.search.find(query.question, _FOUND)).found
    contexts = [
        MessageContext(
            each.message.text,
            each.message.author.display_name,
            each.message.channel.name,
            each.message.created_at,
            str(each.message.id),
            each.ranked.similarity or 0.0,
        )
        for each in found
    ]
    limit, now = ask.limits.context_chars, query.question.asked_at
    return format_context_messages(select_by_similarity_recency(contexts, limit, now))


async def _milliseconds(ask: Ask, query: Query) -> float:
    started = time.perf_counter()
    done = await ask.whole(query.question)
    return (time.perf_counter() - started - done.findings.seconds_embedding) * 1_000


def _gold_answers(material: Material) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return for each question that has short gold answers its source and those answers."""
    return {
        question["query_id"]: (question["source"], gold)
        for question in material.judged
        if question["answerable"] and question["source"] in SOURCES
        if (gold := tuple(filter(None, map(_plain, question["answers"] or ()))))
    }


def _plain(text: str) -> str:
    return " ".join(_NO_WORD.sub(" ", text.lower()).split())
