"""A server with a longer history: every export several times over, with jitter."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import orjson

from app.domain.model import snowflake_time
from benchmarks.material import read_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_SHIFT_MS = 49 * 60 * 60 * 1000  # two days and an hour: another day, another time of day
_JITTER_MS = 1_000
_CHANGED_WORDS = 0.15
_TIME_SHIFT = 22

Json = dict[str, Any]


def copied_id(message_id: int, copy: int) -> int:
    """Return the snowflake of a message's copy: `copy` shifts earlier, by a little more or less.

    Copy 0 is the message itself.
    """
    earlier_ms = copy * _SHIFT_MS + (message_id * copy) % _JITTER_MS
    return message_id - (earlier_ms << _TIME_SHIFT)


def replicate(files: Sequence[Path], copies: int, folder: Path) -> None:
    """Write each export as one of `copies` times the messages into `folder`.

    Copy 0 is the original. The others have ids, times, authors and replies of their
    own, and one word in seven of their text is another one of the channel, so that no two
    texts and no two conversations are the same. The same input gives the same output.
    """
    for file in files:
        document = read_document(file)
        originals = document["messages"]
        with (folder / file.name).open("wb") as out:
            head = {key: document[key] for key in ("guild", "channel", "dateRange", "exportedAt")}
            out.write(orjson.dumps(head)[:-1] + b',"messages":[\n')
            for number, message in enumerate(_copies(originals, copies)):
                out.write((b",\n" if number else b"") + orjson.dumps(message))
            out.write(b'],"messageCount":%d}' % (len(originals) * copies))


def _copies(originals: Sequence[Json], copies: int) -> Iterator[Json]:
    """Yield every copy of every message in order of time."""
    chance = random.Random(0)
    words = [word for message in originals for word in message["content"].split()] or ["?"]
    order = sorted(
        (copied_id(int(message["id"]), copy), copy, position)
        for position, message in enumerate(originals)
        for copy in range(copies)
    )
    for message_id, copy, position in order:
        original = originals[position]
        yield _copy(original, message_id, copy, words, chance) if copy else original


def _copy(
    original: Json, message_id: int, copy: int, words: Sequence[str], chance: random.Random
) -> Json:
    written = snowflake_time(message_id).isoformat(timespec="milliseconds")
    content = " ".join(
        chance.choice(words) if chance.random() < _CHANGED_WORDS else word
        for word in original["content"].split(" ")
    )
    changed = original | {
        "id": str(message_id),
        "timestamp": written,
        "content": content,
        "author": _copied_author(original["author"], copy),
    }
    reference = original.get("reference")
    if reference and reference.get("messageId"):
        target = str(copied_id(int(reference["messageId"]), copy))
        changed["reference"] = reference | {"messageId": target}
    return changed


def _copied_author(author: Json, copy: int) -> Json:
    named = {key: f"{author[key]}~{copy}" for key in ("name", "nickname") if author.get(key)}
    return author | named | {"id": str(int(author["id"]) + copy)}
