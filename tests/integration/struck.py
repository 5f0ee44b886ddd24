"""The process whose forks are the struck runs; `striking` starts it and says what it is for.

Orders come as lines of JSON on standard input, one report a line goes out. Each run is
forked from here, because importing everything takes longer than what is tested.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from importlib import import_module
from inspect import iscoroutinefunction, isgeneratorfunction
from typing import IO, TYPE_CHECKING, Any, NoReturn
from zlib import crc32

import numpy as np
from attrs import define, field, frozen
from numpy.random import default_rng

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Self

    from app.domain.vectors import Vector

    Json = dict[str, Any]
    Function = Callable[..., Any]

STAGES = {
    "parse": "app.adapters.exports.history:read_pages",
    "archive": "app.adapters.sql.storing:store",
    "chunk": "app.adapters.sql.chunking:rebuild",
    "embed": "app.adapters.onnx:OnnxEmbedder.embed",
    "vector write": "app.adapters.chroma.index:ChromaVectorIndex.put",
    "vector removal": "app.adapters.chroma.index:ChromaVectorIndex.remove",
    "mark cleared": "app.adapters.sql.marking:settle",
    "forget": "app.adapters.sql.erasing:forget_author",
    "wipe": "app.adapters.sql.database:Database.wipe",
    "switch": "app.adapters.chroma.catalog:Catalog.switch",
    "discard": "app.adapters.chroma.catalog:Catalog.discard",
}
"""The function that each stage is."""

COMMIT = "sqlalchemy.engine.default:DefaultDialect.do_commit"
COMMITTED = ("archive", "mark cleared", "forget")
"""Stages with a commit after them, which is a stage too: "archive commit"."""

HEAVY = ("chromadb.api.rust", "alembic.command", "rich.live")
DIMENSIONS = 384
WINDOW = 32
"""Messages embedded in one go; few, so that a small export takes several."""
LOGGED = 40
"""Vectors after which Chroma brings its graph on disk up to date; few, so that it does."""


@frozen
class RandomModel:
    """Stands for the network inside the embedder: loading it takes longer than all the rest.

    The vector of a text depends on the text alone, as with the network.
    """

    @classmethod
    def load(cls) -> Self:
        return cls()

    def tokenize(self, texts: Sequence[str]) -> list[bytes]:
        return [text.encode() for text in texts]

    def encode(self, batch: Sequence[bytes]) -> Vector:
        rows = [default_rng(crc32(text)).standard_normal(DIMENSIONS, np.float32) for text in batch]
        return np.stack([row / np.linalg.norm(row) for row in rows])


@define
class Watch:
    """Reports the stages of this process, and keeps it in the one that shall be struck."""

    reports: int
    released: int
    strike: Mapping[str, Any]
    _calls: dict[str, int] = field(factory=dict, init=False)
    _written: threading.local = field(factory=threading.local, init=False)

    def put_in_place(self) -> None:
        """Wrap the functions of all stages."""
        for stage, address in STAGES.items():
            owner, name = _place(address)
            setattr(owner, name, self._watched(stage, getattr(owner, name)))
        owner, name = _place(COMMIT)
        setattr(owner, name, self._watched_commit(getattr(owner, name)))

    def _watched(self, stage: str, function: Function) -> Function:
        if isgeneratorfunction(function):

            def generate(*args: object, **kwargs: object) -> Iterator[object]:
                items = function(*args, **kwargs)
                while True:
                    with self._passing(stage):
                        item = next(items, items)
                    if item is items:
                        return
                    yield item

            return generate
        if iscoroutinefunction(function):

            async def wait(*args: object, **kwargs: object) -> object:
                with self._passing(stage):
                    return await function(*args, **kwargs)

            return wait

        def act(*args: object, **kwargs: object) -> object:
            if stage in COMMITTED:
                self._written.last = stage
            with self._passing(stage):
                return function(*args, **kwargs)

        return act

    def _watched_commit(self, commit: Function) -> Function:
        def act(*args: object) -> object:
            with self._passing(f"{getattr(self._written, 'last', 'other')} commit"):
                return commit(*args)

        return act

    @contextmanager
    def _passing(self, stage: str) -> Iterator[None]:
        call = self._calls[stage] = self._calls.get(stage, 0) + 1
        self._report("enter", stage, call)
        yield
        if (stage, call) == (self.strike.get("stage"), self.strike.get("call")):
            os.read(self.released, 1)  # comes when the signal was sent
        self._report("leave", stage, call)

    def _report(self, event: str, stage: str, call: int) -> None:
        line = json.dumps([event, stage, call, time.monotonic()])
        os.write(self.reports, f"{line}\n".encode())


def _place(address: str) -> tuple[Any, str]:
    module, path = address.split(":")
    *owners, name = path.split(".")
    owner = import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    return owner, name


def main() -> None:
    """Carry out orders until there are no more."""
    gc.disable()  # or it would touch, and so copy, the memory that the forks share
    for module in HEAVY:
        import_module(module)
    for address in (*STAGES.values(), COMMIT):
        _place(address)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_carry_out(json.loads(line))) + "\n")
        sys.stdout.flush()


def _carry_out(order: Json) -> Json:
    """Run the program in a fork and return its report."""
    reports, reports_in = os.pipe()
    released, release = os.pipe()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            os.close(reports)
            os.close(release)
            Watch(reports_in, released, order["strike"]).put_in_place()
            _become_the_program(order["arguments"], out, err)
        os.close(reports_in)
        events = list(_events(child, order["strike"], reports, release))
        _, status = os.waitpid(child, 0)
        for end in (reports, released, release):
            os.close(end)
        texts = [stream.seek(0) or stream.read() for stream in (out, err)]
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, "events": events, "out": texts[0], "err": texts[1]}


def _events(child: int, strike: Json, reports: int, release: int) -> Iterator[Json]:
    """Yield what the run reports until it ends; strike it when its time has come."""
    with open(reports, encoding="utf-8", closefd=False) as lines:
        for line in lines:
            event = json.loads(line)
            yield event
            if event[:3] == ["enter", strike.get("stage"), strike.get("call")]:
                time.sleep(strike["delay"])
                os.kill(child, strike["signal"])
                os.write(release, b".")


def _become_the_program(arguments: list[str], out: IO[str], err: IO[str]) -> NoReturn:
    import app.adapters.chroma.catalog
    import app.adapters.onnx
    import app.domain.indexing
    from app.entrypoints.cli import main as program

    app.domain.indexing.WINDOW = WINDOW
    app.adapters.chroma.catalog._GRAPH["sync_threshold"] = LOGGED
    setattr(app.adapters.onnx, "_Model", RandomModel)  # noqa: B010 - it is not of that type
    null = os.open(os.devnull, os.O_RDONLY)
    for target, stream in enumerate((null, out.fileno(), err.fileno())):
        os.dup2(stream, target)
    try:
        program(arguments)
    except SystemExit as done:
        sys.stdout.flush()
        os._exit(int(done.code or 0))  # tidying up copies all of the memory shared with the parent


if __name__ == "__main__":
    main()
