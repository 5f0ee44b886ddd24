"""The one composition root: which adapter plays which role, chosen by settings."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from dependency_injector import containers, providers

from app.adapters.system import SystemClock
from app.domain.asking import AnswerLimits, Ask
from app.domain.collecting import Collect
from app.domain.context import ContextPolicy
from app.domain.conversing import Converse
from app.domain.forgetting import Forget
from app.domain.indexing import Index
from app.domain.model import Scope
from app.domain.prompt import SYSTEM_PROMPT
from app.domain.searching import Search
from app.entrypoints.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.adapters.chroma.location import Location
    from app.ports.conversations import ConversationStore
    from app.ports.language import ChatModel, Embedder
    from app.ports.storage import MessageArchive, VectorIndex


class Closing(Protocol):
    """Something that holds a connection or a lock."""

    async def close(self) -> None:
        """Let go of it."""


# The factories below import the adapter they build: a command that needs no vectors
# must not wait for the libraries that make them.


def _archive(settings: Settings) -> MessageArchive:
    from app.adapters.sql.archive import SqlMessageArchive

    return SqlMessageArchive(settings.archive_url, index_bots=settings.index_bots)


def _embedder(settings: Settings, closing: list[Closing]) -> Embedder:
    from app.adapters.onnx import OnnxEmbedder

    embedder = OnnxEmbedder(threads=settings.embed_threads)
    closing.append(embedder)
    return embedder


def _index(settings: Settings, embedder: Embedder, closing: list[Closing]) -> VectorIndex:
    from app.adapters.chroma.index import ChromaVectorIndex
    from app.adapters.chroma.location import OnDisk, OnServer

    location: Location = OnDisk(settings.folder)
    if settings.chroma_url is not None:
        tenant, database = settings.chroma_tenant, settings.chroma_database
        location = OnServer(settings.chroma_url, tenant, database, settings.chroma_token)
    index = ChromaVectorIndex(location, embedder.identity)
    closing.append(index)
    return index


def _ollama(settings: Settings, closing: list[Closing]) -> ChatModel:
    from app.adapters.ollama import OllamaChatModel

    model = OllamaChatModel(
        host=settings.ollama_host,
        model=settings.llm_model_name,
        temperature=settings.llm_temperature,
        num_ctx=settings.llm_num_ctx,
        num_gpu=settings.llm_num_gpu,
        timeout=settings.llm_timeout,
        first_token_timeout=settings.llm_first_token_timeout,
        load_timeout=settings.llm_load_timeout,
        keep_alive=settings.llm_keep_alive,
    )
    closing.append(model)
    return model


def _extractive() -> ChatModel:
    from app.adapters.extractive import ExtractiveChatModel

    return ExtractiveChatModel()


def _preferred(first: ChatModel, otherwise: ChatModel, clock: SystemClock) -> ChatModel:
    from app.adapters.preferred import PreferredChatModel

    return PreferredChatModel(first, otherwise, clock)


def _conversations(clock: SystemClock) -> ConversationStore:
    from app.adapters.memory import MemoryConversationStore

    return MemoryConversationStore(clock)


def _system_prompt(settings: Settings) -> str:
    file = settings.llm_system_prompt_file
    return SYSTEM_PROMPT if file is None else file.read_text(encoding="utf-8")


def _limits(settings: Settings) -> AnswerLimits:
    window = None if settings.llm_backend == "extractive" else settings.llm_num_ctx
    return AnswerLimits(settings.llm_max_context, settings.llm_max_response, window)


class Container(containers.DeclarativeContainer):
    """Every part, built on first use; nothing connects before `running`."""

    settings = providers.Dependency(instance_of=Settings)
    clock = providers.Singleton(SystemClock)
    closing: providers.Singleton[list[Closing]] = providers.Singleton(list)

    archive = providers.Singleton(_archive, settings)
    embedder = providers.Singleton(_embedder, settings, closing)
    vectors = providers.Singleton(_index, settings, embedder, closing)
    extractive = providers.Singleton(_extractive)
    ollama = providers.Singleton(_ollama, settings, closing)
    model = providers.Selector(
        settings.provided.llm_backend,
        auto=providers.Singleton(_preferred, ollama, extractive, clock),
        ollama=ollama,
        extractive=extractive,
    )

    search = providers.Singleton(Search, archive, vectors, embedder, clock)
    ask = providers.Singleton(
        Ask,
        search,
        archive,
        model,
        extractive,
        clock,
        providers.Callable(_limits, settings),
        providers.Callable(_system_prompt, settings),
        providers.Callable(ContextPolicy, settings.provided.context_policy),
    )
    conversations = providers.Singleton(_conversations, clock)
    converse = providers.Singleton(Converse, ask, conversations)
    collect = providers.Singleton(Collect, archive)
    index = providers.Singleton(
        Index, archive, vectors, embedder, providers.Callable(Scope.everything)
    )
    forget = providers.Singleton(Forget, archive, vectors, index, conversations)


@asynccontextmanager
async def running(container: Container) -> AsyncGenerator[Container, None]:
    """Open the archive, and close whatever was used, the last opened first.

    What cannot be closed keeps nothing else open.

    The vector index opens itself on first use: a command that does not search by
    meaning leaves the data directory's lock to others. Raises `ArchiveUnavailable`.
    """
    async with AsyncExitStack() as stack:
        archive = container.archive()
        await archive.open()
        stack.push_async_callback(archive.close)
        try:
            yield container
        finally:
            for used in container.closing():
                stack.push_async_callback(used.close)
