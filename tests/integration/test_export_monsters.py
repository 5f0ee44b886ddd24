"""Exports of any size, honest or hostile, are read in bounded memory."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.exports import export, message, message_id, text_of, user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MEGABYTE = 1_000_000
LIMIT_MEGABYTES = 120

# A process of its own, for memory that was in use once is not given back for certain.
READ = """
import asyncio, json, pathlib, resource, sys
from app.adapters.exports import ExportHistory
from app.ports.history import Failure

async def read(path):
    ids, messages, reasons = [], 0, []
    async for part in ExportHistory([path]).pages():
        if isinstance(part, Failure):
            reasons.append(part.reason)
        else:
            messages += len(part.messages)
            ids += [each.id for each in part.messages][: max(0, 5 - len(ids))]
    return {"messages": messages, "ids": ids, "reasons": reasons}

result = asyncio.run(read(sys.argv[1]))
status = pathlib.Path("/proc/self/status")  # there the parent's memory does not count
if status.exists():
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    peak = int(line.split()[1]) / 1000
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000_000
print(json.dumps({**result, "megabytes": peak}))
"""

BEFORE, AFTER = text_of(message(1, "before")), text_of(message(2, "after"))
HEAD, TAIL = text_of(export([])).split(b"[]")


def read_apart(path: Path) -> dict[str, Any]:
    """Read an export in a process of its own; tells what came and the most memory it took."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def thousands_of_messages() -> Iterator[bytes]:
    """Yield 200 MB of messages with long texts and popular reactions, by the thousand."""
    people = [user(f"fan {n}") for n in range(25)]
    reactions = [{"emoji": {"id": "", "name": "👍"}, "count": len(people), "users": people}]
    thousand = b",\n".join(
        text_of(message(n, "so it was said " * 50, reactions=reactions)) for n in range(1000)
    )
    for n in range(200 * MEGABYTE // len(thousand) + 1):
        yield b",\n" + thousand if n else thousand


def between(monster: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a monster in the place of a message, between two ordinary ones."""
    yield BEFORE + b",\n"
    yield from monster
    yield b",\n" + AFTER


def repeated(text: bytes, size: int) -> Iterator[bytes]:
    for _ in range(size // MEGABYTE):
        yield text * (MEGABYTE // len(text))


def endless_text() -> Iterator[bytes]:
    start, end = text_of(message(3, "@@")).split(b"@@")
    yield start
    yield from repeated(b"so long ", 200 * MEGABYTE)
    yield end


def deep_lists() -> Iterator[bytes]:
    yield b'{"id": "5", "embeds": '
    yield from repeated(b"[", 10 * MEGABYTE)
    yield from repeated(b"]", 10 * MEGABYTE)
    yield b"}"


def crowd(size: int) -> Iterator[bytes]:
    """Yield a message to which very many people have reacted."""
    start, end = text_of({**message(3, "loved"), "reactions": [{"users": ["@@"]}]}).split(b'"@@"')
    person = b'{"id": "5", "name": "somebody", "nickname": "somebody"}'
    yield start + person
    yield from repeated(b"," + person, size)
    yield end


def crowded_list() -> Iterator[bytes]:
    yield b'{"id": "5", "embeds": [{}'
    yield from repeated(b",{}", 10 * MEGABYTE)
    yield b"]}"


def too_large_crowd() -> Iterator[bytes]:
    return crowd(40 * MEGABYTE)


def write_compressed(path: Path, pieces: Iterator[bytes]) -> Path:
    """Write an export into an archive, piece by piece."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("general.json", "w", force_zip64=True) as file,
    ):
        file.write(HEAD + b"[")
        for piece in pieces:
            file.write(piece)
        file.write(b"]" + TAIL)
    return path


def test_200_megabytes_are_read_in_bounded_memory(tmp_path: Path) -> None:
    file = tmp_path / "general.json"
    with file.open("wb") as export_file:
        export_file.write(HEAD + b"[")
        export_file.writelines(thousands_of_messages())
        export_file.write(b"]" + TAIL)

    read = read_apart(file)

    assert read["messages"] * 10_000 > 200 * MEGABYTE
    assert read["messages"] % 1000 == 0
    assert read["reasons"] == []
    assert read["megabytes"] < LIMIT_MEGABYTES


@pytest.mark.parametrize("monster", [endless_text, deep_lists, crowded_list, too_large_crowd])
def test_a_monstrous_message_is_left_out_in_bounded_memory(
    tmp_path: Path, monster: Callable[[], Iterator[bytes]]
) -> None:
    read = read_apart(write_compressed(tmp_path / "bomb.zip", between(monster())))

    assert read["ids"] == [message_id(1), message_id(2)]
    assert "1 message could not be read, first the one at byte" in read["reasons"][0]
    assert read["megabytes"] < LIMIT_MEGABYTES


def test_a_message_that_a_large_crowd_reacted_to_is_read(tmp_path: Path) -> None:
    read = read_apart(write_compressed(tmp_path / "large.zip", between(crowd(10 * MEGABYTE))))

    assert read["ids"] == [message_id(1), message_id(3), message_id(2)]
    assert read["reasons"] == []
    assert read["megabytes"] < LIMIT_MEGABYTES


def test_blanks_and_empty_objects_without_end_are_passed_over(tmp_path: Path) -> None:
    def emptiness() -> Iterator[bytes]:
        yield from repeated(b"{}, ", MEGABYTE)
        yield from repeated(b" ", 100 * MEGABYTE)
        yield b"{}"

    read = read_apart(write_compressed(tmp_path / "bomb.zip", between(emptiness())))

    assert read["ids"] == [message_id(1), message_id(2)]
    assert read["megabytes"] < LIMIT_MEGABYTES


@pytest.mark.parametrize("letter", [b"x", b"[", b" "])
def test_a_head_without_end_is_no_export(tmp_path: Path, letter: bytes) -> None:
    bomb = tmp_path / "bomb.json.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.write(b'{"guild": "' if letter == b"x" else b'{"guild": ')
        file.writelines(repeated(letter, 100 * MEGABYTE))

    read = read_apart(bomb)

    assert read["ids"] == []
    assert "holds no export" in read["reasons"][0]
    assert read["megabytes"] < LIMIT_MEGABYTES
