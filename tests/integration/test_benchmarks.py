"""The benchmarks run, and can fail. Nothing here judges how fast anything is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures import Figure, Result, at_least, ratio_at_least, under
from benchmarks.material import Material
from benchmarks.replicating import replicate
from benchmarks.report import table, write

CHECKOUT = Path(__file__).resolve().parents[2]
SAMPLE = CHECKOUT / "examples" / "server"
DOCUMENT = """# Figures
<!-- table -->
<!-- end of table -->
<!-- machine -->
<!-- end of machine -->
<!-- ranking -->
<!-- end of ranking -->
The end.
"""


def benchmarks(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", **environment},
        timeout=300,
    )


def test_a_benchmark_measures_and_tells_by_its_exit_code_whether_its_goals_are_met(
    tmp_path: Path,
) -> None:
    shutil.copy(SAMPLE / "packages.json", tmp_path)
    done = benchmarks("searchable", "--bench", str(tmp_path), "--rounds", "1", "--json")
    report: dict[str, Any] = json.loads(done.stdout)
    figures = report["figures"]
    assert {figure["benchmark"] for figure in figures} == {"searchable"}
    for figure in figures:
        assert figure["value"] > 0
        assert figure["ratio"] == pytest.approx(figure["value"] / figure["baseline"])
        assert figure["goal"] == "≥ 8,000"
        assert figure["met"] is (figure["value"] >= 8_000)
    assert done.returncode == (0 if all(figure["met"] for figure in figures) else 1)


def test_a_benchmark_that_lacks_its_material_says_so_and_fails() -> None:
    done = benchmarks("ranking", "--bench", str(SAMPLE))
    assert done.returncode == 1
    assert "has no queries.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_benchmark_is_wrong_usage() -> None:
    assert benchmarks("speed", "--bench", str(SAMPLE)).returncode == 2


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure("rate", 8_000, "/s", goal=at_least(8_000)), True),
        (Figure("rate", 7_999, "/s", goal=at_least(8_000)), False),
        (Figure("time", 10, "ms", goal=under(10)), False),
        (Figure("time", 9.99, "ms", goal=under(10)), True),
        (Figure("time", float("nan"), "ms", goal=under(10)), False),
        (Figure("ratio", 92, "/s", "bare", 100, ratio_at_least(0.92)), True),
        (Figure("ratio", 91, "/s", "bare", 100, ratio_at_least(0.92)), False),
        (Figure("ratio without a baseline", 91, "/s", goal=ratio_at_least(0.92)), False),
        (Figure("no goal", 1, "/s"), None),
    ],
)
def test_a_goal_is_met_on_its_side_of_the_limit_only(figure: Figure, met: bool | None) -> None:
    assert figure.met is met


def test_writing_replaces_the_rows_that_were_measured_and_keeps_the_others(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    order = ["first", "ranking"]
    old = Result((Figure("nDCG", 0.3, "nDCG", goal=at_least(0.35)),), "| old |")
    new = Result((Figure("nDCG", 0.4, "nDCG", goal=at_least(0.35)),), "| new |")
    write(document, {"ranking": old}, order)
    write(document, {"first": Result((Figure("wait", 3, "ms"),))}, order)
    write(document, {"ranking": new}, order)
    text = document.read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("|")]
    assert [row[0].strip() for row in rows[2:4]] == ["first", "ranking"]
    assert "0.400" in text
    assert "0.300" not in text
    assert "| new |" in text
    assert "| old |" not in text
    assert text.endswith("The end.\n")


def test_a_table_of_nothing_is_its_head() -> None:
    assert table([]).count("\n") == 1


def test_a_longer_history_is_made_of_messages_of_its_own(tmp_path: Path) -> None:
    original = Material(SAMPLE)
    replicate(original.files, 3, tmp_path)
    made = Material(tmp_path)
    once, thrice = original.utterances, made.utterances
    assert len(thrice) == 3 * len(once)
    assert len({said.id for said in thrice}) == len(thrice)
    assert set(once) < set(thrice)
    assert len({said.author for said in thrice}) == 3 * len({said.author for said in once})
    for file in made.files:
        ids = [int(message["id"]) for message in json.loads(file.read_bytes())["messages"]]
        assert ids == sorted(ids)
