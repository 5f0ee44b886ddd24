"""What every store of conversations promises."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from app.adapters.memory import MemoryConversationStore
from app.domain.model import Turn
from tests.doubles.clock import FrozenClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.ports.conversations import ConversationStore

ANA, BEN = 1, 2
HERE, THERE = "channel 7", "channel 8"
EXPIRY_SECONDS = 60.0
MOST_TURNS, MOST_CONVERSATIONS = 3, 4
NOW = datetime(2024, 5, 1, tzinfo=UTC)


def in_memory(clock: FrozenClock) -> ConversationStore:
    return MemoryConversationStore(clock, EXPIRY_SECONDS, MOST_TURNS, MOST_CONVERSATIONS)


ADAPTERS: dict[str, Callable[[FrozenClock], ConversationStore]] = {
    "MemoryConversationStore": in_memory,
}


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def store(adapter: str, clock: FrozenClock) -> ConversationStore:
    return ADAPTERS[adapter](clock)


def turn(text: str, *cited: int) -> Turn:
    return Turn(text, NOW, cited)


async def texts(store: ConversationStore, asker: int = ANA, place: str = HERE) -> list[str]:
    return [each.text for each in await store.turns(asker, place)]


async def test_what_was_asked_is_kept_in_order_with_what_was_cited(
    store: ConversationStore,
) -> None:
    turns = (turn("Who?", 10, 2**62), turn("When? 🕰"))
    for each in turns:
        await store.add(ANA, HERE, each)
    assert await store.turns(ANA, HERE) == turns


async def test_nothing_is_known_of_a_new_conversation(store: ConversationStore) -> None:
    assert await store.turns(ANA, HERE) == ()


async def test_a_conversation_is_its_askers_alone(store: ConversationStore) -> None:
    await store.add(ANA, HERE, turn("Ana's"))
    await store.add(BEN, HERE, turn("Ben's"))
    await store.add(ANA, THERE, turn("elsewhere"))
    assert await texts(store, ANA) == ["Ana's"]
    assert await texts(store, BEN) == ["Ben's"]
    assert await texts(store, BEN, THERE) == []


async def test_only_the_last_turns_are_kept(store: ConversationStore) -> None:
    for n in range(MOST_TURNS + 2):
        await store.add(ANA, HERE, turn(f"question {n}"))
    assert await texts(store) == ["question 2", "question 3", "question 4"]


async def test_a_conversation_expires_when_nothing_is_asked_for_a_while(
    store: ConversationStore, clock: FrozenClock
) -> None:
    await store.add(ANA, HERE, turn("first"))
    clock.pass_by(EXPIRY_SECONDS - 1)
    assert await texts(store) == ["first"]
    await store.add(ANA, HERE, turn("second"))
    clock.pass_by(EXPIRY_SECONDS - 1)
    assert await texts(store) == ["first", "second"]
    clock.pass_by(1)
    assert await texts(store) == []
    await store.add(ANA, HERE, turn("third"))
    assert await texts(store) == ["third"]


async def test_looking_keeps_nothing_alive(store: ConversationStore, clock: FrozenClock) -> None:
    await store.add(ANA, HERE, turn("first"))
    clock.pass_by(EXPIRY_SECONDS / 2)
    assert await texts(store)
    clock.pass_by(EXPIRY_SECONDS / 2)
    assert not await texts(store)


async def test_the_store_stays_small(store: ConversationStore) -> None:
    for asker in range(MOST_CONVERSATIONS):
        await store.add(asker, HERE, turn("mine"))
    await store.add(0, HERE, turn("again"))
    await store.add(99, HERE, turn("one too many"))
    kept = [asker for asker in (*range(MOST_CONVERSATIONS), 99) if await texts(store, asker)]
    assert kept == [0, 2, 3, 99]


async def test_of_a_huge_question_the_begin_is_kept(store: ConversationStore) -> None:
    await store.add(ANA, HERE, turn("why? " * 100_000))
    [kept] = await texts(store)
    assert kept.startswith("why? why?")
    assert len(kept) < 10_000


async def test_a_conversation_is_forgotten_on_request(store: ConversationStore) -> None:
    await store.add(ANA, HERE, turn("here"))
    await store.add(ANA, THERE, turn("there"))
    await store.clear(ANA, HERE)
    await store.clear(ANA, "never begun")
    assert await texts(store) == []
    assert await texts(store, ANA, THERE) == ["there"]


async def test_a_person_is_forgotten_with_all_conversations(
    store: ConversationStore, clock: FrozenClock
) -> None:
    await store.add(ANA, "long ago", turn("expired"))
    clock.pass_by(EXPIRY_SECONDS)
    await store.add(ANA, HERE, turn("here"))
    await store.add(ANA, THERE, turn("there"))
    await store.add(BEN, HERE, turn("Ben's"))
    assert await store.forget_asker(ANA) == 2
    assert await store.forget_asker(ANA) == 0
    assert await texts(store, ANA, THERE) == []
    assert await texts(store, BEN) == ["Ben's"]


async def test_a_removed_message_is_cited_nowhere(
    store: ConversationStore, clock: FrozenClock
) -> None:
    first, second = turn("first", 10, 11, 12), turn("second", 11)
    await store.add(ANA, HERE, first)
    await store.add(ANA, HERE, second)
    await store.add(BEN, HERE, first)
    await store.remove([11, 12, 13])
    assert await store.turns(ANA, HERE) == (evolve(first, cited=(10,)), evolve(second, cited=()))
    assert await store.turns(BEN, HERE) == (evolve(first, cited=(10,)),)
    clock.pass_by(EXPIRY_SECONDS)
    assert await texts(store) == []
