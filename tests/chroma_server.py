"""A Chroma server as a process of its own, as people run one."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from attrs import define, field

from app.adapters.chroma.location import OnServer, api_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_STARTS_WITHIN = 60.0


@define
class ChromaServer:
    """Runs `chroma run` on a folder; can be stopped and started again on the same port."""

    folder: Path
    port: int = field(init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        chroma = Path(sys.executable).with_name("chroma")
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [chroma, "run", "--path", self.folder, "--port", str(self.port)],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _STARTS_WITHIN
        while not self._answers():
            ended = self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.stop()
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def new_database(self) -> OnServer:
        """Return an empty place on the server."""
        place = OnServer(self.url, database=f"test-{uuid.uuid4().hex}")
        system = place.connect()
        try:
            api_of(system).create_database(place.database, place.tenant)
        finally:
            place.disconnect(system)
        return place

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v2/heartbeat", timeout=1).is_success
        except httpx.TransportError:
            return False


@contextmanager
def chroma_server(folder: Path) -> Iterator[ChromaServer]:
    """Run a server on a folder until the block ends."""
    server = ChromaServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
