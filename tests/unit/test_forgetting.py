"""Erasing people, channels and servers from everything."""

from app.domain.model import Guild, Scope, Turn
from tests.doubles.broken import BrokenIndex
from tests.engine import NOW, Engine, id_of, message_id, pages, said

EVERYTHING = Scope.everything()
AWAY = Guild(2, "away")


async def an_engine() -> Engine:
    engine = Engine()
    await engine.hear(
        said(1, "ana says one thing"),
        said(2, "bob says another", author="bob"),
        said(3, "ana in the other channel", channel="dev"),
        said(4, "ana in the other server", guild=AWAY),
    )
    return engine


async def left(engine: Engine) -> list[int]:
    ids = await engine.archive.ids(EVERYTHING, 10)
    assert await engine.vectors.count(EVERYTHING) == len(ids)
    return ids


async def test_a_person_goes_everywhere_and_a_later_import_does_not_bring_them_back() -> None:
    engine = await an_engine()
    forgotten = await engine.forget().author(id_of("ana"))
    assert forgotten.messages == 3
    assert forgotten.waiting is None
    assert await left(engine) == [message_id(2)]
    await engine.hear(said(1, "ana says one thing"), said(9, "ana says something new"))
    assert await left(engine) == [message_id(2)]


async def test_who_opts_in_again_is_archived_from_then_on() -> None:
    engine = await an_engine()
    await engine.forget().author(id_of("ana"))
    assert await engine.forget().opt_in(id_of("ana"))
    assert not await engine.forget().opt_in(id_of("ana"))
    await engine.hear(said(9, "ana says something new"))
    assert await left(engine) == [message_id(2), message_id(9)]


async def test_a_channel_goes_alone() -> None:
    engine = await an_engine()
    assert (await engine.forget().channel(id_of("home/dev"))).messages == 1
    assert await left(engine) == [message_id(1), message_id(2), message_id(4)]


async def test_a_server_goes_alone() -> None:
    engine = await an_engine()
    assert (await engine.forget().guild(AWAY.id)).messages == 1
    assert await left(engine) == [message_id(1), message_id(2), message_id(3)]


async def test_where_another_process_holds_the_vectors_they_wait_and_the_text_is_gone() -> None:
    engine = await an_engine()
    elsewhere = Engine(archive=engine.archive, vectors=BrokenIndex(engine.embedder.identity))
    for forgotten in (
        await elsewhere.forget().author(id_of("bob")),
        await elsewhere.forget().guild(AWAY.id),
    ):
        assert forgotten.messages == 1
        assert "Another process" in str(forgotten.waiting)
    assert await engine.archive.read([message_id(2), message_id(4)], EVERYTHING) == []
    await engine.index().purge()
    assert await left(engine) == [message_id(1), message_id(3)]


async def test_what_waits_to_be_embedded_is_forgotten_too() -> None:
    engine = await an_engine()
    for page in pages(said(5, "bob has just written this", author="bob")):
        await engine.archive.store(page)
    await engine.forget().author(id_of("bob"))
    await engine.index().drain()
    assert message_id(5) not in await left(engine)


async def test_what_a_person_asked_goes_with_them() -> None:
    engine = await an_engine()
    for asker in (id_of("ana"), id_of("bob")):
        await engine.conversations.add(asker, "chat", Turn("what is new?", NOW))
    await engine.forget().author(id_of("ana"))
    assert await engine.conversations.turns(id_of("ana"), "chat") == ()
    assert len(await engine.conversations.turns(id_of("bob"), "chat")) == 1
