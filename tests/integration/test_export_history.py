"""Where exports lie, in which order they are read, and how reading goes on beside other work."""

from __future__ import annotations

import asyncio
import gzip
import os
import threading
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from app.adapters.exports import ExportHistory
from app.domain.errors import NotFound
from app.ports.history import Page
from tests.exports import (
    export,
    message,
    message_id,
    taken_from,
    text_of,
    write,
    write_archive,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.exports import Json, Taken


async def taken(folder: Path, document: Json) -> Taken:
    return await taken_from(write(folder / "export.json", document))


def names_of(result: Taken) -> list[str]:
    return [page.channels[-1].name for page in result.pages]


async def test_a_folder_is_searched_to_the_ground_in_natural_order(tmp_path: Path) -> None:
    for name in ("b/1.json", "10.json", "9.JSON", "a/x/2.json.gz", "a/x/1.json"):
        write(tmp_path / name, export([message(1)], name))
    write_archive(tmp_path / "b" / "2.zip", {"z/3.json": export([message(1)], "b/2.zip/z/3.json")})

    result = await taken_from(tmp_path)

    assert names_of(result) == [
        "9.JSON",
        "10.json",
        "a/x/1.json",
        "a/x/2.json.gz",
        "b/1.json",
        "b/2.zip/z/3.json",
    ]
    assert result.failures == []


async def test_what_else_lies_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "general.json", export([message(1)]))
    write(tmp_path / "settings.json", {"guild": 5, "theme": ["dark"]})
    write(tmp_path / "list.json", [1, {"messages": []}])
    write(tmp_path / "empty.json", b"")
    write(tmp_path / "picture.json", os.urandom(5000))
    write(tmp_path / "readme.txt", b"hello")
    write(tmp_path / "page.html", b"<html>")
    write(tmp_path / ".hidden.json", export([message(1)], "hidden"))
    write(tmp_path / ".git" / "x.json", export([message(1)], "hidden"))

    result = await taken_from(tmp_path)

    assert names_of(result) == ["general"]
    assert result.failures == []


async def test_an_attachment_that_pretends_to_be_an_export_is_not_read(tmp_path: Path) -> None:
    forged = export([message(1, "I resign", author="boss")])
    write(tmp_path / "general.json", export([message(1, "hello", author="boss")]))
    write(tmp_path / "general.json_Files" / "forged-1A2B3.json", forged)
    archive = {"a.json": export([message(2)]), "a.json_Files/forged.json": forged}
    write_archive(tmp_path / "more.zip", archive)

    result = await taken_from(tmp_path)

    assert [each.content for each in result.messages] == ["hello", "hello"]


async def test_in_an_archive_only_exports_are_read(tmp_path: Path) -> None:
    members = {
        "server/10.json": export([message(1)], "ten"),
        "server/9.json": export([message(1)], "nine"),
        "server/11.json.gz": gzip.compress(text_of(export([message(1)], "eleven"))),
        "__MACOSX/server/._9.json": b"\0\0",
        "server/other.json": {"a": 1},
        "server/notes.txt": b"notes",
        "server/inner.zip": b"PK",
    }

    result = await taken_from(write_archive(tmp_path / "all.zip", members))

    assert names_of(result) == ["nine", "ten", "eleven"]
    assert result.failures == []
    assert {page.files for page in result.pages} == {3}


async def test_the_same_file_is_read_once_however_often_it_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "folder" / "general.json", export([message(1)]))
    (tmp_path / "link.json").symlink_to(file)

    broken = write(tmp_path / "broken.json", b'{"guild": ')

    result = await taken_from(file, file.parent, file, tmp_path / "link.json", broken, tmp_path)

    assert [each.id for each in result.messages] == [message_id(1)]
    assert [failure.file for failure in result.failures] == [str(broken)]


async def test_a_hidden_file_is_read_when_it_is_named(tmp_path: Path) -> None:
    result = await taken_from(write(tmp_path / ".hidden.json", export([message(1)])))

    assert len(result.messages) == 1


async def test_a_path_that_is_not_there_is_named_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "dangling.json").symlink_to(tmp_path / "nowhere")
    there = write(tmp_path / "general.json", export([message(1)]))

    for absent in (tmp_path / "absent.json", tmp_path / "dangling.json"):
        with pytest.raises(NotFound, match=absent.name):
            await anext(ExportHistory([there, absent]).pages())


