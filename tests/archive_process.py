"""Another process that uses an archive: `python -m tests.archive_process COMMAND FILE ...`.

store FILE FIRST COUNT [BYTES]   store that many pages from that number on, printing each when
                                 it was acknowledged; no file may grow beyond so many bytes
modules FILE                     open the archive and print the modules that were imported
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from app.adapters.sql import SqlMessageArchive
from app.domain.errors import ArchiveUnavailable
from tests.archives import say, store

PAGE = 50
"""Messages on a page; page n holds the messages from n times this on."""


def said(number: int) -> str:
    return f"page {number // PAGE} word{number} " + "filler " * (number % 30)


async def store_pages(file: str, first: int, count: int) -> None:
    archive = SqlMessageArchive(f"sqlite:///{file}")
    await archive.open()
    for page in range(first, first + count):
        await store(archive, *(say(n, said(n)) for n in range(page * PAGE, (page + 1) * PAGE)))
        print(page, flush=True)  # noqa: T201 (the acknowledgement)
    await archive.close()


async def list_modules(file: str) -> None:
    archive = SqlMessageArchive(f"sqlite:///{file}")
    await archive.open()
    await archive.close()
    print(*sys.modules)  # noqa: T201


async def start(*arguments: object) -> asyncio.subprocess.Process:
    """Start this program."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.archive_process", *map(str, arguments)),
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run(*arguments: object) -> tuple[str, str]:
    """Run this program and return what it printed and what it complained about."""
    process = await start(*arguments)
    output, complaints = await process.communicate()
    return output.decode(), complaints.decode()


def main(command: str, file: str, *numbers: str) -> None:
    if command == "modules":
        asyncio.run(list_modules(file))
        return
    first, count, *limit = map(int, numbers)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit[0], limit[0]))
    try:
        asyncio.run(store_pages(file, first, count))
    except ArchiveUnavailable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
