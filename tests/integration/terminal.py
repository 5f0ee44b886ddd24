"""A command on a terminal of its own: what it draws, and a keyboard."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import define

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tests.integration.program import Program

CTRL_C, CTRL_D = "\x03", "\x04"
PATIENCE_SECONDS = 60
ROWS, COLUMNS = 40, 100
_CONTROL = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: links, titles
    r"|\x1b\[[0-9;?]*[A-Za-z]"  # CSI: colours, moving about
)


def plain(drawn: str) -> str:
    """Return what stands on a terminal, without colours and movements."""
    return _CONTROL.sub("", drawn).replace("\r", "")


@define
class Terminal:
    """Everything that was `drawn` so far; `wait_for` looks at what came after its last find."""

    process: subprocess.Popen[bytes]
    keyboard: int
    drawn: str = ""
    _seen: int = 0

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.keyboard, text.encode())

    def wait_for(self, text: str) -> str:
        """Wait until a text stands there, and return what was drawn up to then."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in (shown := plain(self.drawn)[self._seen :]):
            assert time.monotonic() < deadline, f"no {text!r} in time: {shown!r}"
            assert self._read(deadline), f"it ended without {text!r}: {shown!r}"
        end = shown.index(text) + len(text)
        self._seen += end
        return shown[:end]

    def wait_for_end(self) -> int:
        """Wait until the command ends, and return its exit code."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._read(deadline):
            pass
        return self.process.wait(PATIENCE_SECONDS)

    def _read(self, deadline: float) -> bool:
        """Read what was drawn meanwhile; false when nothing more can come."""
        ready, _, _ = select.select([self.keyboard], [], [], max(0.0, deadline - time.monotonic()))
        try:
            block = os.read(self.keyboard, 65_536) if ready else b""
        except OSError:  # the other end was closed
            block = b""
        self.drawn += block.decode("utf-8", "replace")
        return bool(block)


@contextmanager
def on_terminal(
    program: Program, *arguments: object, variables: Mapping[str, str] | None = None
) -> Generator[Terminal, None, None]:
    """Start a command on a new terminal, and end it where the test does not."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    command = [sys.executable, "-m", "app", "--data-dir", str(program.data_dir)]
    process = subprocess.Popen(
        [*command, *map(str, arguments)],
        env={**program.environment, "TERM": "xterm-256color", **(variables or {})},
        cwd=program.data_dir.parent,
        preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509 - nothing else runs in it yet
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
