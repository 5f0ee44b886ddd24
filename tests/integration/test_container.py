"""Every part of the container can be swapped, and questions are answered through every entry point.

Swapping adapters is how this architecture is used. Each provider is overridden in turn with its
double, beside parts that are all real, and one question is asked through each way in.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from attrs import evolve, field, frozen
from dependency_injector import providers

from app.adapters.exports import ExportHistory
from app.adapters.memory import MemoryConversationStore
from app.adapters.onnx import OnnxEmbedder
from app.domain.collecting import Collect
from app.domain.conversing import Converse
from app.domain.errors import ArchiveUnavailable
from app.domain.model import Scope
from app.entrypoints.container import Container, running
from app.entrypoints.library import DiscordLLMHandler, MessageContext
from app.entrypoints.settings import Settings
from tests.doubles.clock import FrozenClock
from tests.doubles.embedder import HashEmbedder
from tests.doubles.index import MemoryVectorIndex
from tests.doubles.model import ScriptedChatModel
from tests.engine import Engine
from tests.exports import export, id_of, message, message_id, write
from tests.integration.program import DONE, InProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    from app.ports.language import Embedder
    from tests.integration.program import Program

    Make: TypeAlias = "Callable[[], object]"
    """Makes what takes a provider's place."""

QUESTION = "When is the release of version 2 planned?"
RIGHT = message_id(0)
ANSWER = "The double says: in March [1]."
EVERYTHING = Scope.everything()
NO_OLLAMA = "http://127.0.0.1:9"  # nobody may listen there
USE_CASES_THAT_WRITE = {"collect", "index", "forget"}
FOR_CONVERSATIONS = {"conversations", "converse"}


@frozen
class World:
    """Real parts in a data directory, and doubles that hold the same."""

    exported: Path
    data_dir: Path
    embedder: Embedder
    engine: Engine

    @classmethod
    async def of(cls, exported: Path, data_dir: Path) -> World:
        embedder = OnnxEmbedder(threads=1)  # loaded once, for all tests
        vectors, model = MemoryVectorIndex(embedder.identity), ScriptedChatModel(ANSWER)
        engine = Engine(embedder=embedder, vectors=vectors, model=model, fallback=model)
        await Collect(engine.archive).take(ExportHistory([exported]))
        await engine.index().drain()
        return cls(exported, data_dir, embedder, engine)

    def doubles(self) -> dict[str, Make]:
        """Return a double for every provider."""
        model = self.engine.model
        closed: list[object] = []
        return {
            "settings": lambda: Settings(self.data_dir, ollama_host=NO_OLLAMA),
            "clock": FrozenClock,
            "closing": lambda: closed,
            "archive": lambda: self.engine.archive,
            "embedder": HashEmbedder,
            "vectors": lambda: self.engine.vectors,
            "extractive": lambda: model,
            "ollama": lambda: model,
            "model": lambda: model,
            "search": self.engine.search,
            "ask": self.engine.ask,
            "conversations": lambda: MemoryConversationStore(FrozenClock()),
            "converse": lambda: Converse(self.engine.ask(), MemoryConversationStore(FrozenClock())),
            "collect": lambda: Collect(self.engine.archive),
            "index": self.engine.index,
            "forget": self.engine.forget,
        }


@pytest.fixture(scope="module")
def world(library: Program, exported: Path) -> World:
    return asyncio.run(World.of(exported, library.data_dir))


@frozen
class Swap:
    """A provider that is overridden with its double; `uses` grows when the double is asked for."""

    world: World
    provider: str
    uses: list[str] = field(factory=list)

    def build(self, settings: Settings) -> Container:
        """Make a container whose parts are real but for the double."""
        container = Container(settings=settings)
        self.put_into(container)
        return container

    def put_into(self, container: Container | type[Container]) -> None:
        """Override the provider, and spare the real embedder its loading."""
        make = self.world.doubles()[self.provider]

        def take_place() -> object:
            self.uses.append(self.provider)
            return make()

        container.embedder.override(providers.Callable(lambda: self.world.embedder))
        getattr(container, self.provider).override(providers.Callable(take_place))

    def take_out_of(self, container: type[Container]) -> None:
        """Undo `put_into`."""
        getattr(container, self.provider).reset_last_overriding()
        container.embedder.reset_last_overriding()

    def program(self) -> InProcess:
        """Return the command line with the double; it prefers an Ollama that is not there."""
        settings = {"LLM_BACKEND": "auto", "OLLAMA_HOST": NO_OLLAMA}
        return InProcess(self.world.data_dir, settings, build=self.build)