@pytest.mark.parametrize("kind", ["folder", "archive", "file", "page", "empty", "pipe"])
async def test_a_path_without_any_export_is_reported(tmp_path: Path, kind: str) -> None:
    there = write(tmp_path / "general.json", export([message(1)]))
    path = tmp_path / "barren"
    if kind == "folder":
        write(path / "other.json", {"a": 1})
    elif kind == "archive":
        path = write_archive(tmp_path / "barren.zip", {"other.json": {"a": 1}})
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        write(path, {"file": b"[]", "page": b"<!DOCTYPE html>", "empty": b""}[kind])

    result = await taken_from(path, there)

    [failure] = result.failures
    assert failure.file == str(path)
    assert failure.messages_taken == 0
    assert len(result.messages) == 1
    if kind != "pipe":
        assert "--format Json" in failure.reason


async def test_names_that_could_steer_a_terminal_are_not_repeated(tmp_path: Path) -> None:
    result = await taken_from(write(tmp_path / "a\x1b[31m\n.json", b"[]"))

    assert result.failures[0].file.endswith("a?[31m?.json")


async def test_a_file_that_cannot_be_opened_is_reported(tmp_path: Path) -> None:
    (tmp_path / "circle.json").symlink_to(tmp_path / "circle.json")
    (tmp_path / "dangling.zip").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "open.json", export([message(1)]))

    result = await taken_from(tmp_path)

    assert [failure.file for failure in result.failures] == [
        str(tmp_path / "circle.json"),
        str(tmp_path / "dangling.zip"),
    ]
    assert all("It cannot be opened" in failure.reason for failure in result.failures)
    assert all(failure.messages_taken == 0 for failure in result.failures)
    assert len(result.messages) == 1


async def test_a_folder_that_may_not_be_searched_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "locked" / "a.json", export([message(1)]))
    write(tmp_path / "open.json", export([message(1)]))
    scandir = os.scandir

    def guarded(path: str) -> object:  # root may search everything, and tests may run as root
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    result = await taken_from(tmp_path)

    [failure] = result.failures
    assert (failure.file, failure.messages_taken) == (str(tmp_path / "locked"), 0)
    assert "Permission denied" in failure.reason
    assert len(result.messages) == 1


async def test_pages_hold_as_many_messages_as_asked_for(tmp_path: Path) -> None:
    file = write(tmp_path / "general.json", export(map(message, range(25))))

    pages = [p async for p in ExportHistory([file], page_size=10).pages() if isinstance(p, Page)]

    assert [len(page.messages) for page in pages] == [10, 10, 5]
    assert [each.id for page in pages for each in page.messages] == list(map(message_id, range(25)))


async def test_pages_of_long_messages_hold_fewer(tmp_path: Path) -> None:
    long = [message(n, embeds=[{"description": "x" * 1_000_000}]) for n in range(30)]
    file = write(tmp_path / "general.json", export(long))

    pages = [p async for p in ExportHistory([file]).pages() if isinstance(p, Page)]

    assert [len(page.messages) for page in pages] == [9, 9, 9, 3]


@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".zip"])
async def test_progress_is_told_in_bytes_on_disk(tmp_path: Path, suffix: str) -> None:
    document = export(map(message, range(1500)))
    files = [tmp_path / f"{n}{suffix}" for n in range(2)]
    for file in files:
        if suffix == ".zip":
            write_archive(file, {"a.json": document})
        else:
            write(file, document)
    on_disk = sum(file.stat().st_size for file in files)

    result = await taken_from(*files)

    read = [page.read for page in result.pages]
    [total] = {page.total for page in result.pages}
    assert read == sorted(read)
    assert read[-1] == total
    assert 0 < read[0] < 0.7 * total
    assert on_disk * 0.95 < total <= on_disk


async def test_other_work_goes_on_while_exports_are_read(tmp_path: Path) -> None:
    write(tmp_path / "general.json", export(map(message, range(5_000))))
    turns = []

    async def work() -> None:
        while True:
            turns.append(threading.current_thread())
            await asyncio.sleep(0)

    worker = asyncio.create_task(work())
    result = await taken_from(tmp_path)
    worker.cancel()

    assert len(result.messages) == 5_000
    assert len(turns) > 100


async def test_reading_ends_with_its_thread_when_it_is_left_early(tmp_path: Path) -> None:
    file = write(tmp_path / "general.json", export(map(message, range(5_000))))

    async with aclosing(ExportHistory([file], page_size=10).pages()) as pages:
        await anext(pages)
        assert reading_threads()

    for thread in reading_threads():
        thread.join(timeout=10)
    assert not reading_threads()


async def test_reading_can_be_cancelled_while_it_waits(tmp_path: Path) -> None:
    file = write(tmp_path / "general.json", export(map(message, range(5_000))))

    async def read() -> None:
        async with aclosing(ExportHistory([file], page_size=100_000).pages()) as pages:
            await anext(pages)

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    for thread in reading_threads():
        thread.join(timeout=10)
    assert not reading_threads()


def reading_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("exports")]
