"""How well the program tells questions that nothing answers from those that something does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen

from app.domain.evidence import CERTAIN, DOUBTFUL
from app.domain.terms import question_terms
from app.entrypoints.container import running
from benchmarks.asked import container_for
from benchmarks.figures import Figure, Result, at_least, under
from benchmarks.first_token import InstantModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from app.domain.asking import Done
    from app.domain.searching import Search
    from benchmarks.figures import Goal
    from benchmarks.material import Material, Query
    from benchmarks.rig import Rig

SOUND = ("friendsqa", "qmsum")
"""The sources where what is called unanswerable surely is: its scene is not in the archive."""

THRESHOLDS = (0.40, 0.45, CERTAIN, 0.55, 0.60, 0.65, DOUBTFUL, 0.75, 0.80, 0.90, 1.00)
_RESAMPLES = 2_000


@frozen
class Judged:
    """A question: whether it can be answered, what became of it, and every score that might tell.

    `support` is what the program goes by; `cosine` and `bm25` are the best score of a single
    ranking. `is_human` is false for questions made from a template.
    """

    source: str
    is_human: bool
    answerable: bool
    refused: bool
    support: float
    cosine: float
    bm25: float


SINGLE: dict[str, Callable[[Judged], float]] = {
    "best cosine": lambda judged: judged.cosine,
    "best BM25": lambda judged: judged.bm25,
}


def run(rig: Rig) -> Result:
    """Ask every question; compare what was refused with what should have been."""
    judged = asyncio.run(_judged(rig, rig.material))
    figures = (
        _refused("answerable questions refused", [j for j in judged if j.answerable], under(0.10)),
        _refused("unanswerable questions refused", [j for j in judged if not j.answerable], None),
        *(_auc_figure(source, judged) for source in SOUND),
        _lead(judged),
    )
    return Result(figures, _trade_off(judged))


def _refused(what: str, judged: Sequence[Judged], goal: Goal | None) -> Figure:
    sources = sorted({j.source for j in judged})
    shares = {s: _mean(j.refused for j in judged if j.source == s) for s in sources}
    spread = ", ".join(f"{source} {share:.3f}" for source, share in shares.items())
    return Figure(what, _mean(j.refused for j in judged), "share", goal=goal, spread=spread)


def _auc_figure(source: str, judged: Sequence[Judged]) -> Figure:
    ours = _auc(*_sides(judged, source, lambda j: j.support))
    singles = {name: _auc(*_sides(judged, source, of)) for name, of in SINGLE.items()}
    best = max(singles, key=lambda name: singles[name])
    return Figure(f"area under the curve, {source}", ours, "share", best, singles[best])


def _lead(judged: Sequence[Judged]) -> Figure:
    """Compare with the single score that leads least, over both sources alike."""
    leads = {name: _mean_lead(judged, of) for name, of in SINGLE.items()}
    name = min(leads, key=lambda name: float(np.mean(leads[name])))
    low, middle, high = np.percentile(leads[name], [2.5, 50, 97.5])
    return Figure(
        f"lower end of the lead over the {name}, mean of both",
        float(low),
        "share",
        goal=at_least(0.0),
        spread=f"lead {middle:+.3f}, {low:+.3f} to {high:+.3f}",
    )


def _mean_lead(judged: Sequence[Judged], of: Callable[[Judged], float]) -> list[float]:
    """Return the mean lead in area over both sources, for questions drawn again and again."""
    leads = []
    for source in SOUND:
        present, missing = _sides(judged, source, lambda j: j.support)
        other_present, other_missing = _sides(judged, source, of)
        chance = np.random.default_rng(7)
        drawn = []
        for _ in range(_RESAMPLES):
            p = chance.integers(0, len(present), len(present))
            m = chance.integers(0, len(missing), len(missing))
            theirs = _auc(other_present[p], other_missing[m])
            drawn.append(_auc(present[p], missing[m]) - theirs)
        leads.append(drawn)
    means: list[float] = np.mean(leads, axis=0).tolist()
    return means


def _sides(
    judged: Sequence[Judged], source: str, of: Callable[[Judged], float]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the scores of a source's answerable and of its unanswerable questions."""
    asked = [j for j in judged if j.source == source and j.is_human]
    present = [of(j) for j in asked if j.answerable]
    missing = [of(j) for j in asked if not j.answerable]
    return np.array(present), np.array(missing)


def _auc(present: npt.NDArray[np.float64], missing: npt.NDArray[np.float64]) -> float:
    """Return how often an answerable question scores above an unanswerable one (Mann-Whitney)."""
    above = (present[:, None] > missing).mean()
    return float(above + (present[:, None] == missing).mean() / 2)


def _mean(values: Iterable[bool]) -> float:
    kept = list(values)
    return sum(kept) / max(1, len(kept))


def _trade_off(judged: Sequence[Judged]) -> str:
    groups = {"all": [j for j in judged if j.answerable]}
    for source in sorted({j.source for j in judged if not j.answerable}):
        groups[source] = [j for j in judged if j.source == source and not j.answerable]
    head = " | ".join(f"of {name}" if name != "all" else "of answerable" for name in groups)
    lines = [
        f"| support below | {head} |",
        f"| --- |{' --: |' * len(groups)}",
    ]
    for limit in THRESHOLDS:
        shares = (_mean(j.support < limit for j in group) for group in groups.values())
        lines.append(f"| {limit:.2f} | {' | '.join(f'{share:.3f}' for share in shares)} |")
    return "\n".join(lines)


async def _judged(rig: Rig, material: Material) -> list[Judged]:
    facts = {question["query_id"]: question for question in material.judged}
    async with running(container_for(rig.indexed().data_dir)) as opened:
        ask = evolve(opened.ask(), model=InstantModel())
        return [
            await _judge(
                ask.search,
                query,
                await ask.whole(query.question),
                facts[query.id],
            )
            for query in material.queries
        ]


async def _judge(search: Search, query: Query, done: Done, facts: Mapping[str, Any]) -> Judged:
    findings, scope = done.findings, query.question.scope
    words = await search.archive.matching(question_terms(findings.reading.text), scope, 1)
    vector = (await search.embedder.embed([findings.reading.text]))[0]
    nearest = await search.index.nearest(vector, scope, 1)
    return Judged(
        facts["source"],
        facts["origin"] == "human",
        facts["answerable"],
        done.prompt is None,
        findings.support,
        max((hit.score for hit in nearest), default=0.0),
        max((hit.score for hit in words), default=0.0),
    )
