"""Channels and people named in a question: what the search makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from app.domain.model import Channel, ChannelKind, Guild, Message, Question, Scope
from tests.engine import HOME, NOW, Engine, asked, id_of, message_id, said

if TYPE_CHECKING:
    from app.domain.searching import Findings

AWAY = Guild(2, "away")


def nicknamed(message: Message, display_name: str) -> Message:
    return evolve(message, author=evolve(message.author, display_name=display_name))


def in_thread(message: Message, name: str) -> Message:
    parent = message.channel
    thread = Channel(id_of(name), parent.guild_id, name, ChannelKind.THREAD, parent.id)
    return evolve(message, channel=thread)


async def an_engine() -> Engine:
    """Return a server where #dev, with a thread, and #general speak of tea; so does another's."""
    engine = Engine()
    await engine.hear(
        said(1, "the green tea is in the box on the shelf", channel="dev"),
        in_thread(said(2, "the black tea is in the box as well", "ben", "dev"), "kettle"),
        said(3, "all tea is gone from the kitchen today", "ben"),
        said(4, "we drink no tea in this server at all", "dan", "dev", AWAY),
        nicknamed(said(5, "there is tea for whoever likes it", "zoé"), "Zoé Ärmel"),
        nicknamed(said(6, "tea tastes of nothing much to me", "sam1"), "Sam"),
        nicknamed(said(7, "tea tastes of hay and nothing else", "sam2"), "Sam"),
        said(8, "the tea of the boss is locked away", "eve", "secret"),
    )
    return engine


async def find(
    text: str,
    scope: Scope | None = None,
    engine: Engine | None = None,
    *,
    asker: int | None = None,
    channel: int | None = None,
) -> Findings:
    question = evolve(asked(text, scope), asker=asker, channel=channel)
    return await (engine or await an_engine()).search().find(question, 20)


def numbers(findings: Findings) -> set[int]:
    return {n for n in range(1, 20) if message_id(n) in {f.message.id for f in findings.found}}


EVERYBODY = {1, 2, 3, 4, 5, 6, 7, 8}
AT_HOME = Scope({HOME.id: None})
WITHOUT_SECRET = Scope({HOME.id: {id_of("home/general"), id_of("home/dev"), id_of("kettle")}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("who has tea in #dev?", {1, 2, 4}),
        ("who has tea in #DEV ?", {1, 2, 4}),
        ("who has tea in the dev channel?", {1, 2, 4}),
        ("who has tea in our dev channel?", {1, 2, 4}),
        ("who has tea in #kettle?", {2}),
        (f"who has tea in <#{id_of('home/dev')}>?", {1, 2}),
        ("who has tea in #dev or #secret?", {1, 2, 4, 8}),
        ("who has tea in #nowhere?", EVERYBODY),
        ("who has tea in the nowhere channel?", EVERYBODY),
        ("who has tea in this channel?", EVERYBODY),
        ("who has tea in dev?", EVERYBODY),
    ],
)
async def test_only_the_channels_that_are_named_are_searched(text: str, expected: set[int]) -> None:
    assert numbers(await find(text)) == expected


async def test_a_channel_is_one_of_the_scope() -> None:
    found = await find("who has tea in #dev?", AT_HOME)
    assert numbers(found) == {1, 2}
    assert [(c.guild_id, c.name) for c in found.understood.channels] == [(HOME.id, "dev")]


async def test_a_channel_of_two_words_is_found_by_its_hyphen() -> None:
    engine = await an_engine()
    await engine.hear(said(9, "the tea has gone off, topic closed", channel="off-topic"))
    assert numbers(await find("any tea in the off topic channel?", engine=engine)) == {9}
    await engine.hear(in_thread(said(10, "tea of the club"), "tea club"))
    assert numbers(await find("any tea in the tea club channel?", engine=engine)) == {10}


@pytest.mark.parametrize(
    "text",
    ["who has tea in #secret?", "who has tea in the secret channel?", "what did @eve say of tea?"],
)
async def test_a_name_outside_the_scope_means_what_an_invented_name_means(text: str) -> None:
    hidden = await find(text, WITHOUT_SECRET)
    invented = await find(text.replace("secret", "zzyzx").replace("eve", "zzyzx"), WITHOUT_SECRET)
    assert numbers(hidden) == numbers(invented)
    assert not hidden.understood.channels
    assert not hidden.understood.authors
    assert bool(hidden.understood.absent) == bool(invented.understood.absent)
    engine = await an_engine()
    before = await find(text, WITHOUT_SECRET, engine)
    await engine.forget().channel(id_of("home/secret"))
    after = await find(text, WITHOUT_SECRET, engine)
    assert before.understood == after.understood
    assert numbers(before) == numbers(after)


async def test_what_became_a_limit_leaves_the_words_that_are_searched() -> None:
    assert (await find("who has tea in #dev?")).terms == ("tea",)
    assert "nowhere" in (await find("who has tea in #nowhere?")).terms
    assert (await find("messages by @ben about tea")).terms == ("tea",)
    assert "ben" in (await find("messages by @ben")).terms


@pytest.mark.parametrize("text", ["#dev", "messages by @ben", "in #dev?"])
async def test_a_name_alone_is_a_question(text: str) -> None:
    assert (await find(text)).found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("messages by ben about tea", {2, 3}),
        ("what did @ben say about tea?", {2, 3}),
        (f"what did <@{id_of('ben')}> say about tea?", {2, 3}),
        ("BEN's messages about tea", {2, 3}),
        ("messages from Ben and Dan about tea", {2, 3, 4}),
        ("messages by zoe armel about tea", {5}),
        ("what did @zoé say about tea?", {5}),
        ("messages by ben about tea in #dev", {2}),
        ("what did Ben say about tea?", EVERYBODY),
        ("who answered @ben about tea?", EVERYBODY),
        ("messages by Sam about tea", EVERYBODY),
        ("messages by Sam and Ben about tea", EVERYBODY),
        ("messages by nobodyknows about tea", EVERYBODY),
    ],
)
async def test_only_messages_by_whom_nothing_else_is_wanted_of(
    text: str, expected: set[int]
) -> None:
    assert numbers(await find(text)) == expected


