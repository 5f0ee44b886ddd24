"""Parts, repetitions and overlaps: several states of one message, from several exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exports import (
    export,
    id_of,
    message,
    message_id,
    message_time,
    taken_from,
    text_of,
    without,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.exports import Json, Taken


async def taken(folder: Path, document: Json) -> Taken:
    return await taken_from(write(folder / "export.json", document))


async def test_newest_first_is_read_as_well(tmp_path: Path) -> None:
    result = await taken(tmp_path, export([message(3), message(2), message(1)]))

    assert {each.id for each in result.messages} == set(map(message_id, (1, 2, 3)))


async def test_parts_of_a_channel_come_in_their_order(tmp_path: Path) -> None:
    for part in (10, 2, 1):
        name = f"general [1] [part {part}].json" if part > 1 else "general [1].json"
        write(tmp_path / name, export([message(part)]))

    result = await taken_from(tmp_path)

    assert [each.id for each in result.messages] == list(map(message_id, (1, 2, 10)))


async def test_an_export_without_messages_still_names_its_channel(tmp_path: Path) -> None:
    result = await taken(tmp_path, export([], "quiet"))

    [page] = result.pages
    assert page.messages == ()
    assert [each.name for each in page.channels] == ["quiet"]
    assert result.failures == []


async def test_overlapping_exports_give_every_state_for_the_archive_to_choose(
    tmp_path: Path,
) -> None:
    edited = message(1, "new", timestampEdited=message_time(9).isoformat())
    old = export([message(1, "old")], exportedAt="2025-01-01T00:00:00+00:00")
    write(tmp_path / "1.json", export([edited]))
    write(tmp_path / "2.json", old)

    result = await taken_from(tmp_path)

    newest = max(result.messages, key=lambda each: each.version)
    assert len(result.messages) == 2
    assert newest.content == "new"
    assert {each.observed_at.year for each in result.messages} == {2025, 2026}


async def test_what_an_export_repeats_comes_once_in_its_newest_state(tmp_path: Path) -> None:
    edited = message(1, "new", timestampEdited=message_time(9).isoformat())

    result = await taken(tmp_path, export([message(1, "old"), edited, message(1, "old")]))

    assert [each.content for each in result.messages] == ["new"]
    assert result.skipped == 2


async def test_without_its_own_date_an_export_is_older_than_any_later_one(tmp_path: Path) -> None:
    undated = without(export([message(1, "undated")]), "exportedAt")
    result = await taken_from(
        write(tmp_path / "1.json", undated),
        write(tmp_path / "2.json", export([message(1, "dated")])),
    )

    assert result.messages[0].observed_at == message_time(1)
    assert max(result.messages, key=lambda each: each.version).content == "dated"


@pytest.mark.parametrize("exported_at", [None, "", "long ago", 5])
async def test_a_date_that_cannot_be_read_is_no_date(tmp_path: Path, exported_at: object) -> None:
    result = await taken(tmp_path, export([message(1)], exportedAt=exported_at))

    assert result.messages[0].observed_at == message_time(1)


@pytest.mark.parametrize("missing", ["guild", "channel"])
async def test_messages_before_server_and_channel_are_refused(tmp_path: Path, missing: str) -> None:
    document = export([message(1)])
    document = {**without(document, missing), missing: document[missing]}

    result = await taken(tmp_path, document)

    [failure] = result.failures
    assert '"guild" and "channel" must stand before "messages"' in failure.reason
    assert result.messages == []


async def test_other_keys_may_come_in_any_order_and_twice(tmp_path: Path) -> None:
    text = text_of(export([message(1)], "general"))
    head, tail = b'{"exportedAt": null, "channel": {"id": "9"}, ', b', "channel": {"id": "8"}}'

    result = await taken_from(write(tmp_path / "export.json", head + text[1:].rstrip()[:-1] + tail))

    assert [each.channel.id for each in result.messages] == [id_of("general")]
    assert result.failures == []
