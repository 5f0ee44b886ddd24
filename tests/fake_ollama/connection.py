"""One HTTP/1.1 connection of a client, over asyncio's streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import h11
from attrs import define, field, frozen

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Mapping

    from tests.fake_ollama.behaviour import Refusal

JSON, NDJSON = "application/json; charset=utf-8", "application/x-ndjson"
_READ_BYTES = 65_536


@frozen
class Request:
    """What a client asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def parsed(self) -> dict[str, object]:
        """Return the body's JSON object; raises `ValueError` where it is none."""
        parsed = json.loads(self.body or b"{}")
        if not isinstance(parsed, dict):
            raise ValueError("invalid JSON")  # noqa: TRY004 (a wrong value of the client's)
        return parsed


@define
class Connection:
    """Reads requests and writes responses, one after the other."""

    _reader: StreamReader
    _writer: StreamWriter
    _protocol: h11.Connection = field(factory=lambda: h11.Connection(h11.SERVER), init=False)

    async def request(self) -> Request | None:
        """Return the next request; `None` when the client has closed or speaks no HTTP."""
        head: h11.Request | None = None
        body = b""
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                headers = {name.decode(): value.decode() for name, value in head.headers}
                path = head.target.decode().partition("?")[0]
                return Request(head.method.decode(), path, headers, body)
            else:
                return None

    async def _next_event(self) -> type[h11.NEED_DATA | h11.PAUSED] | h11.Event | None:
        while True:
            try:
                event = self._protocol.next_event()
                if event is not h11.NEED_DATA:
                    return event
                self._protocol.receive_data(await self._reader.read(_READ_BYTES))
            except (h11.RemoteProtocolError, ConnectionError):
                return None

    async def gone(self) -> None:
        """Return once the client has closed the connection."""
        try:
            while data := await self._reader.read(_READ_BYTES):
                self._protocol.receive_data(data)
        except (h11.RemoteProtocolError, ConnectionError):
            return

    async def begin(
        self, status: int, media_type: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """Send status and headers of a response in chunks."""
        every = [("Content-Type", media_type), *headers]
        await self._send(h11.Response(status_code=status, headers=every))

    async def write(self, data: str) -> None:
        """Send a piece of the body."""
        await self._send(h11.Data(data=data.encode()))

    async def end(self) -> None:
        """Finish the response, an empty one where nothing was written."""
        if self._protocol.our_state is h11.SEND_RESPONSE:
            await self.begin(200, NDJSON)
        await self._send(h11.EndOfMessage())

    async def respond(
        self,
        status: int,
        body: str,
        media_type: str = JSON,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Send a whole response."""
        length = ("Content-Length", str(len(body.encode())))
        await self.begin(status, media_type, (length, *headers))
        await self.write(body)
        await self.end()

    async def tell(self, facts: Mapping[str, object]) -> None:
        """Respond with one JSON object."""
        await self.respond(200, json.dumps(facts))

    async def refuse(self, refusal: Refusal) -> None:
        """Respond with an error; impossible once a response has begun."""
        await self.respond(refusal.status, refusal.body, refusal.media_type, refusal.headers)

    async def write_line(self, facts: Mapping[str, object]) -> None:
        """Send one line of NDJSON, beginning the response where it has not begun."""
        await self.write_raw_line(json.dumps(facts))

    async def write_raw_line(self, line: str) -> None:
        """Send one line, whatever it is, where one of NDJSON is expected."""
        if self._protocol.our_state is h11.SEND_RESPONSE:
            await self.begin(200, NDJSON)
        await self.write(line + "\n")

    async def _send(self, event: h11.Event) -> None:
        data = self._protocol.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    def is_reusable(self) -> bool:
        """Make ready for the next request; false where the connection must be closed."""
        if self._protocol.our_state is not h11.DONE or self._protocol.their_state is not h11.DONE:
            return False
        self._protocol.start_next_cycle()
        return True

    def break_off(self) -> None:
        """Cut the connection as a crash would, without a goodbye."""
        self._writer.transport.abort()

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()
