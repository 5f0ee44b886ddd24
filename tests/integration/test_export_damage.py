"""Exports that are cut, corrupted, forged or monstrous: what is whole is taken, the rest named."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exports import (
    Taken,
    export,
    message,
    message_id,
    taken_from,
    text_of,
    without,
    write,
    write_archive,
)

if TYPE_CHECKING:
    from pathlib import Path

    from app.ports.history import Failure

MESSAGES = [
    message(1, 'one "quoted" \\'),
    without(message(2, 'two }], "messages": [{'), "reactions"),
    message(3, "three", mentions=[{"id": "1", "roles": [{"id": "2"}]}]),
]
WHOLE = json.dumps(export(MESSAGES)).encode()
ENDS = [WHOLE.index(json.dumps(each).encode()) + len(json.dumps(each)) for each in MESSAGES]
"""The byte after each message of `WHOLE`."""

LISTS = ("attachments", "embeds", "stickers", "mentions")
INNER_KEYS = ("id", "name", "type", "content", "fields", "author", "fileName", "roles", "messageId")


def nested(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(values, max_size=3) | st.dictionaries(
        st.sampled_from(INNER_KEYS) | st.text(), values, max_size=3
    )


async def taken(folder: Path, text: bytes) -> Taken:
    return await taken_from(write(folder / "general.json", text))


def only_failure(result: Taken) -> Failure:
    [failure] = result.failures
    return failure


def numbers(result: Taken) -> list[int]:
    return [each.id for each in result.messages]


async def test_cut_at_any_byte_all_whole_messages_before_are_taken(tmp_path: Path) -> None:
    cuts = {f"{cut:05}.json": WHOLE[:cut] for cut in range(len(WHOLE))}
    archive = write_archive(tmp_path / "cuts.zip", cuts)

    result = await taken_from(archive)

    reported = {failure.file.split(":")[-1]: failure for failure in result.failures}
    for name, text in cuts.items():
        if len(text) < len('{"guild":'):  # could be the beginning of anything
            assert name not in reported
            continue
        failure = reported.pop(name)
        assert failure.messages_taken == sum(end <= len(text) for end in ENDS)
        assert f"byte {len(text)}" in failure.reason
    assert not reported
    assert len(result.messages) == sum(f.messages_taken for f in result.failures)


async def test_a_cut_file_says_where_and_what_to_do(tmp_path: Path) -> None:
    result = await taken(tmp_path, WHOLE[: ENDS[1] + 30])

    failure = only_failure(result)
    assert numbers(result) == [message_id(1), message_id(2)]
    assert failure.file == str(tmp_path / "general.json")
    assert f"breaks off at byte {ENDS[1] + 30}" in failure.reason
    assert "export the channel again" in failure.reason


ONE_BROKEN: dict[str, tuple[bytes, list[int]]] = {
    "a value without quotes": (WHOLE.replace(b': "Default"', b": Default", 1), [2, 3]),
    "a missing colon": (WHOLE.replace(b': "Default"', b' "Default"', 1), [2, 3]),
    "values that are no messages": (
        WHOLE.replace(b'[{"id"', b'[null, 5, "x", {"id"', 1),
        [1, 2, 3],
    ),
    "lists": (WHOLE.replace(b'[{"id"', b'[[], [{"id": 1}], {"id"', 1), [1, 2, 3]),
}


@pytest.mark.parametrize("case", ONE_BROKEN)
async def test_one_broken_message_spoils_no_other(tmp_path: Path, case: str) -> None:
    text, expected = ONE_BROKEN[case]

    result = await taken(tmp_path, text)

    assert numbers(result) == list(map(message_id, expected))
    assert "could not be read, first the one at byte" in only_failure(result).reason
    assert only_failure(result).messages_taken == len(expected)


@pytest.mark.parametrize("between", [b"", b" ", b"\n\n,\n\n", b",,"])
async def test_what_stands_between_whole_messages_does_not_matter(
    tmp_path: Path, between: bytes
) -> None:
    text = WHOLE[: ENDS[0]] + between + WHOLE[ENDS[0] :].lstrip(b", ")

    assert numbers(await taken(tmp_path, text)) == list(map(message_id, (1, 2, 3)))


WITHOUT_STRUCTURE = {
    "a quote is missing, all after it is inside out": WHOLE.replace(b'"two', b"two"),
    "a bracket is missing": WHOLE[: ENDS[1] - 1] + WHOLE[ENDS[1] :],
    "a brace is too many": WHOLE[: ENDS[0]] + b"}" + WHOLE[ENDS[0] :],
    "a bracket is too many": WHOLE[: ENDS[0]] + b"]" + WHOLE[ENDS[0] :],
}


@pytest.mark.parametrize("case", WITHOUT_STRUCTURE)
async def test_where_the_structure_is_lost_what_came_before_is_taken(
    tmp_path: Path, case: str
) -> None:
    result = await taken(tmp_path, WITHOUT_STRUCTURE[case])

    assert numbers(result)[:1] == [message_id(1)]
    assert set(numbers(result)) <= set(map(message_id, (1, 2, 3)))
    assert only_failure(result).messages_taken == len(result.messages)
    assert "byte" in only_failure(result).reason


@pytest.mark.parametrize("rest", [WHOLE, b"{}", b"]", b"}"])
async def test_what_follows_the_end_is_reported_and_not_taken(tmp_path: Path, rest: bytes) -> None:
    result = await taken(tmp_path, WHOLE + b"\n" + rest)

    assert numbers(result) == list(map(message_id, (1, 2, 3)))
    assert f"byte {len(WHOLE) + 1} does not belong" in only_failure(result).reason


@pytest.mark.parametrize("rest", [b"\n", b" \r\n ", b"\0" * 4096])
async def test_blanks_after_the_end_do_no_harm(tmp_path: Path, rest: bytes) -> None:
    result = await taken(tmp_path, WHOLE + rest)

    assert len(result.messages) == 3
    assert result.failures == []


@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".zip"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    kept=st.floats(0, 1),
)
def test_whatever_happens_to_a_file_it_is_read_or_reported(
    tmp_path: Path, suffix: str, flips: list[tuple[float, int]], kept: float
) -> None:
    file = tmp_path / f"general{suffix}"
    if suffix == ".zip":
        write_archive(file, {"general.json": WHOLE})
    else:
        write(file, WHOLE)
    damaged = bytearray(file.read_bytes())
    for place, value in flips:
        damaged[int(place * len(damaged))] = value
    file.write_bytes(damaged[: int(kept * len(damaged))])

    result = asyncio.run(taken_from(file))

    assert result.failures or len(result.messages) + result.skipped == 3
    assert sum(failure.messages_taken for failure in result.failures) <= len(result.messages) <= 3


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), nested))
def test_a_value_of_any_kind_in_any_place_is_read_or_reported(
    tmp_path: Path, value: object
) -> None:
    original = message(2, "hello <@1>")
    parts = ("author", "forwardedMessage", "reference")
    replaced = [{**original, key: value} for key in (*original, *parts)]
    replaced += [{**original, key: {inner: value}} for key in parts for inner in INNER_KEYS]
    replaced += [
        {**original, key: [value, {inner: value}]} for key in LISTS for inner in INNER_KEYS
    ]
    document = export([*replaced, message(1, "last")], exportedAt=value, messageCount=value)

    result = asyncio.run(
        taken_from(write(tmp_path / "general.json", json.dumps(document).encode()))
    )

    assert result.messages[-1].content == "last"


@pytest.mark.parametrize("suffix", [".json.gz", ".zip"])
async def test_a_compressed_file_that_is_cut_gives_what_it_can(tmp_path: Path, suffix: str) -> None:
    text = text_of(export(message(n, f"{n} {os.urandom(200).hex()}") for n in range(500)))
    file = write(tmp_path / "general.json.gz", text)
    if suffix == ".zip":
        file = write_archive(tmp_path / "general.zip", {"general.json": text})
    compressed = file.read_bytes()
    file.write_bytes(compressed[: len(compressed) // 2])

    result = await taken_from(file)

    failure = only_failure(result)
    assert failure.messages_taken == len(result.messages)
    if suffix == ".zip":  # its table of contents stands at the end
        assert "cannot be opened" in failure.reason
    else:
        assert 150 < len(result.messages) < 300
        assert "damaged or incomplete: after byte" in failure.reason


async def test_a_damaged_member_of_an_archive_spoils_no_other(tmp_path: Path) -> None:
    file = write_archive(tmp_path / "all.zip", {"a.json": WHOLE, "b.json": WHOLE})
    damaged = bytearray(file.read_bytes())
    damaged[100:110] = b"\xff" * 10
    file.write_bytes(damaged)

    result = await taken_from(file)

    assert only_failure(result).file == f"{file}:a.json"
    assert len(result.messages) == 3


async def test_encrypted_members_are_named_and_the_others_read(tmp_path: Path) -> None:
    file = write_archive(tmp_path / "all.zip", {"a.json": WHOLE, "b.json": WHOLE, "c.json": WHOLE})
    locked = bytearray(file.read_bytes())
    for at in range(len(locked)):
        for header, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
            name = bytes(locked[at : at + 80])
            if name.startswith(header) and (b"a.json" in name or b"b.json" in name):
                locked[at + flags] |= 1
    file.write_bytes(locked)

    result = await taken_from(file)

    assert only_failure(result).file == str(file)
    assert "2 of the files in it are encrypted" in only_failure(result).reason
    assert only_failure(result).messages_taken == 0
    assert len(result.messages) == 3


async def test_a_member_that_is_compressed_in_an_unknown_way_is_reported(tmp_path: Path) -> None:
    file = write_archive(tmp_path / "all.zip", {"a.json": WHOLE})
    text = file.read_bytes()
    local, central = text.index(b"PK\3\4"), text.index(b"PK\1\2")
    unknown = bytearray(text)
    unknown[local + 8] = unknown[central + 10] = 99
    file.write_bytes(unknown)

    result = await taken_from(file)

    assert only_failure(result).file == f"{file}:a.json"
    assert "It cannot be opened (" in only_failure(result).reason
