"""What was said in a message, whichever way the exporter wrote it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exports import (
    channel,
    export,
    id_of,
    message,
    message_id,
    reply,
    role,
    taken_from,
    text_of,
    user,
    without,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from app.domain.model import Message
    from tests.exports import Json

ANA = user("ana", nickname="Ana", roles=[role("Moderators")])


async def only(folder: Path, raw: Json, place: str | Json = "general") -> Message:
    """Return the one message of an export."""
    result = await taken_from(write(folder / "export.json", export([raw], place)))
    assert result.failures == []
    [read] = result.messages
    return read


MODES = [
    (f"ask <@{id_of('ana')}>", "ask @Ana"),
    (f"ask <@!{id_of('ana')}>", "ask @Ana"),
    ("ask <@99>", "ask @Unknown"),
    (f"<@&{id_of('Moderators')}>, help", "@Moderators, help"),
    ("<@&99>, help", "@deleted-role, help"),
    (f"see <#{id_of('general')}>", "see #general"),
    (f"see <#{id_of('Lobby')}>", "see #Lobby [voice]"),
    ("see <#99>", "see #deleted-channel"),
    ("hi <:wave:1> <a:dance:2> 😀", "hi :wave: :dance: 😀"),
    ("@everyone @here", "@everyone @here"),
    ("use </ask:77> <id:guide>", "use </ask:77> <id:guide>"),  # the exporter leaves these
    ("a\r\nb\u200b", "a\r\nb\u200b"),
]


@pytest.mark.parametrize(("raw", "formatted"), MODES)
async def test_both_markdown_modes_end_as_equal_messages(
    tmp_path: Path, raw: str, formatted: str
) -> None:
    write(tmp_path / "1 lobby.json", export([], channel("Lobby", "GuildVoiceChat")))
    for name, text in (("2 false.json", raw), ("3 true.json", formatted)):
        embed = {
            "title": text,
            "description": f"- {text}",
            "fields": [{"name": "x", "value": text}],
        }
        write(tmp_path / name, export([message(1, text, mentions=[ANA], embeds=[embed])]))

    result = await taken_from(tmp_path)

    plain, formatted_one = result.messages
    assert plain == formatted_one
    assert "<" not in plain.text
    assert plain.content


async def test_the_order_of_files_does_not_matter_for_the_names_of_channels(tmp_path: Path) -> None:
    text = f"<#{id_of('zoo')}> <#{id_of('forum')}>"
    post = channel("post", "GuildPublicThread", categoryId=str(id_of("forum")), category="forum")
    write(tmp_path / "a.json", export([message(1, text)], "general"))
    write(tmp_path / "b.json", export([], "zoo"))
    write(tmp_path / "c.json", export([], post))

    result = await taken_from(tmp_path)

    assert [each.content for each in result.messages] == ["#zoo #forum"]


async def test_channels_of_another_server_lend_no_names(tmp_path: Path) -> None:
    write(tmp_path / "a.json", export([message(1, f"<#{id_of('plans')}>")], "general"))
    write(tmp_path / "b.json", export([], "plans", guild="Elsewhere"))

    result = await taken_from(tmp_path)

    assert [each.content for each in result.messages] == ["#deleted-channel"]


@pytest.mark.parametrize("first", ["old", "new"])
async def test_a_renamed_channel_is_called_by_its_latest_name(tmp_path: Path, first: str) -> None:
    dates = {"old": "2025-01-01T00:00:00Z", "new": "2026-01-01T00:00:00Z"}
    for name, date in dates.items():
        place = channel(name, id=str(id_of("plans")))
        file = tmp_path / f"{'a' if name == first else 'b'}.json"
        write(file, export([], place, exportedAt=date))
    write(tmp_path / "c.json", export([message(1, f"<#{id_of('plans')}>")]))

    result = await taken_from(tmp_path)

    assert [each.content for each in result.messages] == ["#new"]


async def test_a_role_is_known_from_whoever_bore_it_before(tmp_path: Path) -> None:
    text = f"<@&{id_of('Moderators')}>"
    document = export([message(1, "hi", author=ANA), message(2, text), message(3, text)])

    result = await taken_from(write(tmp_path / "export.json", document))

    assert [each.content for each in result.messages[1:]] == ["@Moderators", "@Moderators"]


async def test_a_forwarded_message_is_said_by_who_forwarded_it(tmp_path: Path) -> None:
    forwarded = {
        "timestamp": "2020-01-01T00:00:00+00:00",
        "content": f"from afar, <@{id_of('ana')}>",
        "attachments": [{"fileName": "far.txt"}],
        "embeds": [{"title": "Far"}],
        "stickers": [{"name": "Wave"}],
    }
    reference = {"type": "Forward", "messageId": "5", "channelId": str(id_of("general"))}
    raw = message(1, "look:", forwardedMessage=forwarded, reference=reference, mentions=[ANA])

    read = await only(tmp_path, raw)

    assert read.content == "look:\nfrom afar, @Ana"
    assert read.attachments == ("far.txt",)
    assert read.embeds == ("Far", "Wave")
    assert read.reply_to is None
    assert read.author.name == "alice"


async def test_a_forward_without_a_comment_is_what_was_forwarded(tmp_path: Path) -> None:
    raw = message(1, "", forwardedMessage={"content": "news", "attachments": [], "embeds": []})

    assert (await only(tmp_path, raw)).content == "news"


async def test_an_embed_reads_from_top_to_bottom_every_line_once(tmp_path: Path) -> None:
    embed = {
        "title": "Release 2",
        "url": "https://example.org/hidden",
        "description": "It is **out**.",
        "author": {"name": "Build bot", "url": ""},
        "footer": {"text": "footer"},
        "fields": [
            {"name": "Size", "value": "5 MB", "isInline": True},
            {"name": "Size", "value": "5 MB"},
            {"name": "", "value": "alone"},
        ],
    }

    read = await only(tmp_path, message(1, "", embeds=[embed, embed, {"title": ""}]))

    assert read.embeds == ("Build bot\nRelease 2\nIt is **out**.\nSize: 5 MB\nalone",)


async def test_beside_a_text_an_embed_is_cut_to_a_preview(tmp_path: Path) -> None:
    embed = {"title": "Title", "description": "One sentence. " * 1000}

    preview = await only(tmp_path, message(1, "https://example.org", embeds=[embed]))
    whole = await only(tmp_path, message(1, "", embeds=[embed]))

    assert len(preview.embeds[0]) <= 500
    assert preview.embeds[0].endswith("One sentence.")
    assert 5000 < len(whole.embeds[0]) <= 6000


@pytest.mark.parametrize("file_name", ["../../etc/passwd", "a\u202egpj.exe", "x\ny.txt", "ä.pdf"])
async def test_of_an_attachment_only_a_visible_name_is_kept(tmp_path: Path, file_name: str) -> None:
    attachment = {"id": "1", "url": "https://example.org/secret", "fileName": file_name}

    read = await only(tmp_path, message(1, "", attachments=[attachment]))

    shown = {"a\u202egpj.exe": "agpj.exe", "x\ny.txt": "x y.txt"}.get(file_name, file_name)
    assert read.attachments == (shown,)
    assert "secret" not in read.text


async def test_a_reply_names_the_message_it_answers(tmp_path: Path) -> None:
    assert (await only(tmp_path, reply(2, 1))).reply_to == message_id(1)


@pytest.mark.parametrize(
    "change",
    [
        {"channelId": "99"},
        {"type": "Forward"},
        {"messageId": None},
        {"messageId": "abc"},
    ],
    ids=str,
)
async def test_what_refers_elsewhere_is_no_reply(tmp_path: Path, change: Json) -> None:
    raw = reply(2, 1)
    raw["reference"].update(change)

    assert (await only(tmp_path, raw)).reply_to is None


@pytest.mark.parametrize("absent", ["type", "channelId", "guildId"])
async def test_old_exports_say_less_of_what_a_reply_answers(tmp_path: Path, absent: str) -> None:
    raw = reply(2, 1)
    raw["reference"] = without(raw["reference"], absent)

    assert (await only(tmp_path, raw)).reply_to == message_id(1)


@pytest.mark.parametrize(
    ("names", "name", "display_name"),
    [
        ({"nickname": "Ana ⭐"}, "ana", "Ana ⭐"),
        ({"nickname": ""}, "ana", "ana"),
        ({"nickname": None}, "ana", "ana"),
        ({"nickname": "ㅤ\u200b"}, "ana", "ana"),
        ({"nickname": "A\u202en\na\0"}, "ana", "An a"),
        ({"name": ""}, str(id_of("ana")), "ana"),
        ({"name": "", "nickname": ""}, str(id_of("ana")), str(id_of("ana"))),
        ({"nickname": "x" * 10_000}, "ana", "x" * 100),
    ],
    ids=str,
)
async def test_an_author_bears_name_and_nickname_made_visible(
    tmp_path: Path, names: Json, name: str, display_name: str
) -> None:
    read = await only(tmp_path, message(1, author={**user("ana"), **names}))

    assert (read.author.name, read.author.display_name) == (name, display_name)


async def test_an_author_bears_the_name_of_each_moment(tmp_path: Path) -> None:
    before, after = user("ana", nickname="Ana"), user("ana", nickname="Boss")
    document = export([message(1, author=before), message(2, author=after)])

    result = await taken_from(write(tmp_path / "export.json", document))

    assert [each.author.display_name for each in result.messages] == ["Ana", "Boss"]


async def test_more_people_than_are_kept_in_mind_are_all_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.exports.people.PEOPLE_KEPT", 2)
    names = ["ana", "bob", "cleo", "ana", "dan"]
    document = export(message(n, author=name) for n, name in enumerate(names))

    result = await taken_from(write(tmp_path / "export.json", document))

    assert [each.author.name for each in result.messages] == names


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        (b"half \\ud83d of a pair", "half \ufffd of a pair"),
        (b"\\ud83d\\ude00", "😀"),
        (b"not \xff utf-8", "not \ufffd utf-8"),
        (b"bare \x00 and \x1b", "bare  and"),
        (b"a\\u0000b", "ab"),
    ],
)
async def test_a_text_with_broken_characters_is_mended(
    tmp_path: Path, broken: bytes, mended: str
) -> None:
    text = text_of(export([message(1, "@@"), message(2, "after")])).replace(b"@@", broken)

    result = await taken_from(write(tmp_path / "export.json", text))

    assert [each.content for each in result.messages] == [mended, "after"]
    assert result.failures == []


async def test_a_text_longer_than_any_message_is_cut(tmp_path: Path) -> None:
    read = await only(tmp_path, message(1, "A sentence. " * 50_000))

    assert 90_000 < len(read.content) <= 100_000
