"""The sample server and the demo: the questions that people try first are answered rightly.

Which messages are right stands in `sample_questions.json`; three of its questions are the demo's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.program import (
    DONE,
    LONGEST_RUN_SECONDS,
    ROOT,
    InProcess,
    clean_environment,
)
from tests.integration.surroundings import without_network

if TYPE_CHECKING:
    from tests.integration.program import Program

QUESTIONS = json.loads(Path(__file__).with_name("sample_questions.json").read_text("utf-8"))
DEMO = [entry for entry in QUESTIONS if entry.get("demo")]
WITHOUT_NETWORK = """
import socket, sys
def refuse(event, arguments):
    if event == "socket.connect" and arguments[0].family != socket.AF_UNIX:
        raise OSError(f"the network is closed: {arguments[1]}")
sys.addaudithook(refuse)
"""


def named(entries: list[dict[str, Any]]) -> pytest.MarkDecorator:
    """Return a decorator that runs a test for each question."""
    return pytest.mark.parametrize("entry", entries, ids=lambda entry: entry["question"][:40])


def options(entry: dict[str, Any]) -> list[str]:
    """Return a question's filters as options."""
    return [
        word for name, value in entry.get("filters", {}).items() for word in (f"--{name}", value)
    ]


def test_the_demo_asks_three_of_these_questions() -> None:
    asked = json.loads((ROOT / "examples" / "demo_questions.json").read_text("utf-8"))
    assert asked == [
        {key: entry[key] for key in ("question", "filters") if key in entry} for entry in DEMO
    ]
    assert len(DEMO) == 3
    assert len({entry["kind"] for entry in DEMO}) == 3


@named(QUESTIONS)
def test_a_right_message_is_among_the_first(sample: Program, entry: dict[str, Any]) -> None:
    first = 5 if entry.get("demo") else 10
    found = InProcess(sample.data_dir).found(entry["question"], *options(entry), "--limit", first)
    assert set(map(int, entry["relevant"])).intersection(found)


@named(DEMO)
def test_a_right_message_is_among_the_sources(sample: Program, entry: dict[str, Any]) -> None:
    answer = InProcess(sample.data_dir).json("ask", entry["question"], *options(entry))
    assert answer["grounded"]
    assert not answer["degraded"]
    cited = {citation["message_id"] for citation in answer["citations"]}
    assert cited.intersection(entry["relevant"])


def test_the_demo_runs_to_its_end_with_the_network_closed(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_NETWORK)
    environment = clean_environment(tmp_path)
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path)
    demo = subprocess.run(
        [*without_network(), sys.executable, ROOT / "examples" / "demo.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN_SECONDS,
        check=False,
    )
    assert demo.returncode == DONE, demo
    for entry in DEMO:
        assert entry["question"] in demo.stdout
        right = {f"/{message_id}" for message_id in entry["relevant"]}
        assert any(link in demo.stdout for link in right)