async def test_several_people_of_one_name_are_offered_and_not_guessed() -> None:
    understood = (await find("messages by Sam about tea")).understood
    [ambiguous] = understood.ambiguous
    assert ambiguous.name == "Sam"
    assert {author.name for author in ambiguous.authors} == {"sam1", "sam2"}
    assert understood.authors == ()
    assert (await find("what did Sam say about tea?")).understood.ambiguous == (ambiguous,)
    one_hidden = Scope.everything().by([id_of("sam1"), id_of("ben")])
    alone = await find("messages by Sam about tea", one_hidden)
    assert alone.understood.ambiguous == ()
    assert numbers(alone) == {6}


async def test_limits_of_the_scope_outrank_those_of_the_question() -> None:
    general = Scope.everything().in_channels([id_of("home/general")])
    assert numbers(await find("who has tea in #dev?", general)) == {3, 5, 6, 7}
    by_ben = Scope.everything().by([id_of("ben")])
    assert numbers(await find("messages by dan about tea", by_ben)) == {2, 3}


async def test_i_and_here_are_who_asks_and_where() -> None:
    mine = await find("what did I say about tea?", asker=id_of("ben"))
    assert numbers(mine) == {2, 3}
    assert mine.understood.absent == ()
    assert numbers(await find("what did I say about tea?")) == EVERYBODY
    here = "who has tea in this channel?"
    assert numbers(await find(here, channel=id_of("home/dev"))) == {1, 2}
    assert numbers(await find(here, channel=404)) == set()


async def test_nobody_takes_the_place_of_who_asks_by_bearing_their_id_as_a_name() -> None:
    engine = await an_engine()
    await engine.hear(nicknamed(said(9, "tea for all", "mallory"), str(id_of("ben"))))
    found = await find("what did I say about tea?", engine=engine, asker=id_of("ben"))
    assert numbers(found) == {2, 3}
    assert found.understood.ambiguous == ()
    assert [author.name for author in found.understood.authors] == ["ben"]


async def test_no_channel_takes_the_place_of_this_one_by_bearing_its_id_as_a_name() -> None:
    engine, here = await an_engine(), id_of("home/dev")
    await engine.hear(said(9, "tea for all", channel=str(here)))
    found = await find("who has tea in this channel?", engine=engine, channel=here)
    assert numbers(found) == {1, 2}
    assert [channel.name for channel in found.understood.channels] == ["dev"]


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("What did Zorblax say about tea?", ("Zorblax",)),
        ("what did @zorblax say about tea?", ("zorblax",)),
        ("what did x_y say about tea?", ("x_y",)),
        ("what did x99 say about tea?", ("x99",)),
        ("what did I say about tea?", ()),
        ("messages by Zorblax about tea", ("Zorblax",)),
        ("What did Zorblax and Quux say about tea?", ("Zorblax", "Quux")),
        ("What does Zorblax say about tea?", ("Zorblax",)),
        ("What did Zorblax offer for tea?", ("Zorblax",)),
        ("Does Zorblax offer tea?", ()),
        ("What tea can Zorblax suggest?", ()),
        ("What tea can @zorblax suggest?", ("zorblax",)),
        ("What did Zorblax and Ben say about tea?", ()),
        ("What did zorblax say about tea?", ()),
        ("what did the customers say about tea?", ()),
        ("What did Ben say about tea?", ()),
        ("What did Zoé say about tea?", ()),
        ("What did the Boss say about tea?", ()),
        ("what did Al say about tea?", ()),
        ("who mentioned @zorblax?", ()),
        ("who likes tea?", ()),
    ],
)
async def test_who_is_asked_about_and_nowhere_to_be_found(
    text: str, absent: tuple[str, ...]
) -> None:
    assert (await find(text)).understood.absent == absent


async def test_who_speaks_outside_the_scope_alone_is_absent() -> None:
    found = await find("What did Eve say about tea?", WITHOUT_SECRET)
    assert found.understood.absent == ("Eve",)


async def test_the_words_of_somebody_absent_are_answered_with_their_absence() -> None:
    engine = await an_engine()
    answer = (await engine.ask().whole(asked("What did Zorblax say about tea?"))).answer
    first, *nearest = answer.text.split("\n\n")
    assert first == "Nobody called Zorblax wrote in what I searched."
    assert all(each.startswith("The nearest I found, which is no answer:") for each in nearest)
    assert answer.citations == ()
    assert not answer.grounded
    mine = Question("what did I say about tea?", AT_HOME, NOW, asker=id_of("nobody"))
    assert "You wrote nothing" in (await engine.ask().whole(mine)).answer.text


@pytest.mark.parametrize("name", ["nosuch", "secret"])
async def test_a_channel_that_is_not_there_is_told_as_one_that_may_not_be_known(name: str) -> None:
    findings = await find(f"who has tea in #{name}?", WITHOUT_SECRET)
    assert findings.understood.unknown == (name,)
    assert numbers(findings) <= {1, 2, 3, 5, 6, 7}
    assert (await find("who has tea in #dev?", WITHOUT_SECRET)).understood.unknown == ()
    assert (await find("who has tea in the dev channel?")).understood.unknown == ()
