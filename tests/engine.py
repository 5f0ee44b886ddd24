"""The use cases over doubles, and short ways to say something in a server.

    engine = Engine()
    await engine.hear(said(1, "use apt"), said(2, "thanks", author="bob"))
    done = await engine.ask().whole(asked("how do I install it?"))

Message number n is said n minutes after `START`. Servers, channels and people are
known by name; a name always stands for the same id.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from zlib import crc32

from attrs import field, frozen

from app.adapters.memory import MemoryConversationStore
from app.domain.asking import AnswerLimits, Ask
from app.domain.forgetting import Forget
from app.domain.indexing import Index
from app.domain.model import Author, Channel, Guild, Message, Question, Scope, snowflake_at
from app.domain.searching import Search
from app.ports.history import Page
from tests.doubles.archive import MemoryMessageArchive
from tests.doubles.clock import FrozenClock
from tests.doubles.embedder import HashEmbedder
from tests.doubles.index import MemoryVectorIndex
from tests.doubles.model import ScriptedChatModel

if TYPE_CHECKING:
    from app.ports.conversations import ConversationStore
    from app.ports.language import ChatModel, Embedder
    from app.ports.storage import MessageArchive, VectorIndex

START = datetime(2024, 5, 1, 12, tzinfo=UTC)
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
HOME = Guild(1, "home")


def id_of(name: str) -> int:
    """Return the id that this name has in tests."""
    return crc32(name.encode())


def said(  # noqa: PLR0917 (who says what where is clear in this order)
    number: int,
    content: str,
    author: str = "ana",
    channel: str = "general",
    guild: Guild = HOME,
    reply_to: int | None = None,
) -> Message:
    """Return message `number`, `reply_to` being the number of another one."""
    moment = START + timedelta(minutes=number)
    return Message(
        message_id(number),
        Channel(id_of(f"{guild.name}/{channel}"), guild.id, channel),
        Author(id_of(author), author, author.title()),
        moment,
        content,
        observed_at=NOW,
        reply_to=None if reply_to is None else message_id(reply_to),
    )


def message_id(number: int) -> int:
    """Return the id of message `number`."""
    return snowflake_at(START + timedelta(minutes=number)) + number


def pages(*messages: Message) -> list[Page]:
    """Return the messages as pages, one for each server and channel."""

    def place(message: Message) -> tuple[int, int]:
        return message.guild_id, message.channel.id

    grouped = [list(group) for _, group in groupby(sorted(messages, key=place), key=place)]
    return [
        Page(Guild(g[0].guild_id, f"guild {g[0].guild_id}"), (g[0].channel,), tuple(g))
        for g in grouped
    ]


def asked(text: str, scope: Scope | None = None, limit: int = 10) -> Question:
    """Return a question, about everything unless a scope is given."""
    return Question(text, scope or Scope.everything(), NOW, limit)


@frozen
class Engine:
    """Everything in memory; any part can be another one."""

    archive: MessageArchive = field(factory=MemoryMessageArchive)
    embedder: Embedder = field(factory=HashEmbedder)
    vectors: VectorIndex = field()
    model: ChatModel = field(factory=ScriptedChatModel)
    fallback: ChatModel = field(factory=lambda: ScriptedChatModel("a quote [1]", name="fallback"))
    clock: FrozenClock = field(factory=FrozenClock)
    limits: AnswerLimits = field(factory=AnswerLimits)
    conversations: ConversationStore = field()

    @conversations.default
    def _make_conversations(self) -> ConversationStore:
        return MemoryConversationStore(self.clock)

    @vectors.default
    def _make_vectors(self) -> VectorIndex:
        return MemoryVectorIndex(self.embedder.identity)

    async def hear(self, *messages: Message) -> None:
        """Archive the messages and make their vectors."""
        for page in pages(*messages):
            await self.archive.store(page)
        await self.index().drain()

    def index(self) -> Index:
        return Index(self.archive, self.vectors, self.embedder, Scope.everything())

    def search(self) -> Search:
        return Search(self.archive, self.vectors, self.embedder, self.clock)

    def ask(self) -> Ask:
        return Ask(self.search(), self.archive, self.model, self.fallback, self.clock, self.limits)

    def forget(self) -> Forget:
        return Forget(self.archive, self.vectors, self.index(), self.conversations)