def on_the_command_line(swap: Swap) -> str:
    answer = swap.program().json("ask", QUESTION)
    assert answer["success"]
    assert RIGHT in {int(citation["message_id"]) for citation in answer["citations"]}
    return str(answer["answer"])


def in_a_batch(swap: Swap) -> str:
    line = json.dumps({"query_id": "1", "query": QUESTION})
    finished = swap.program().run("ask", "--batch", "-", typed=line)
    assert finished.code == DONE
    answered = json.loads(finished.out)
    assert RIGHT in map(int, answered["ranked"])
    return str(answered["ask"]["answer"])


def at_the_prompt(swap: Swap) -> str:
    finished = swap.program().run("chat", typed=f"{QUESTION}\n")
    assert finished.code == DONE
    assert f"/{RIGHT}\n" in finished.out
    return finished.out


def in_the_library(swap: Swap) -> str:
    found = MessageContext(
        "The release of version 2 is planned for the first week of March.",
        *("alice", "general", datetime(2024, 1, 15, 12, tzinfo=UTC), str(RIGHT)),
    )
    swap.put_into(Container)  # the library makes its containers itself
    try:
        response = DiscordLLMHandler().generate_response_sync(QUESTION, [found])
    finally:
        swap.take_out_of(Container)
    assert response.success
    return response.content


WAYS_IN: dict[Callable[[Swap], str], set[str]] = {
    on_the_command_line: set(Container.providers) - USE_CASES_THAT_WRITE - FOR_CONVERSATIONS,
    in_a_batch: set(Container.providers) - USE_CASES_THAT_WRITE - FOR_CONVERSATIONS,
    at_the_prompt: set(Container.providers) - USE_CASES_THAT_WRITE,
    in_the_library: {"clock", "extractive", "ollama"},
}
"""How questions come in, and which providers each way uses."""


def test_every_provider_has_a_double(world: World) -> None:
    assert world.doubles().keys() == Container.providers.keys()


@pytest.mark.parametrize("provider", Container.providers)
@pytest.mark.parametrize("ask", WAYS_IN)
def test_a_question_is_answered_whichever_part_is_swapped(
    world: World, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Swap], str], provider: str
) -> None:
    # The library asks the model that is set, and no other in its place.
    monkeypatch.setenv("LLM_BACKEND", "ollama" if provider == "ollama" else "extractive")
    swap = Swap(world, provider)
    answer = ask(swap)
    assert bool(swap.uses) == (provider in WAYS_IN[ask])
    assert (ANSWER in answer) == (
        bool(swap.uses) and provider in {"extractive", "ollama", "model", "ask", "converse"}
    )


def test_importing_indexing_and_forgetting_can_be_swapped(world: World, tmp_path: Path) -> None:
    said = [message(9_000, "The scanner is broken.", author="erin")]
    more = write(tmp_path / "more.json", export(said))
    fresh = evolve(world, data_dir=tmp_path / "data")
    before = held(world)
    program_with(fresh, "collect").done("import", "--no-embed", more)
    assert held(world) == (before[0] + 1, before[1])
    program_with(fresh, "index").done("index")
    assert held(world) == (before[0] + 1, before[1] + 1)
    program_with(fresh, "forget").done("forget", "--user", id_of("erin"))
    assert held(world) == before
    assert InProcess(fresh.data_dir).json("status")["messages"] == 0


def program_with(world: World, provider: str) -> InProcess:
    return Swap(world, provider).program()


def held(world: World) -> tuple[int, int]:
    """Return how many messages and vectors the doubles hold."""
    archive, vectors = world.engine.archive, world.engine.vectors
    return asyncio.run(archive.count(EVERYTHING)), asyncio.run(vectors.count(EVERYTHING))


async def test_what_cannot_be_closed_keeps_nothing_else_open(tmp_path: Path) -> None:
    closed: list[str] = []

    @frozen
    class Part:
        name: str

        async def close(self) -> None:
            closed.append(self.name)
            if self.name == "stuck":
                raise RuntimeError("stuck")

    container = Container(settings=Settings(tmp_path))
    with pytest.raises(RuntimeError, match="stuck"):
        async with running(container) as opened:
            opened.closing().extend([Part("first"), Part("stuck"), Part("last")])
    assert closed == ["last", "stuck", "first"]
    with pytest.raises(ArchiveUnavailable, match="not open"):
        await container.archive().count(EVERYTHING)
