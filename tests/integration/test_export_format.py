"""Each thing that the exporter's format says, read from real files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.model import Author, Channel, ChannelKind, Guild, Message
from tests.exports import (
    EXPORTED_AT,
    channel,
    export,
    id_of,
    message,
    message_id,
    message_time,
    reply,
    taken_from,
    text_of,
    thread,
    user,
    without,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.exports import Json, Taken

MINIMAL: Json = {
    "guild": {"id": "1"},
    "channel": {"id": "2"},
    "messages": [
        {
            "id": "3",
            "timestamp": "2024-01-15T12:00:00+00:00",
            "content": "hello",
            "author": {"id": "4"},
        }
    ],
}


async def taken(folder: Path, document: Json) -> Taken:
    return await taken_from(write(folder / "export.json", document))


async def only(folder: Path, raw: Json, place: str | Json = "general") -> Message:
    """Return the one message of an export."""
    result = await taken(folder, export([raw], place))
    assert result.failures == []
    [read] = result.messages
    return read


async def test_a_message_is_read_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    raw = message(
        7,
        "Here is the plan.",
        type="Reply",
        timestampEdited="2024-01-16T01:30:00.1234567+09:00",
        author=user("ana", nickname="Ana ⭐", isBot=True),
        attachments=[{"id": "1", "url": "general_Files/a.png", "fileName": "plan.png"}],
        embeds=[{"title": "Plan", "description": "All of it"}],
        stickers=[{"id": "1", "name": "Wave", "format": "Png", "sourceUrl": ""}],
        reference=reply(7, 3)["reference"],
    )

    read = await only(tmp_path, raw)

    assert read == Message(
        id=message_id(7),
        channel=Channel(id_of("general"), id_of("Testers"), "general"),
        author=Author(id_of("ana"), "ana", "Ana ⭐", is_bot=True),
        created_at=message_time(7),
        content="Here is the plan.",
        observed_at=EXPORTED_AT,
        edited_at=datetime(2024, 1, 15, 16, 30, 0, 123456, tzinfo=UTC),
        attachments=("plan.png",),
        embeds=("Plan\nAll of it", "Wave"),
        reply_to=message_id(3),
    )


async def test_only_ids_time_and_content_are_required(tmp_path: Path) -> None:
    result = await taken(tmp_path, MINIMAL)

    sent = datetime(2024, 1, 15, 12, tzinfo=UTC)
    place = Channel(2, 1, "2")
    assert result.failures == []
    assert result.messages == [Message(3, place, Author(4, "4", "4"), sent, "hello", sent)]
    assert result.pages[0].guild == Guild(1, "1")


async def test_ids_may_be_numbers_as_well(tmp_path: Path) -> None:
    as_text = await taken(tmp_path, MINIMAL)
    [raw] = MINIMAL["messages"]
    messages = [{**raw, "id": 3, "author": {"id": 4}}]
    as_numbers = await taken(
        tmp_path, {"guild": {"id": 1}, "channel": {"id": 2}, "messages": messages}
    )

    assert as_numbers.messages == as_text.messages != []


@pytest.mark.parametrize("largest", [2**63 - 1, str(2**63 - 1)], ids=repr)
async def test_the_largest_id_is_read(tmp_path: Path, largest: object) -> None:
    assert (await only(tmp_path, message(1, id=largest))).id == 2**63 - 1


@pytest.mark.parametrize("key", ["id", "timestamp", "content", "author"])
async def test_a_message_without_a_required_key_is_reported_and_spoils_no_other(
    tmp_path: Path, key: str
) -> None:
    result = await taken(
        tmp_path, export([message(1, "before"), without(message(2), key), message(3, "after")])
    )

    [failure] = result.failures
    assert [each.content for each in result.messages] == ["before", "after"]
    assert failure.messages_taken == 2
    assert f"no {key}" in failure.reason
    assert "1 message could not be read" in failure.reason


@pytest.mark.parametrize(
    "broken",
    [
        {"id": "abc"},
        {"id": "0"},
        {"id": "-5"},
        {"id": 1.5},
        {"id": True},
        {"id": "9" * 30},
        {"id": str(2**63)},
        {"id": "١٢٣"},
        {"timestamp": "yesterday"},
        {"timestamp": 1705320000},
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"content": None},
        {"content": ["hello"]},
        {"author": None},
        {"author": {"name": "ana"}},
        {"author": "ana"},
    ],
    ids=str,
)
async def test_a_message_with_a_wrong_value_is_reported_with_its_place(
    tmp_path: Path, broken: Json
) -> None:
    document = export([message(1, "before"), {**message(2), **broken}, message(3, "after")])
    result = await taken(tmp_path, document)

    text = text_of(document)
    begins = text.index(b'{\n      "id"', text.index(b'"content": "before"'))
    [failure] = result.failures
    assert [each.content for each in result.messages] == ["before", "after"]
    assert f"byte {begins}: " in failure.reason


@pytest.mark.parametrize(
    "key", ["timestampEdited", "attachments", "embeds", "stickers", "mentions", "reference"]
)
@pytest.mark.parametrize("value", [None, 5, "?", [5, None, "?"], {"id": []}, [{"name": 5}]])
async def test_an_optional_key_of_a_wrong_type_costs_nothing_else(
    tmp_path: Path, key: str, value: object
) -> None:
    read = await only(tmp_path, {**message(1, "hello <@1>"), key: value})

    assert read.text.startswith("hello")
    assert (read.edited_at, read.attachments, read.reply_to) == (None, (), None)


async def test_unknown_keys_are_ignored(tmp_path: Path) -> None:
    document = export([message(1, "hello", poll={"question": {}}, future=[1, {"id": "5"}])])
    document = {"version": {"messages": []}, **document, "more": {"messages": [{}]}}

    result = await taken(tmp_path, document)

    assert result.failures == []
    assert [each.content for each in result.messages] == ["hello"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("GuildTextChat", ChannelKind.TEXT),
        ("GuildVoiceChat", ChannelKind.TEXT),
        ("GuildStageVoice", ChannelKind.TEXT),
        ("GuildNews", ChannelKind.TEXT),
        ("GuildForum", ChannelKind.TEXT),
        ("16", ChannelKind.TEXT),
        ("GuildNewsThread", ChannelKind.THREAD),
        ("GuildPublicThread", ChannelKind.THREAD),
        ("GuildPrivateThread", ChannelKind.PRIVATE_THREAD),
        ("DirectTextChat", ChannelKind.DIRECT),
        ("DirectGroupTextChat", ChannelKind.DIRECT),
    ],
)
async def test_the_kind_of_a_channel_is_known(
    tmp_path: Path, kind: str, expected: ChannelKind
) -> None:
    read = await only(tmp_path, message(1), channel("place", kind))

    assert read.channel.kind is expected


@pytest.mark.parametrize("kind", ["GuildPublicThread", "GuildNewsThread", "GuildPrivateThread"])
async def test_the_category_of_a_thread_is_its_parent(tmp_path: Path, kind: str) -> None:
    result = await taken(tmp_path, export([message(1)], thread("a post", "a forum", kind)))

    [page] = result.pages
    parent, own = page.channels
    assert parent == Channel(id_of("a forum"), id_of("Testers"), "a forum", ChannelKind.TEXT)
    assert own.parent_id == parent.id
    assert result.messages[0].channel == own


async def test_the_category_of_a_channel_is_not_a_parent(tmp_path: Path) -> None:
    place = channel("general", categoryId="55", category="Support")
    result = await taken(tmp_path, export([message(1)], place))

    [page] = result.pages
    assert page.channels == (Channel(id_of("general"), id_of("Testers"), "general"),)


async def test_direct_messages_have_a_server_of_their_own(tmp_path: Path) -> None:
    guild = {"id": "0", "name": "Direct Messages", "iconUrl": ""}
    result = await taken(
        tmp_path, export([message(1)], channel("bob", "DirectTextChat"), guild=guild)
    )

    assert result.pages[0].guild == Guild(0, "Direct Messages")
    assert result.messages[0].channel.kind is ChannelKind.DIRECT
    assert "/@me/" in result.messages[0].url


@pytest.mark.parametrize("kind", ["Default", "Reply", "20", "21"])
async def test_what_people_said_is_taken(tmp_path: Path, kind: str) -> None:
    assert (await only(tmp_path, message(1, "hello", type=kind))).content == "hello"


async def test_without_a_type_a_message_is_an_ordinary_one(tmp_path: Path) -> None:
    assert (await only(tmp_path, without(message(1, "hello"), "type"))).content == "hello"


@pytest.mark.parametrize(
    "kind",
    [
        "RecipientAdd",
        "RecipientRemove",
        "Call",
        "ChannelNameChange",
        "ChannelIconChange",
        "ChannelPinnedMessage",
        "GuildMemberJoin",
        "ThreadCreated",
        "7",
        "46",
        "",
        [],
    ],
    ids=str,
)
async def test_system_notices_are_counted_and_left_out(tmp_path: Path, kind: object) -> None:
    result = await taken(tmp_path, export([message(1, "ana joined.", type=kind), message(2)]))

    assert [each.id for each in result.messages] == [message_id(2)]
    assert result.skipped == 1
    assert result.failures == []


@pytest.mark.parametrize("content", ["", "  \n", "\u200b"])
async def test_messages_without_any_text_are_counted_and_left_out(
    tmp_path: Path, content: str
) -> None:
    result = await taken(tmp_path, export([message(1, content), message(2)]))

    assert [each.id for each in result.messages] == [message_id(2)]
    assert result.skipped == 1


@pytest.mark.parametrize("offset_hours", [-8, 0, 2])
@pytest.mark.parametrize(
    ("fraction", "microsecond"),
    [("", 0), (".5", 500_000), (".123", 123_000), (".1234567", 123_456)],
)
async def test_a_timestamp_is_converted_to_utc(
    tmp_path: Path, offset_hours: int, fraction: str, microsecond: int
) -> None:
    text = f"2024-01-15T12:00:00{fraction}{offset_hours:+03d}:00"

    read = await only(tmp_path, message(1, timestamp=text))

    noon = datetime(2024, 1, 15, 12, microsecond=microsecond, tzinfo=UTC)
    assert read.created_at == noon - timedelta(hours=offset_hours)
    assert read.created_at.tzinfo is UTC


@pytest.mark.parametrize("encode", [text_of, lambda document: json.dumps(document).encode()])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
async def test_indented_compact_escaped_or_marked_the_text_is_the_same(
    tmp_path: Path, encode: Callable[[object], bytes], mark: bytes
) -> None:
    content = 'Grüße 👩\u200d💻 "quoted" \\"}], {"messages": [ \\'

    result = await taken_from(
        write(tmp_path / "export.json", mark + encode(export([message(1, content), message(2)])))
    )

    assert [each.content for each in result.messages] == [content, "hello"]
    assert result.failures == []
