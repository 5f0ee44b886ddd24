"""What every source of history promises, whatever form the history has."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from app.adapters.exports import ExportHistory
from app.domain.errors import NotFound
from app.domain.model import Author, Channel, ChannelKind, Guild, Message
from app.ports.history import Failure, Page
from tests.doubles.history import ScriptedHistory
from tests.exports import (
    EXPORTED_AT,
    export,
    id_of,
    message,
    message_id,
    message_time,
    reply,
    text_of,
    thread,
    write,
    write_archive,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.ports.history import HistorySource

GUILD = Guild(id_of("Testers"), "Testers")
GENERAL = Channel(id_of("general"), GUILD.id, "general")
RELEASE = Channel(id_of("release"), GUILD.id, "release", ChannelKind.THREAD, GENERAL.id)


def said(number: int, text: str, author: str, channel: Channel = GENERAL) -> Message:
    name = Author(id_of(author), author, author)
    sent = message_time(number)
    return Message(message_id(number), channel, name, sent, text, EXPORTED_AT)


QUESTION = said(1, "When is the release?", "ana")
ANSWER = Message(
    message_id(3),
    GENERAL,
    Author(id_of("bob"), "bob", "bob"),
    message_time(3),
    "On Friday.",
    EXPORTED_AT,
    reply_to=QUESTION.id,
)
NEWS = said(4, "It is out.", "bob", RELEASE)

# The same history as the exporter writes it, and as pages.
EXPORTS = {
    "general.json": export(
        [
            message(1, "When is the release?", author="ana"),
            message(2, "ana joined the server.", type="GuildMemberJoin"),
            reply(3, 1, "On Friday.", author="bob"),
        ]
    ),
    "release.json": export([message(4, "It is out.", author="bob")], thread("release")),
}
PAGES = (
    Page(GUILD, (GENERAL,), (QUESTION, ANSWER), skipped=1, read=50, total=100),
    Page(GUILD, (GENERAL, RELEASE), (NEWS,), read=100, total=100),
)
# A part that ends within its second message comes before the other two.
CUT = text_of(export([message(6, "whole", author="ana"), message(7, "cut off")], "a-cut"))[:-200]
CUT_CHANNEL = Channel(id_of("a-cut"), GUILD.id, "a-cut")
CUT_PARTS = (
    Page(GUILD, (CUT_CHANNEL,), (said(6, "whole", "ana", CUT_CHANNEL),), read=10, total=100),
    Failure("a-cut", "cut off", 1),
)


def from_files(folder: Path, suffix: str, *, cut: bool) -> ExportHistory:
    paths = [write(folder / f"a-cut.json{suffix}", CUT)] if cut else []
    paths += [write(folder / f"{name}{suffix}", document) for name, document in EXPORTS.items()]
    return ExportHistory(paths)


def from_folder(folder: Path, *, cut: bool) -> ExportHistory:
    for path in from_files(folder / "of" / "exports", "", cut=cut).paths:
        assert path.exists()
    return ExportHistory([folder / "of"])


def from_archive(folder: Path, *, cut: bool) -> ExportHistory:
    members = {"a-cut.json": CUT, **EXPORTS} if cut else EXPORTS
    return ExportHistory([write_archive(folder / "exports.zip", members)])


def from_script(folder: Path, *, cut: bool) -> ScriptedHistory:
    return ScriptedHistory((*CUT_PARTS, *PAGES) if cut else PAGES)


ADAPTERS: dict[str, Callable[..., HistorySource]] = {
    "ExportHistory of files": lambda folder, cut: from_files(folder, "", cut=cut),
    "ExportHistory of gzipped files": lambda folder, cut: from_files(folder, ".gz", cut=cut),
    "ExportHistory of a folder": from_folder,
    "ExportHistory of an archive": from_archive,
    "ScriptedHistory": from_script,
}
ABSENT = {"ScriptedHistory": ScriptedHistory(None)}


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
def history(adapter: str, tmp_path: Path) -> HistorySource:
    return ADAPTERS[adapter](tmp_path, cut=False)


async def parts_of(history: HistorySource) -> list[Page | Failure]:
    return [part async for part in history.pages()]


async def pages_of(history: HistorySource) -> list[Page]:
    return [part for part in await parts_of(history) if isinstance(part, Page)]


async def test_every_message_comes_oldest_first_within_its_channel(history: HistorySource) -> None:
    pages = await pages_of(history)

    assert [each for page in pages for each in page.messages] == [QUESTION, ANSWER, NEWS]


async def test_a_page_is_of_one_channel_which_it_describes(history: HistorySource) -> None:
    for page in await pages_of(history):
        assert page.guild == GUILD
        assert {each.channel for each in page.messages} <= set(page.channels)
        assert len({each.channel for each in page.messages}) == 1


async def test_the_parent_of_a_thread_is_described_beside_it(history: HistorySource) -> None:
    channels = {channel for page in await pages_of(history) for channel in page.channels}

    assert channels == {GENERAL, RELEASE}


async def test_what_nobody_said_is_counted(history: HistorySource) -> None:
    assert sum(page.skipped for page in await pages_of(history)) == 1


async def test_progress_grows_to_the_total(history: HistorySource) -> None:
    pages = await pages_of(history)

    read = [page.read for page in pages]
    assert read == sorted(read)
    assert {page.total for page in pages} == {read[-1]} != {0}


async def test_a_broken_part_is_reported_after_what_could_be_read_of_it(
    adapter: str, tmp_path: Path
) -> None:
    parts = await parts_of(ADAPTERS[adapter](tmp_path, cut=True))

    [failure] = [part for part in parts if isinstance(part, Failure)]
    before, after = parts[: parts.index(failure)], parts[parts.index(failure) + 1 :]
    assert [m.content for part in before if isinstance(part, Page) for m in part.messages] == [
        "whole"
    ]
    assert failure.messages_taken == 1
    assert "a-cut" in failure.file
    assert [m for part in after if isinstance(part, Page) for m in part.messages] == [
        QUESTION,
        ANSWER,
        NEWS,
    ]


async def test_history_can_be_read_again(history: HistorySource) -> None:
    assert await parts_of(history) == await parts_of(history)


async def test_two_can_read_at_once(history: HistorySource) -> None:
    async with aclosing(history.pages()) as one, aclosing(history.pages()) as other:
        first = [await anext(one), await anext(other)]
        rest = [[part async for part in one], [part async for part in other]]

    assert first[0] == first[1]
    assert rest[0] == rest[1]


async def test_reading_can_be_left_early(history: HistorySource) -> None:
    async with aclosing(history.pages()) as pages:
        await anext(pages)

    assert [part async for part in pages] == []


async def test_a_history_that_is_not_there_is_not_found(adapter: str, tmp_path: Path) -> None:
    absent = ABSENT.get(adapter, ExportHistory([tmp_path / "absent"]))

    with pytest.raises(NotFound):
        await parts_of(absent)
