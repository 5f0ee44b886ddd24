"""Memory is bounded by the program, not by the size of what it imports."""

from __future__ import annotations

import json
import os
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.domain.model import snowflake_at
from tests.exports import START
from tests.integration.program import SAMPLE, Program

if TYPE_CHECKING:
    from pathlib import Path

EXPORT_BYTES = 200 * 2**20
MOST_BYTES = 300 * 2**20
TEXTS_A_MESSAGE = 24


def write_large_export(path: Path) -> int:
    """Write an export of `EXPORT_BYTES` of talk from the sample; return how many messages."""
    dice = random.Random(0)
    texts = [
        message["content"]
        for file in SAMPLE.glob("*.json")
        for message in json.loads(file.read_text(encoding="utf-8"))["messages"]
    ]
    head = '{"guild": {"id": "1", "name": "large"}, "channel": {"id": "2", "name": "talk",'
    written = count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(head + ' "type": "GuildTextChat"}, "messages": [')
        while written < EXPORT_BYTES:
            moment = START.timestamp() + count * 30
            message = {
                "id": str(snowflake_at(START) + (count * 30_000 << 22)),
                "type": "Default",
                "timestamp": _iso(moment),
                "content": " ".join(dice.choices(texts, k=TEXTS_A_MESSAGE)),
                "author": {"id": str(dice.randrange(1, 1_000)), "name": "somebody"},
            }
            written += file.write(("," if count else "") + json.dumps(message, ensure_ascii=False))
            count += 1
        file.write(f'], "messageCount": {count}}}')
    return count


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def test_an_export_of_200_megabytes_is_imported_in_300(program: Program, tmp_path: Path) -> None:
    count = write_large_export(tmp_path / "large.json")
    with program.start("import", tmp_path / "large.json", "--no-embed", "--json") as process:
        assert process.stdout
        printed = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert printed["messages_new"] == count
    assert usage.ru_maxrss * 1024 < MOST_BYTES
