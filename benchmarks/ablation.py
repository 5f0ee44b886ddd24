"""What each ranking, filter and signal is worth: the search without it, question by question."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, frozen

from app.domain import searching
from app.domain.follow_ups import read_in_context
from app.domain.reordering import WEIGHTS, reorder
from app.domain.understanding import Understood
from app.entrypoints.container import running
from benchmarks.asked import container_for
from benchmarks.figures import Figure, Result, at_least

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from app.domain.model import Question
    from app.domain.questions import Reading
    from app.domain.ranking import Ranked
    from app.domain.reordering import Candidate, Signals
    from app.domain.searching import Search
    from benchmarks.material import Material, Query, Run
    from benchmarks.rig import Rig

LIMIT = 10
_WORST_LOSS = -0.01
"""Nothing is kept that makes the order worse by more than this, whatever the intervals say."""


@frozen
class Silent:
    """A port of which some methods find nothing; the others are those of the real one."""

    port: Any
    answers: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has
        if name not in self.answers:
            return getattr(self.port, name)

        async def find_nothing(*_: object) -> object:
            return self.answers[name]

        return find_nothing


@frozen
class Variant:
    """The search without one of its parts."""

    without: str
    changed: Callable[[Search], Search] = lambda search: search
    patched: Callable[[], AbstractContextManager[None]] | None = None

    async def rank(self, search: Search, queries: Sequence[Query]) -> Run:
        """Return what is found for each question's id, best first."""
        with self.patched() if self.patched else _replaced():
            changed = self.changed(search)
            found = {q.id: (await changed.find(q.question, LIMIT)).found for q in queries}
        return {key: [str(each.message.id) for each in best] for key, best in found.items()}


def run(rig: Rig) -> Result:
    """Rank all questions with everything, then without each part in turn."""
    material = rig.material
    whole, without = asyncio.run(_ranked(rig, material))
    rows = [_Row.of(name, material, run_, whole) for name, run_ in without.items()]
    worst = min(rows, key=lambda row: row.gain[0])
    figure = Figure(
        f"least that a part is worth ({worst.without})",
        worst.gain[0],
        "nDCG",
        goal=at_least(_WORST_LOSS),
        spread=f"{worst.gain[1]:+.4f} to {worst.gain[2]:+.4f}",
    )
    return Result((figure,), _table(rows))


async def _ranked(rig: Rig, material: Material) -> tuple[Run, dict[str, Run]]:
    container = container_for(rig.indexed().data_dir)
    async with running(container) as opened:
        search = opened.search()
        whole = await Variant("nothing").rank(search, material.queries)
        return whole, {v.without: await v.rank(search, material.queries) for v in VARIANTS}


@contextmanager
def _replaced(**parts: object) -> Generator[None, None, None]:
    """Put other functions in the place of those that the search calls."""
    kept = {name: getattr(searching, name) for name in parts}
    for name, part in parts.items():
        setattr(searching, name, part)
    try:
        yield
    finally:
        for name, part in kept.items():
            setattr(searching, name, part)


def _without_times() -> AbstractContextManager[None]:
    def untimed(question: Question) -> Reading:
        reading = read_in_context(question)
        return evolve(reading, window=None, text=question.text) if reading.window else reading

    return _replaced(read_in_context=untimed)


def _without_names() -> AbstractContextManager[None]:
    return _replaced(resolve=lambda *_: Understood())


def _without_reordering() -> AbstractContextManager[None]:
    def by_fusion(_: object, __: object, found: Sequence[Candidate], ___: object) -> list[Ranked]:
        return sorted((c.ranked for c in found), key=lambda ranked: -ranked.score)

    return _replaced(reorder=by_fusion)


def _without_signal(name: str) -> Callable[[], AbstractContextManager[None]]:
    weights: Signals = evolve(WEIGHTS, **{name: 0.0})
    return lambda: _replaced(reorder=partial(reorder, weights=weights))


def _deaf_to(method: str) -> Callable[[Search], Search]:
    return lambda search: _with(search, archive=Silent(search.archive, {method: ()}))


def _without_vectors(search: Search) -> Search:
    return _with(search, index=Silent(search.index, {"nearest": (), "similarities": {}}))


def _with(search: Search, **ports: Any) -> Search:  # noqa: ANN401 - `Silent` is any of them
    return evolve(search, **ports)


VARIANTS = (
    Variant("BM25 of messages", _deaf_to("matching")),
    Variant("BM25 of conversation", _deaf_to("matching_chunks")),
    Variant("vectors", _without_vectors),
    Variant("the time a question names", patched=_without_times),
    Variant("the channel or author it names", patched=_without_names),
    Variant("reordering", patched=_without_reordering),
    *(Variant(f"signal {name}", patched=_without_signal(name)) for name in asdict(WEIGHTS)),
)


@frozen
class _Row:
    """What a part is worth in nDCG@10 with its interval, in all and for each source."""

    without: str
    gain: tuple[float, float, float]
    by_source: Mapping[str, float]

    @classmethod
    def of(cls, without: str, material: Material, run: Run, whole: Run) -> _Row:
        """Compare the ranking without a part with the whole."""
        judged, paired = material.judged, material.scorer.paired
        sources = sorted({question["source"] for question in judged})
        by_source = {
            source: paired([q for q in judged if q["source"] == source], run, whole)[0]
            for source in sources
        }
        return cls(without, paired(judged, run, whole), by_source)


def _table(rows: Sequence[_Row]) -> str:
    sources = list(rows[0].by_source)
    lines = [
        f"| without | loses | 95 % interval | {' | '.join(sources)} |",
        f"| --- | --: | --: |{' --: |' * len(sources)}",
    ]
    for row in rows:
        gain, low, high = row.gain
        cells = [row.without, f"{gain:.4f}", f"{low:+.4f} to {high:+.4f}"]
        cells += [f"{row.by_source[source]:.3f}" for source in sources]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
