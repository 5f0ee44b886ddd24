"""How good the ranking is, by the bench folder's own scorer, against the naive pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.model import snowflake_time
from benchmarks.figures import Figure, Result, at_least
from benchmarks.program import index_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.material import Interval, Material, Run
    from benchmarks.naive import NaivePipeline
    from benchmarks.rig import Rig

    Scores = Mapping[str, Mapping[str, Interval]]

LIMIT = 10
_PROPOSED = 50
NDCG, RECALL = "ndcg@10", "recall@10"


def run(rig: Rig) -> Result:
    """Rank every question by `search --batch` and by the naive pipeline; score both."""
    material = rig.material
    arguments = ["search", "--batch", str(material.queries_file), "--limit", str(LIMIT)]
    lines = index_program(rig.indexed().data_dir, *arguments).json_lines
    ours = _scored(material, {line["query_id"]: line["ranked"] for line in lines})
    naive = _scored(material, _naive_run(rig.naive(), material))
    mean, low, high = ours["ALL"][NDCG]
    figure = Figure(
        "nDCG@10 of all answerable questions",
        mean,
        "nDCG",
        "vectors of single messages in Chroma",
        naive["ALL"][NDCG][0],
        at_least(0.35),
        f"{low:.3f} to {high:.3f}",
    )
    return Result((figure,), _by_group(ours, naive))


def _scored(material: Material, run_: Run) -> Scores:
    return material.scorer.table(material.judged, run_, "both")


def _naive_run(naive: NaivePipeline, material: Material) -> Run:
    """Rank by the nearest vectors, leaving out what was written after the question was asked."""
    vectors = naive.embedding.embed([query.question.text for query in material.queries])
    ranked = {}
    for query, vector in zip(material.queries, vectors, strict=True):
        found = [key for key, _ in naive.nearest(query.guild_id, vector, _PROPOSED)]
        asked_at = query.question.asked_at
        ranked[query.id] = [key for key in found if snowflake_time(int(key)) <= asked_at][:LIMIT]
    return ranked


def _by_group(ours: Scores, naive: Scores) -> str:
    lines = [
        "| questions | number | nDCG@10 | 95 % interval | naive | recall@10 | naive |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for group, scores in ours.items():
        mean, low, high = scores[NDCG]
        cells = [
            group.replace("ALL", "all").replace("=", " "),
            str(scores["n"]),
            f"{mean:.3f}",
            f"{low:.3f} to {high:.3f}",
            f"{naive[group][NDCG][0]:.3f}",
            f"{scores[RECALL][0]:.3f}",
            f"{naive[group][RECALL][0]:.3f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
