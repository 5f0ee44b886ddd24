"""The bench folder: exports to import, questions to ask, and the scorer that judges the answers."""

from __future__ import annotations

import importlib.util
import os
from datetime import UTC
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import orjson
from attrs import frozen

from app.domain.model import MILLISECOND, Question, Scope, Window
from app.domain.times import parse_time
from benchmarks.figures import BenchmarkFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    Run: TypeAlias = Mapping[str, Sequence[str]]
    """For each question's id the ids of the messages found, best first."""
    Interval: TypeAlias = tuple[float, float, float]
    """A mean and the ends of its 95 % interval."""

CHECKOUT = Path(__file__).resolve().parent.parent


class Scorer(Protocol):
    """What is used of the bench folder's own `score.py`."""

    def load_queries(self, p: str) -> list[dict[str, Any]]:
        """Read the questions with what is relevant to them."""
        ...

    def table(
        self, queries: list[dict[str, Any]], run: Run, by: str
    ) -> dict[str, dict[str, Interval]]:
        """Score a run: for each group of questions each metric, and `n`."""
        ...

    def paired(
        self, queries: list[dict[str, Any]], run_a: Run, run_b: Run
    ) -> tuple[float, float, float]:
        """Return how much better B is than A in nDCG@10, with a paired interval."""
        ...


@frozen
class Utterance:
    """A message as its export has it."""

    id: int
    guild_id: int
    channel_id: int
    author: str
    content: str


@frozen
class Query:
    """A question of the bench, ready to be asked inside its server and up to its time."""

    id: str
    guild_id: int
    question: Question


@frozen(slots=False)
class Material:
    """A folder with `exports/` (or exports in itself), `queries.jsonl` and `score.py`."""

    folder: Path

    @property
    def exports(self) -> Path:
        """The folder of the exports."""
        inner = self.folder / "exports"
        return inner if inner.is_dir() else self.folder

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """The exports. Raises `BenchmarkFailed` where there are none."""
        found = tuple(sorted(self.exports.glob("*.json")))
        if not found:
            raise BenchmarkFailed(f"{self.exports} holds no export; name a bench folder by --bench")
        return found

    @cached_property
    def utterances(self) -> tuple[Utterance, ...]:
        """Every message, file by file."""
        return tuple(
            Utterance(
                int(message["id"]),
                int(document["guild"]["id"]),
                int(document["channel"]["id"]),
                message["author"].get("nickname") or message["author"]["name"],
                message["content"],
            )
            for document in map(read_document, self.files)
            for message in document["messages"]
        )

    @cached_property
    def queries(self) -> tuple[Query, ...]:
        """Every question. Raises `BenchmarkFailed` where the folder has none."""
        lines = self._needed("queries.jsonl").read_bytes().splitlines()
        return tuple(_query(orjson.loads(line)) for line in lines if line.strip())

    @property
    def queries_file(self) -> Path:
        """The file of the questions, as `search --batch` reads it."""
        return self._needed("queries.jsonl")

    @cached_property
    def scorer(self) -> Scorer:
        """The folder's own scorer."""
        spec = importlib.util.spec_from_file_location("bench_score", self._needed("score.py"))
        if spec is None or spec.loader is None:
            raise BenchmarkFailed(f"the scorer in {self.folder} cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return cast("Scorer", module)

    @cached_property
    def judged(self) -> list[dict[str, Any]]:
        """The questions as the scorer reads them."""
        return self.scorer.load_queries(str(self.queries_file))

    def _needed(self, name: str) -> Path:
        file = self.folder / name
        if not file.is_file():
            raise BenchmarkFailed(f"{self.folder} has no {name}; name a bench folder by --bench")
        return file


def read_document(file: Path) -> dict[str, Any]:
    """Return an export as its JSON says."""
    document: dict[str, Any] = orjson.loads(file.read_bytes())
    return document


def find_bench() -> Path | None:
    """Return the folder that BENCH_DIR names, or a `bench` in a neighbour of the checkout."""
    if named := os.environ.get("BENCH_DIR"):
        return Path(named)
    return next((s.parent for s in sorted(CHECKOUT.parent.glob("*/bench/score.py"))), None)


def _query(line: dict[str, Any]) -> Query:
    guild_id, asked_at = int(line["guild_id"]), parse_time(line["asked_at"], UTC)
    scope = Scope.everything().in_guilds([guild_id])
    scope = scope.during(Window(before=asked_at + MILLISECOND))
    return Query(line["query_id"], guild_id, Question(line["query"], scope, asked_at))
