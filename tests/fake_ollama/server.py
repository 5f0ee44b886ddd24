"""FakeOllama: the routes of an Ollama server, and what a test can see and change of it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from attrs import define, field

from tests.fake_ollama.behaviour import BUSY, WRONG_PATH, Behaviour, Refusal, Refused
from tests.fake_ollama.chatting import Turn
from tests.fake_ollama.connection import Connection, Request
from tests.fake_ollama.embedding import embed
from tests.fake_ollama.models import Models
from tests.fake_ollama.prompts import cite_first_excerpt
from tests.fake_ollama.pulling import pull

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from tests.fake_ollama.prompts import Chat

VERSION = "0.33.0"
PATIENCE_SECONDS = 10.0


@define(eq=False)
class FakeOllama:
    """Serves on `url` while entered; every field can be changed at any time.

    Chats go as `first` says, one each, and then all as `behaviour` says.
    `requests` are all that came, in order, over so many `connections`; `under_way` chats
    are being answered or wait, `cancelled` ones were left by their client before the end.
    """

    port: int = 0
    answer: Callable[[Chat], str] = cite_first_excerpt
    behaviour: Behaviour = field(factory=Behaviour)
    first: list[Behaviour] = field(factory=list)
    models: Models = field(factory=Models)
    parallel: int = 1
    max_queue: int = 512
    requests: list[Request] = field(factory=list, init=False)
    connections: int = field(default=0, init=False)
    under_way: int = field(default=0, init=False)
    cancelled: int = field(default=0, init=False)
    resumed: asyncio.Event = field(factory=asyncio.Event, init=False)
    _turn: asyncio.Semaphore = field(init=False)
    _server: asyncio.Server = field(init=False)
    _serving: set[asyncio.Task[None]] = field(factory=set, init=False)
    _failures: list[Exception] = field(factory=list, init=False)
    _awaited: list[tuple[Callable[[], bool], asyncio.Future[None]]] = field(
        factory=list, init=False
    )

    @property
    def url(self) -> str:
        """The address it listens on."""
        return f"http://127.0.0.1:{self.port}"

    def asked(self, path: str) -> list[dict[str, object]]:
        """Return the bodies of the requests for a path."""
        return [request.parsed() for request in self.requests if request.path == path]

    def resume(self) -> None:
        """Let answers go on that stall."""
        self.resumed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when the condition holds; it is looked at whenever something happens here.

        Raises `TimeoutError` after ten seconds.
        """
        if not condition():
            happened = asyncio.get_running_loop().create_future()
            self._awaited.append((condition, happened))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await happened

    async def __aenter__(self) -> Self:
        self._turn = asyncio.Semaphore(self.parallel)
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Close the socket and every connection, as a server that is shut down."""
        self._server.close()
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        if self._failures:
            raise ExceptionGroup("the fake server itself failed", self._failures)

    # Connections

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        serving = asyncio.create_task(self._serve(Connection(reader, writer)))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _serve(self, connection: Connection) -> None:
        try:
            while (request := await connection.request()) is not None:
                self.requests.append(request)
                self._happened()
                await self._respond_while_wanted(request, connection)
                if not connection.is_reusable():
                    break
        finally:
            connection.close()

    async def _respond_while_wanted(self, request: Request, connection: Connection) -> None:
        """Respond; stop as soon as the client has gone."""
        responding = asyncio.create_task(self._respond(request, connection))
        leaving = asyncio.create_task(connection.gone())
        try:
            await asyncio.wait({responding, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            responding.cancel()
            leaving.cancel()
            (outcome, _) = await asyncio.gather(responding, leaving, return_exceptions=True)
            was_left = isinstance(outcome, (asyncio.CancelledError, ConnectionError))
            if was_left and request.path == "/api/chat":
                self.cancelled += 1
            if isinstance(outcome, Exception) and not was_left:
                self._failures.append(outcome)
            self._happened()

    def _happened(self) -> None:
        for condition, happened in list(self._awaited):
            if condition():
                self._awaited.remove((condition, happened))
                if not happened.done():
                    happened.set_result(None)

    # Routes

    async def _respond(self, request: Request, connection: Connection) -> None:
        is_chat = request.path == "/api/chat"
        behaviour = self.first.pop(0) if is_chat and self.first else self.behaviour
        try:
            if behaviour.refusal is not None and request.path in behaviour.refused_paths:
                await connection.refuse(behaviour.refusal)
            elif is_chat and request.method == "POST":
                await self._chat(request.parsed(), behaviour, connection)
            else:
                await self._route(request, connection)
        except Refused as refused:
            await connection.refuse(refused.refusal)
        except ValueError as error:
            await connection.refuse(Refusal.error(400, str(error)))

    async def _route(self, request: Request, connection: Connection) -> None:
        asked = request.parsed()
        match request.method, request.path:
            case "HEAD", "/":
                await connection.respond(200, "", "text/plain; charset=utf-8")
            case "GET", "/":
                await connection.respond(200, "Ollama is running", "text/plain; charset=utf-8")
            case "GET", "/api/version":
                await connection.tell({"version": VERSION})
            case "GET", "/api/tags":
                await connection.tell(self.models.tags())
            case "GET", "/api/ps":
                await connection.tell(self.models.running())
            case "POST", "/api/show":
                await connection.tell(self.models.show(asked))
            case "POST", "/api/embed":
                await connection.tell(embed(asked, self.models))
            case "POST", "/api/pull":
                await pull(asked, self.models, connection)
            case _:
                raise Refused(WRONG_PATH)

    async def _chat(
        self, asked: dict[str, object], behaviour: Behaviour, connection: Connection
    ) -> None:
        """Wait for a turn, if there is room in the queue, and write."""
        turn = Turn.read(asked, self.models)
        if not turn.chat:
            await connection.tell(turn.load_or_unload(self.models))
            return
        if self.under_way >= self.parallel + self.max_queue:
            raise Refused(BUSY)
        self.under_way += 1
        self._happened()
        try:
            async with self._turn:
                await turn.take(self, behaviour, connection)
        finally:
            self.under_way -= 1


@contextmanager
def in_thread(server: FakeOllama | None = None) -> Iterator[FakeOllama]:
    """Run a server in a thread with a loop of its own, for code that blocks the caller's."""
    server = server or FakeOllama()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fake-ollama", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
        yield server
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
