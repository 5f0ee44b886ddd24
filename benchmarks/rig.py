"""What benchmarks stand on: the bench, and data directories made of it once and shared."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import orjson
from attrs import asdict, field, frozen

from benchmarks.naive import NaivePipeline
from benchmarks.program import index_program
from benchmarks.replicating import replicate

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.material import Material


@frozen
class Imported:
    """A data directory that the program made, and what making it took."""

    data_dir: Path
    messages: int
    seconds: float
    peak_bytes: int


@frozen
class Rig:
    """The bench, a folder to work in, and how often a process is timed.

    What is expensive to make is made on first use and found again by whoever comes next.
    """

    material: Material
    folder: Path
    rounds: int = 7
    _naive: list[NaivePipeline] = field(factory=list, init=False)

    def empty(self, name: str) -> Path:
        """Return an empty folder."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def exports(self, copies: int) -> Path:
        """Return the exports, or such of `copies` times as many messages."""
        if copies == 1:
            return self.material.exports
        folder = self.folder / f"exports-{copies}"
        if not folder.exists():
            replicate(self.material.files, copies, self.empty(f"{folder.name}.part"))
            folder.with_name(f"{folder.name}.part").rename(folder)
        return folder

    def archived(self, copies: int = 1) -> Imported:
        """Return an archive without vectors."""
        return self._imported(f"archived-{copies}", copies, "--no-embed")

    def indexed(self, copies: int = 1) -> Imported:
        """Return an archive with all its vectors."""
        return self._imported(f"indexed-{copies}", copies)

    def naive(self) -> NaivePipeline:
        """Return the naive pipeline, filled with the bench."""
        if not self._naive:
            vectors = self.folder / "naive.npy"
            self._naive.append(NaivePipeline.build(self.material.utterances, vectors))
        return self._naive[0]

    def copied(self, source: Path, name: str) -> Path:
        """Return a copy of a data directory, for one who changes it."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        return shutil.copytree(source, folder)

    def _imported(self, name: str, copies: int, *options: str) -> Imported:
        record = self.folder / f"{name}.json"
        data_dir = self.folder / name
        if not record.exists():
            exports = str(self.exports(copies))
            done = index_program(
                self.empty(name), "import", "--json", *options, exports, watch_memory=True
            )
            made = Imported(data_dir, done.json["messages_read"], done.seconds, done.peak_bytes)
            record.write_bytes(orjson.dumps(asdict(made), default=str))
        kept = orjson.loads(record.read_bytes())
        return Imported(**{**kept, "data_dir": data_dir})
