"""`python -m tests.fake_ollama --port N`: the fake server as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress

from tests.fake_ollama import Behaviour, FakeOllama


def main() -> None:
    """Serve until interrupted; the first line printed is the address."""
    parser = argparse.ArgumentParser(prog="python -m tests.fake_ollama", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--model", action="append", default=[], help="a further installed model")
    parser.add_argument("--seconds-before", type=float, default=0.0, help="to the first token")
    parser.add_argument("--seconds-between", type=float, default=0.0, help="between two tokens")
    given = parser.parse_args()
    behaviour = Behaviour(
        seconds_before=given.seconds_before, seconds_between=given.seconds_between
    )
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(FakeOllama(given.port, behaviour=behaviour), given.model))


async def _serve(server: FakeOllama, models: list[str]) -> None:
    server.models.install(*models)
    async with server:
        print(server.url, flush=True)  # noqa: T201 (for the process that started this one)
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
