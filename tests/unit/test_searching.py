"""Searching over doubles: the time that is asked about, and the conversation around."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from app.domain.model import Scope, Window
from app.domain.reordering import REORDERED
from tests.engine import Engine, asked, id_of, message_id, said

DAY = 24 * 60
THE_FIRST = Window(datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC))


async def an_engine() -> Engine:
    engine = Engine()
    await engine.hear(
        said(1, "the server moves to a new host"),
        said(DAY, "the server moves back to the old host"),
        said(2 * DAY, "the server moves nowhere"),
    )
    return engine


async def found(engine: Engine, text: str, scope: Scope | None = None) -> list[int]:
    findings = await engine.search().find(asked(text, scope), 10)
    return [each.message.id for each in findings.found]


async def test_only_the_time_that_is_asked_about_is_searched() -> None:
    engine = await an_engine()
    findings = await engine.search().find(asked("what was said on 1 May 2024 about the server"), 10)
    assert [each.message.id for each in findings.found] == [message_id(1)]
    assert findings.window == THE_FIRST


async def test_a_day_begins_where_the_asker_is() -> None:
    engine = await an_engine()
    question = evolve(asked("what was said on 2 May 2024?"), zone=ZoneInfo("Asia/Tokyo"))
    window = (await engine.search().find(question, 10)).window
    assert window == Window(
        datetime(2024, 5, 1, 15, tzinfo=UTC), datetime(2024, 5, 2, 15, tzinfo=UTC)
    )


async def test_the_time_that_is_asked_about_widens_no_scope() -> None:
    engine = await an_engine()
    after = Scope.everything().during(Window(after=datetime(2024, 5, 2, tzinfo=UTC)))
    assert await found(engine, "what was said since 1 May 2024 about the server", after) == [
        message_id(2 * DAY),
        message_id(DAY),
    ]
    assert await found(engine, "what was said on 1 May 2024 about the server", after) == []


async def test_a_time_of_the_askers_own_story_narrows_nothing() -> None:
    engine = await an_engine()
    question = asked("My server broke yesterday. How does the server move?")
    findings = await engine.search().find(question, 10)
    assert findings.window == Window()
    assert len(findings.found) == 3


async def test_a_time_alone_is_a_question() -> None:
    engine = await an_engine()
    assert await found(engine, "1 May 2024") == [message_id(1)]


async def test_of_two_the_one_that_replies_to_what_is_asked_comes_first() -> None:
    engine = Engine()
    await engine.hear(
        said(1, "which kernel has the driver for that card?"),
        said(300, "it came with the kernel in the end, later on", author="eve", reply_to=1),
        said(600, "it came with the kernel in the box, later on", author="eve"),
    )
    order = await found(engine, "which kernel has the driver for the card")
    assert order.index(message_id(300)) < order.index(message_id(600))


async def test_what_stands_around_is_read_from_the_scope_alone() -> None:
    engine = Engine()
    await engine.hear(
        said(1, "which kernel has the driver for that card?", channel="secret"),
        said(300, "it came with the kernel in the end, later on", author="eve", reply_to=1),
        said(600, "it came with the kernel in the box, later on", author="eve"),
    )
    scope = Scope({1: {id_of("home/general")}})
    findings = await engine.search().find(asked("which kernel has the driver", scope), 10)
    assert {each.message.id for each in findings.found} == {message_id(300), message_id(600)}
    one, other = (each.ranked.parts["coverage"] for each in findings.found)
    assert one == other


async def test_what_lies_outside_the_window_counts_but_is_not_returned() -> None:
    engine = Engine()
    await engine.hear(
        said(1, "which kernel has the driver for that card?"),
        said(DAY, "it came with the kernel in the end, later on", author="eve", reply_to=1),
        said(DAY + 300, "it came with the kernel in the box, later on", author="eve"),
    )
    order = await found(engine, "what was said on 2 May 2024 about a driver in the kernel?")
    assert order == [message_id(DAY), message_id(DAY + 300)]


@pytest.mark.parametrize("limit", [1, REORDERED, REORDERED + 5])
async def test_no_more_than_the_limit_are_returned_each_once(limit: int) -> None:
    engine = Engine()
    await engine.hear(*(said(45 * n, f"the server number {n}") for n in range(REORDERED + 20)))
    findings = await engine.search().find(asked("which server?"), limit)
    ids = [each.message.id for each in findings.found]
    assert len(ids) == len(set(ids)) == min(limit, findings.candidates)


async def test_an_empty_question_finds_nothing() -> None:
    assert await found(await an_engine(), " ") == []


async def test_who_answers_is_found_by_what_others_asked_and_none_of_that_is_handed_on() -> None:
    engine = Engine()
    await engine.hear(
        said(1, "which program is good for cloning a drive?", author="bob"),
        said(2, "partimage will work well", author="ana"),
        *(said(n, f"lunch number {n} is ready", author="ana") for n in range(60, 70)),
    )
    by_ana = Scope.everything().by([id_of("ana")])
    question = asked("which program is good for cloning a drive?", by_ana)
    found = (await engine.search().find(question, 3)).found
    assert found[0].message.id == message_id(2)
    assert {each.message.author.display_name for each in found} == {"Ana"}
    assert [each.around for each in found] == [None] * 3
