"""Bringing a source into the archive."""

import pytest

from app.domain.collecting import Collect, Collected
from app.domain.errors import NotFound
from app.domain.model import Scope
from app.ports.history import Failure, Page
from tests.doubles.archive import MemoryMessageArchive
from tests.doubles.history import ScriptedHistory
from tests.engine import HOME, pages, said

PAGE = pages(said(1, "hello"), said(2, "world"))[0]


async def test_every_page_is_archived_and_summed() -> None:
    archive = MemoryMessageArchive()
    more = Page(HOME, PAGE.channels, (said(3, "again"),), skipped=4, read=10, total=10)
    collected = await Collect(archive).take(ScriptedHistory((PAGE, more)))
    assert collected.stored.new == 3
    assert collected.skipped == 4
    assert collected.messages_read == 7
    assert (collected.read, collected.total) == (10, 10)
    assert await archive.count(Scope.everything()) == 3


async def test_taking_the_same_source_again_adds_nothing() -> None:
    archive = MemoryMessageArchive()
    collect = Collect(archive)
    await collect.take(ScriptedHistory((PAGE,)))
    again = await collect.take(ScriptedHistory((PAGE,)))
    assert (again.stored.new, again.stored.unchanged) == (0, 2)


async def test_a_broken_part_is_listed_and_what_follows_is_taken() -> None:
    broken = Failure("a.json", "cut short", 0)
    collected = await Collect(MemoryMessageArchive()).take(ScriptedHistory((broken, PAGE)))
    assert collected.failures == (broken,)
    assert collected.stored.new == 2


async def test_progress_is_told_after_each_part() -> None:
    told: list[Collected] = []
    failure = Failure("a.json", "cut short", 0)
    collected = await Collect(MemoryMessageArchive()).take(
        ScriptedHistory((PAGE, failure)), told.append
    )
    assert [len(t.failures) for t in told] == [0, 1]
    assert told[-1] == collected


async def test_a_source_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(NotFound):
        await Collect(MemoryMessageArchive()).take(ScriptedHistory(None))
