"""OllamaChatModel: answers written by a model that an Ollama server runs."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, cast

from attrs import Factory, field, frozen

from app.adapters.ollama.server import connect, missing, server_address, tagged, translated
from app.domain.errors import ModelTimeout, ModelUnavailable
from app.ports.language import ChatModel, Completion, Readiness, Token

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import ollama

    from app.domain.prompt import Prompt

READINESS_SECONDS = 2.0
FINISH_SECONDS = 1.0
AT_ONCE_SECONDS = 0.02


def _keep_alive(written: str | float) -> str | float:
    """Return seconds as a number: the server takes text only with a unit, like `30m`."""
    try:
        return float(written)
    except ValueError:
        return written


@frozen(kw_only=True, eq=False)
class OllamaChatModel(ChatModel):
    """Has an Ollama server write the answers; all times are in seconds.

    What decides how the server loads the model (`num_ctx`, `num_gpu`) is the same in
    every request: a change would load it again. The context must hold prompt and answer,
    else the server drops the beginning silently, the instructions first.
    """

    host: str = field(converter=server_address)
    model: str
    temperature: float
    num_ctx: int
    num_gpu: int | None = None
    timeout: float = 60.0
    first_token_timeout: float = 10.0
    load_timeout: float = 120.0
    keep_alive: str | float = field(default="30m", converter=_keep_alive)
    _client: ollama.AsyncClient = field(
        init=False, default=Factory(lambda self: connect(self.host), takes_self=True)
    )

    @property
    def name(self) -> str:
        """The model's tag."""
        return self.model

    async def stream(
        self, prompt: Prompt, limit_chars: int
    ) -> AsyncGenerator[Token | Completion, None]:
        """Yield the answer as the server writes it; one character over the limit ends it.

        So whoever shows the answer sees that it was cut. Ending it closes the connection,
        which stops the server's work.
        """
        left = limit_chars + 1
        completion = None
        async with aclosing(self._replies(prompt, limit_chars)) as replies:
            async for reply in replies:
                text = (reply.message.content or "")[:left]
                left -= len(text)
                if text:
                    yield Token(text)
                if reply.done or not left:
                    completion = self._completion(reply, was_cut=not left)
                if not left:
                    break
        if completion is None:
            raise ModelUnavailable(
                f"Ollama at {self.host} ended the answer in the middle: ask again."
            )
        yield completion

    async def readiness(self) -> Readiness:
        """Ask the server which models it has; two seconds are enough for that."""
        try:
            with translated(self.host, self.model):
                async with asyncio.timeout(READINESS_SECONDS):
                    listed = await self._client.list()
        except TimeoutError:
            return Readiness("down", f"Ollama at {self.host} is too slow to say what it has")
        except ModelUnavailable as error:
            return Readiness("down", str(error).rstrip("."))
        if tagged(self.model) not in {tagged(m.model or "") for m in listed.models}:
            return Readiness("down", missing(self.host, self.model).rstrip("."))
        return Readiness("ok", f"{self.model} on Ollama at {self.host}")

    async def close(self) -> None:
        """Close the connections; can be called twice."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def _replies(
        self, prompt: Prompt, limit_chars: int
    ) -> AsyncGenerator[ollama.ChatResponse, None]:
        """Yield what the server sends, each piece in time, errors translated."""
        with translated(self.host, self.model):
            async with aclosing(await self._request(prompt, limit_chars)) as replies:
                reply, deadline = await self._first(replies)
                while reply is not None:
                    yield reply
                    if reply.done:
                        await self._finish(replies)
                        return
                    reply = await self._next(replies, deadline)

    async def _finish(self, replies: AsyncGenerator[ollama.ChatResponse, None]) -> None:
        """Read the response to its end, so that its connection can serve again.

        The answer is whole by then: what goes wrong harms nobody.
        """
        now = asyncio.get_running_loop().time()
        with suppress(ModelUnavailable), translated(self.host, self.model):
            await self._next(replies, now + FINISH_SECONDS)

    async def _request(
        self, prompt: Prompt, limit_chars: int
    ) -> AsyncGenerator[ollama.ChatResponse, None]:
        replies = await self._client.chat(
            model=self.model,
            messages=[
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            stream=True,
            # Models that think do so unless told not to, and the thoughts use up the answer.
            think=False,
            options=self._options(limit_chars),
            keep_alive=self.keep_alive,
        )
        # The client promises an iterator only, but what it returns can be closed.
        return cast("AsyncGenerator[ollama.ChatResponse, None]", replies)

    def _options(self, limit_chars: int) -> dict[str, float]:
        options = {
            "num_ctx": self.num_ctx,
            "temperature": self.temperature,
            # A token is a character at least, in any script but the rarest.
            "num_predict": max(1, min(limit_chars, self.num_ctx // 2)),
        }
        return options if self.num_gpu is None else options | {"num_gpu": self.num_gpu}

    async def _first(
        self, replies: AsyncGenerator[ollama.ChatResponse, None]
    ) -> tuple[ollama.ChatResponse | None, float]:
        """Wait for the first reply; return it, and until when the last one must have come.

        There is more time while the server loads the model. It soon lists a model that it
        is still loading, so it is asked at the beginning, beside the request, unless a
        reply comes at once.
        """
        now = asyncio.get_running_loop().time
        begun = now()
        limit = asyncio.timeout_at(begun + self.first_token_timeout)
        is_loading = False

        async def allow_for_loading() -> None:
            nonlocal is_loading
            await asyncio.sleep(AT_ONCE_SECONDS)
            is_loading = not await self._is_loaded()
            if is_loading:
                limit.reschedule(begun + max(self.load_timeout, self.first_token_timeout))

        try:
            async with limit:
                allowance = asyncio.create_task(allow_for_loading())
                try:
                    reply = await anext(replies, None)
                finally:
                    allowance.cancel()
        except TimeoutError as error:
            raise ModelTimeout(self._no_beginning(is_loading=is_loading)) from error
        return reply, self.timeout + (now() if is_loading else begun)

    async def _next(
        self, replies: AsyncGenerator[ollama.ChatResponse, None], deadline: float
    ) -> ollama.ChatResponse | None:
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(replies, None)
        except TimeoutError as error:
            raise ModelTimeout(
                f"{self.model} did not finish its answer within {self.timeout:g} seconds:"
                " ask something narrower, or raise LLM_TIMEOUT."
            ) from error

    async def _is_loaded(self) -> bool:
        """Tell whether the server lists the model as loaded; what it does not say counts as yes."""
        with suppress(ModelUnavailable), translated(self.host, self.model):
            running = await self._client.ps()
            return tagged(self.model) in {tagged(m.model or "") for m in running.models}
        return True

    def _no_beginning(self, *, is_loading: bool) -> str:
        if is_loading:
            return (
                f"{self.model} was still being loaded after {self.load_timeout:g} seconds:"
                " ask again, choose a smaller model or raise LLM_LOAD_TIMEOUT."
            )
        return (
            f"{self.model} did not begin to answer within {self.first_token_timeout:g} seconds:"
            " ask again later, or raise LLM_FIRST_TOKEN_TIMEOUT."
        )

    def _completion(self, reply: ollama.ChatResponse, *, was_cut: bool) -> Completion:
        counts = (reply.prompt_eval_count, reply.eval_count)
        return Completion(
            self.model,
            tokens_used=None if None in counts else sum(filter(None, counts)),
            limit_reached=was_cut or reply.done_reason == "length",
        )
