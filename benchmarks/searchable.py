"""How soon every imported message can be found by its words."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

from benchmarks.figures import BenchmarkFailed, Figure, Result, at_least, median
from benchmarks.material import read_document
from benchmarks.program import index_program

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.material import Material
    from benchmarks.rig import Rig

GOAL = at_least(8_000)


def run(rig: Rig) -> Result:
    """Time `import --no-embed` as a process, and parsing plus FTS5 with nothing around them."""
    messages = len(rig.material.utterances)
    whole, reported, bare = [], [], []
    for _ in range(rig.rounds):
        folder = rig.empty("searchable")
        done = index_program(folder, "import", "--no-embed", "--json", str(rig.material.exports))
        if done.json["messages_new"] != messages:
            raise BenchmarkFailed(f"{done.json['messages_new']} of {messages} messages arrived")
        whole.append(messages / done.seconds)
        reported.append(messages / done.json["seconds_to_searchable"])
        bare.append(messages / _bare_seconds(rig.material, folder / "bare.db"))
    against = "orjson and FTS5 alone, no process to start"
    rate, baseline = "messages/s", median(bare)
    return Result(
        (
            Figure(
                "start of the process to its exit", median(whole), rate, against, baseline, GOAL
            ),
            Figure("as the program reports it", median(reported), rate, against, baseline, GOAL),
        )
    )


def _bare_seconds(material: Material, file: Path) -> float:
    """Return how long it takes to parse the exports and make their text searchable, no more."""
    started = time.perf_counter()
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, author TEXT, content TEXT)")
    database.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize='porter unicode61')")
    for export in material.files:
        rows = [
            (int(message["id"]), message["author"]["name"], message["content"])
            for message in read_document(export)["messages"]
        ]
        with database:
            database.executemany("INSERT INTO messages VALUES (?, ?, ?)", rows)
            database.executemany("INSERT INTO words (rowid, text) VALUES (?, ?|| ': ' || ?)", rows)
    database.close()
    return time.perf_counter() - started
