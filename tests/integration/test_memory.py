"""A large export is imported in little memory."""

from __future__ import annotations

import json
import random
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psutil

from app.domain.model import snowflake_at
from tests.exports import export, role, user
from tests.integration.program import DONE, SAMPLE

if TYPE_CHECKING:
    from tests.integration.program import Program

    Json = dict[str, Any]

EXPORT_BYTES = 200_000_000
LIMIT_BYTES = 300_000_000
SECONDS_BETWEEN_LOOKS = 0.02
START = datetime(2021, 1, 1, tzinfo=UTC)
ROLES = [role(name) for name in ("regulars", "helpers", "translators")]


def test_an_export_of_200_mb_is_imported_in_less_than_300_mb(
    program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "large.json"
    written = write_large_export(file)
    with program.start("import", "--no-embed", "--json", file) as process:
        peak = peak_memory(process)
        assert process.stdout is not None
        imported = json.loads(process.stdout.read())
    assert process.returncode == DONE
    assert imported["messages_new"] == written
    assert peak < LIMIT_BYTES
    assert len(program.found("wireless", "--limit", 50)) == 50


def peak_memory(process: subprocess.Popen[str]) -> int:
    """Wait until a process ends, and return how much memory it held at most, in bytes."""
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        peak = max(peak, resident(watched))
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_BETWEEN_LOOKS)
    return peak


def resident(process: psutil.Process) -> int:
    """Return how much memory a process holds: on Linux at most so far, elsewhere now."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text("ascii")
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0


def write_large_export(file: Path) -> int:
    """Write the sample's messages over and over, each time as new ones; return how many."""
    files = [json.loads(path.read_text("utf-8")) for path in sorted(SAMPLE.glob("*.json"))]
    said = cycle([message for document in files for message in document["messages"]])
    begin, end = json.dumps(export([])).split("[]", 1)
    moment, count, room = START, 0, EXPORT_BYTES
    jitter = random.Random(1)
    with file.open("wb") as out:
        out.write(f"{begin}[".encode())
        while room > 0:
            moment += timedelta(seconds=jitter.expovariate(1 / 40))
            count += 1
            line = orjson.dumps(as_exported(next(said), moment, count))
            out.write(line if count == 1 else b",\n" + line)
            room -= len(line)
        out.write(f"]{end}".encode())
    return count


def as_exported(message: Json, moment: datetime, number: int) -> Json:
    """Return a message as a new one, with all that an exporter writes beside what was said."""
    author = message["author"]
    picture = f"https://cdn.discordapp.com/avatars/{author['id']}/{'0123456789abcdef' * 2}.png"
    look = {"color": "#3498DB", "avatarUrl": f"{picture}?size=512"}
    person = user(author["name"]) | author | look | {"roles": ROLES}
    emoji = {"id": "", "name": "👍", "code": "thumbsup", "isAnimated": False, "imageUrl": picture}
    return message | {
        "id": str(snowflake_at(moment) + number % 4096),
        "timestamp": moment.isoformat(),
        "content": f"{message['content']} ({number})",
        "author": person,
        "mentions": [person],
        "reactions": [{"emoji": emoji, "count": 1, "users": [person]}],
        "reference": None,
    }
