"""Letting the vectors follow the archive."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import define, evolve, field, frozen

from app.domain.errors import IndexBusy, IndexUnavailable
from app.domain.indexing import WINDOW, Index, Progress
from app.domain.model import Guild, Scope
from app.domain.vectors import is_worth_a_vector
from app.ports.language import Embedder
from tests.doubles.broken import BrokenIndex
from tests.doubles.embedder import HashEmbedder
from tests.doubles.index import MemoryVectorIndex
from tests.engine import Engine, asked, message_id, pages, said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.model import Message
    from app.domain.vectors import EmbeddingIdentity, Vector
    from app.ports.storage import Entry

EVERYTHING = Scope.everything()


@frozen
class CountingEmbedder(Embedder):
    """Embeds like a HashEmbedder and keeps what it was given."""

    seen: list[str] = field(factory=list)
    inner: Embedder = field(factory=HashEmbedder)

    @property
    def identity(self) -> EmbeddingIdentity:
        return self.inner.identity

    async def embed(self, texts: Sequence[str]) -> Vector:
        self.seen.extend(texts)
        return await self.inner.embed(texts)


async def test_what_waits_gets_a_vector_and_waits_no_more() -> None:
    engine = Engine()
    await engine.hear(said(1, "use apt to install it"), said(2, "or use snap instead"))
    assert await engine.vectors.count(EVERYTHING) == 2
    assert await engine.archive.waiting(EVERYTHING, 10) == []


async def test_draining_twice_does_nothing_the_second_time() -> None:
    engine = Engine(embedder=(embedder := CountingEmbedder()))
    await engine.hear(said(1, "use apt to install it"))
    embedder.seen.clear()
    assert await engine.index().drain() == Progress()
    assert embedder.seen == []


async def test_texts_that_occur_again_are_embedded_once() -> None:
    engine = Engine(embedder=(embedder := CountingEmbedder()))
    await engine.hear(*(said(n, "thank you very much") for n in range(5)))
    assert embedder.seen == ["Ana: thank you very much"]
    assert await engine.vectors.count(EVERYTHING) == 5


async def test_more_than_a_window_is_drained_and_told() -> None:
    engine = Engine()
    for page in pages(*(said(n, f"line {n % 7} of the story") for n in range(WINDOW + 3))):
        await engine.archive.store(page)
    told: list[Progress] = []
    done = await engine.index().drain(told.append)
    assert done == told[-1] == Progress(WINDOW + 3, WINDOW + 3)
    assert [p.settled for p in told] == [WINDOW, WINDOW + 3]


async def test_an_edit_replaces_the_vector_and_an_edit_to_nothing_removes_it() -> None:
    engine = Engine()
    await engine.hear(said(1, "install it with apt"))
    ids = {1: [message_id(1)]}
    vector = (await engine.embedder.embed(["Ana: restart the router"]))[0]
    before = (await engine.vectors.similarities(vector, ids, Scope.everything()))[message_id(1)]
    await engine.hear(_edited(1, "restart the router"))
    after = (await engine.vectors.similarities(vector, ids, Scope.everything()))[message_id(1)]
    assert after == pytest.approx(1.0) != pytest.approx(before)
    await engine.hear(_edited(2, ":)"))
    assert await engine.vectors.similarities(vector, ids, Scope.everything()) == {}


def _edited(hours: int, content: str) -> Message:
    message = said(1, content)
    return evolve(message, edited_at=message.created_at + timedelta(hours=hours))


async def test_a_message_without_content_gets_no_vector_but_is_settled() -> None:
    engine = Engine()
    await engine.hear(said(1, ":+1:"), said(2, "ok"), said(3, "https://example.org/x"))
    assert await engine.vectors.count(EVERYTHING) == 0
    assert await engine.archive.waiting(EVERYTHING, 10) == []


async def test_a_removed_messages_vector_goes_without_embedding_anything() -> None:
    engine = Engine(embedder=(embedder := CountingEmbedder()))
    await engine.hear(said(1, "use apt to install it"))
    for page in pages(said(2, "this one is still waiting")):
        await engine.archive.store(page)
    await engine.archive.remove([message_id(1)], EVERYTHING)
    embedder.seen.clear()
    await engine.index().purge()
    assert await engine.vectors.count(EVERYTHING) == 0
    assert embedder.seen == []
    assert [m.message_id for m in await engine.archive.waiting(EVERYTHING, 10)] == [message_id(2)]


async def test_rebuilding_makes_every_vector_anew_and_tells_how_many() -> None:
    engine = Engine(embedder=(embedder := CountingEmbedder()))
    await engine.hear(said(1, "use apt to install it"), said(2, "ok"))
    embedder.seen.clear()
    assert await engine.index().rebuild(1) == 1
    assert embedder.seen == ["Ana: use apt to install it"]


async def test_a_busy_index_is_told_before_anything_is_embedded() -> None:
    embedder = CountingEmbedder()
    engine = Engine(embedder=embedder, vectors=BrokenIndex(embedder.identity))
    with pytest.raises(IndexBusy):
        await engine.hear(said(1, "use apt to install it"))
    assert embedder.seen == []


@define
class FailingIndex(MemoryVectorIndex):
    """Takes one batch and breaks at the second."""

    puts: int = 0

    async def put(self, guild_id: int, entries: Sequence[Entry]) -> None:
        self.puts += 1
        if self.puts > 1:
            raise IndexUnavailable("The disk is full.")
        await super().put(guild_id, entries)


async def test_what_was_written_before_a_failure_is_settled_and_the_rest_waits() -> None:
    embedder = HashEmbedder()
    engine = Engine(embedder=embedder, vectors=FailingIndex(embedder.identity))
    for page in pages(*(said(n, f"line {n} of the story") for n in range(WINDOW + 3))):
        await engine.archive.store(page)
    with pytest.raises(IndexUnavailable):
        await engine.index().drain()
    assert len(await engine.archive.waiting(EVERYTHING, 2 * WINDOW)) == 3


async def test_an_index_in_charge_of_one_server_leaves_the_others_marks() -> None:
    engine = Engine()
    for page in pages(said(1, "here it is said"), said(2, "and there", guild=Guild(2, "away"))):
        await engine.archive.store(page)
    scope = EVERYTHING.in_guilds([1])
    await Index(engine.archive, engine.vectors, engine.embedder, scope).drain()
    assert [m.guild_id for m in await engine.archive.waiting(EVERYTHING, 10)] == [2]


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("use apt", True),
        ("yes", True),
        ("8.04", True),
        ("東京", True),
        ("да!", False),
        ("ok", False),
        ("", False),
        ("👍👍👍", False),
        (":tada: :thumbsup:", False),
        ("https://example.org/a/long/path", False),
        ("https://example.org look", True),
        ("?!...", False),
    ],
)
def test_a_vector_is_for_what_says_something(text: str, worth: bool) -> None:
    assert is_worth_a_vector(text) == worth


async def test_found_by_meaning_after_indexing() -> None:
    engine = Engine()
    await engine.hear(said(1, "restart the router"), said(2, "bake bread at noon"))
    found = (await engine.search().find(asked("router restart"), 1)).found
    assert [f.message.id for f in found] == [message_id(1)]
