"""Where exports lie: single files, folders of them, archives; and how their text is read."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from contextlib import ExitStack, contextmanager
from functools import partial
from lzma import LZMAError
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, Self, cast
from zipfile import BadZipFile, ZipFile, ZipInfo

from attrs import define, field, frozen

from app.domain.errors import InvalidInput
from app.ports.history import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zipfile import ZipExtFile

BLOCK_BYTES = 1 << 18
"""How much of a text is looked at a time."""

_PLAIN, _GZIP, _ZIP = ".json", ".json.gz", ".zip"
_ENCRYPTED = 0x1
_MEDIA_FOLDER = "_Files"
_BROKEN = (OSError, EOFError, BadZipFile, zlib.error, LZMAError, RuntimeError, ValueError)
"""What the libraries raise; `RuntimeError` for a password, or a compression they do not know."""


class _Stream(Protocol):
    """A binary stream that gives what it has before it fails."""

    def read1(self, size: int, /) -> bytes: ...


@frozen
class OpenText:
    """The text of a document while it is read; `position` is in bytes on disk."""

    stream: _Stream
    position: Callable[[], int]

    def blocks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """Yield the text, at most `size` bytes at a time.

        Raises `InvalidInput` where the file is damaged.
        """
        read = 0
        try:
            while block := self.stream.read1(size):
                yield block
                read += len(block)
        except _BROKEN as error:
            raise InvalidInput(
                f"The file is damaged or incomplete: after byte {read} of its text "
                f"nothing can be read ({_said(error)})."
            ) from error


@frozen
class Document:
    """What may be an export.

    `origin` is the path that the user gave; `identity` is the same by whatever path a
    file is reached; `size` is what it takes on disk, in bytes.
    """

    name: str
    origin: Path
    identity: str
    size: int
    open_text: Callable[[ExitStack], OpenText]

    @contextmanager
    def open(self) -> Iterator[OpenText]:
        """Open the text; raises `InvalidInput` when that is not possible."""
        with ExitStack() as stack:
            try:
                text = self.open_text(stack)
            except _BROKEN as error:
                raise InvalidInput(f"It cannot be opened ({_said(error)}).") from error
            yield text


@define
class Shelf:
    """Finds documents; keeps the archive open that is being read, and lets go of it at the end."""

    _path: Path | None = field(default=None, init=False)
    _stack: ExitStack = field(factory=ExitStack, init=False)
    _archive: ZipFile | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def find(self, origin: Path) -> Iterator[Document | Failure]:
        """Yield what lies at or below a path, in the order of names and numbers."""
        for path in _files(origin):
            if isinstance(path, Failure):
                yield path
                continue
            try:
                yield from self._documents(path, origin)
            except _BROKEN as error:
                yield Failure(shown(path), f"It cannot be opened ({_said(error)}).", 0)

    def _documents(self, path: Path, origin: Path) -> Iterator[Document | Failure]:
        name, real = path.name.lower(), os.path.realpath(path)
        if name.endswith(_ZIP):
            yield from self._members(path, real, origin)
        else:
            opened = partial(_gzipped if name.endswith(".gz") else _plain, path)
            yield Document(shown(path), origin, real, path.stat().st_size, opened)

    def _members(self, path: Path, real: str, origin: Path) -> Iterator[Document | Failure]:
        members = [each for each in self._archive_at(path).infolist() if _is_wanted(each)]
        readable = [each for each in members if not each.flag_bits & _ENCRYPTED]
        for member in sorted(readable, key=lambda each: natural_order(each.filename)):
            yield Document(
                name=f"{shown(path)}:{shown(member.filename)}",
                origin=origin,
                identity=f"{real}:{member.header_offset}",
                size=member.compress_size,
                open_text=partial(self._member, path, member),
            )
        if locked := len(members) - len(readable):
            reason = f"{locked} of the files in it are encrypted; unpack it and import those."
            yield Failure(shown(path), reason, 0)

    def _member(self, path: Path, member: ZipInfo, stack: ExitStack) -> OpenText:
        file = stack.enter_context(self._archive_at(path).open(member))
        ratio = member.compress_size / max(1, member.file_size)
        is_plain = member.filename.lower().endswith(_PLAIN)
        text = cast("ZipExtFile", file) if is_plain else _unzipped(file, stack)
        return OpenText(text, lambda: int(file.tell() * ratio))

    def _archive_at(self, path: Path) -> ZipFile:
        if self._archive is None or self._path != path:
            self._stack.close()
            self._archive, self._path = self._stack.enter_context(ZipFile(path)), path
        return self._archive


def shown(path: Path | str) -> str:
    """Return a path as it may be printed: nothing in it can steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(path))


def natural_order(path: str) -> tuple[list[list[str | int]], str]:
    """Return a key that puts part 2 after the file without a part, and before part 10."""
    stem = path.removesuffix(_ZIP).removesuffix(".gz").removesuffix(_PLAIN)
    return [_runs(step) for step in stem.split("/")], path


def _runs(text: str) -> list[str | int]:
    words_and_numbers = re.split("([0-9]+)", text)
    return [int(run) if at % 2 else run for at, run in enumerate(words_and_numbers)]


def _files(origin: Path) -> Iterator[Path | Failure]:
    """Yield a file itself, or the files below a folder that may be or hold exports."""
    if not origin.is_dir():
        if origin.is_file():
            yield origin
        else:  # a pipe could be read once only
            yield Failure(shown(origin), "It is neither a file nor a folder.", 0)
        return
    failures: list[OSError] = []
    for folder, folders, names in os.walk(origin, onerror=failures.append):
        folders[:] = sorted(filter(_may_hold_exports, folders), key=natural_order)
        for name in sorted(names, key=natural_order):
            if name.lower().endswith((_PLAIN, _GZIP, _ZIP)) and not name.startswith("."):
                yield Path(folder, name)
    for error in failures:
        yield Failure(shown(error.filename), f"It cannot be opened ({_said(error)}).", 0)


def _is_wanted(member: ZipInfo) -> bool:
    *folders, name = member.filename.split("/")
    return (
        name.lower().endswith((_PLAIN, _GZIP))
        and not name.startswith(".")
        and all(map(_may_hold_exports, folders))
    )


def _may_hold_exports(folder: str) -> bool:
    """Leave out what is hidden, and attachments: anybody could have sent a forged export."""
    return not folder.startswith((".", "__MACOSX")) and not folder.endswith(_MEDIA_FOLDER)


def _plain(path: Path, stack: ExitStack) -> OpenText:
    file = stack.enter_context(path.open("rb"))
    return OpenText(file, file.tell)


def _gzipped(path: Path, stack: ExitStack) -> OpenText:
    file = stack.enter_context(path.open("rb"))
    return OpenText(_unzipped(file, stack), file.tell)


def _unzipped(file: IO[bytes], stack: ExitStack) -> _Stream:
    return stack.enter_context(gzip.GzipFile(fileobj=file))


def _said(error: BaseException) -> str:
    """Return a library's words, without the path, which stands beside them anyway."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rstrip(".") or type(error).__name__
