"""What a program under test may meet: a full disk, folders it may not write to, no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from attrs import define, field

from tests.integration.program import Program

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_LIMIT_FILES = """
import os, resource, sys
_, limit, *command = sys.argv
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
os.execv(command[0], command)
"""


class Disk(Protocol):
    """Where a data directory lies that has `room` bytes until there is enough."""

    def program(self) -> Program:
        """Return the program on it."""
        ...

    def leave(self, room_bytes: int) -> None:
        """Leave no more room than this."""
        ...

    def make_room(self) -> None:
        """Leave as much as anybody wants."""
        ...


@define
class LimitedFiles(Disk):
    """A disk on which no file can grow beyond a size: what anybody may do to a process."""

    folder: Path
    _limit: tuple[str, ...] = field(default=(), init=False)

    def program(self) -> Program:
        return Program(self.folder / "data", wrapper=self._limit)

    def leave(self, room_bytes: int) -> None:
        self._limit = (sys.executable, "-c", _LIMIT_FILES, str(room_bytes))

    def make_room(self) -> None:
        self._limit = ()


@define
class SmallFileSystem(Disk):
    """A file system in memory, of the size that is wanted; needs the right to mount."""

    folder: Path

    def program(self) -> Program:
        return Program(self.folder / "data")

    def leave(self, room_bytes: int) -> None:
        self._resize(shutil.disk_usage(self.folder).used + room_bytes)

    def make_room(self) -> None:
        self._resize(1 << 30)

    def _resize(self, size_bytes: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size_bytes}", str(self.folder)], check=True)


def can_mount() -> bool:
    """Tell whether this process may mount a file system."""
    return not os.geteuid() and _works("unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt")


def without_network() -> tuple[str, ...]:
    """Return what goes before a command to give it a network without anybody else, if possible."""
    command = ("unshare", "--net", *(["--map-root-user"] if os.geteuid() else []))
    return command if _works(*command, "true") else ()


def _works(*command: str) -> bool:
    if not sys.platform.startswith("linux") or not shutil.which(command[0]):
        return False
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@contextmanager
def small_file_system(folder: Path) -> Generator[SmallFileSystem, None, None]:
    """Mount a file system on a folder for a while."""
    subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=True)
    try:
        yield SmallFileSystem(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def without_privileges() -> tuple[str, ...]:
    """Return what goes before a command so that permissions hold for it even as root."""
    if os.geteuid():
        return ()
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@contextmanager
def write_protected(folder: Path) -> Generator[None, None, None]:
    """Take the right to write away from a folder and all in it, for a while."""
    paths = [folder, *folder.rglob("*")]
    modes = [path.stat().st_mode for path in paths]
    for path, mode in zip(paths, modes, strict=True):
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode)
