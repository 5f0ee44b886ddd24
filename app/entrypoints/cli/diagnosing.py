"""The checks of `doctor`: each looks at one thing and knows how it is mended."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from difflib import get_close_matches
from typing import TYPE_CHECKING

from attrs import frozen

from app.domain.errors import IndexBusy, InvalidSetting, Unavailable
from app.domain.model import Scope
from app.domain.times import zone_named
from app.entrypoints.cli.presenting import counted, shown_bytes
from app.entrypoints.settings import (
    CONTEXT_SETTINGS,
    environment_with_dotenv,
    known_settings,
    read_setting,
    read_settings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from app.entrypoints.container import Container
    from app.entrypoints.settings import Settings
    from app.ports.storage import MessageArchive

OLDEST, NEWEST = (3, 11), (3, 13)
LITTLE_SPACE, NO_SPACE = 1 << 30, 50 << 20


@frozen
class Check:
    """What was looked at; `state` is ok, warn or fail, and `mend` what to do about it."""

    name: str
    state: str
    detail: str
    mend: str | None = None


def check_settings(data_dir: Path | None) -> tuple[Settings, list[Check]]:
    """Read every setting on its own; return them, defaults for wrong ones, and what is wrong."""
    environment = environment_with_dotenv()
    names = [str(attribute.metadata["name"]) for attribute in known_settings()]
    given = {name: environment[name] for name in names if environment.get(name, "").strip()}
    checks, right = [], dict(given)
    for attribute in known_settings():
        try:
            read_setting(attribute, given)
        except InvalidSetting as error:
            name = attribute.metadata["name"]
            del right[name]
            checks.append(Check(name, "fail", str(error), f"Change or remove {name}."))
    settings, together = _read_together(right, data_dir)
    checks += together + _unknown_names(environment, names)
    if not checks:
        chosen = ", ".join(given) or "all at their defaults"
        checks = [Check("settings", "ok", chosen)]
    return settings, checks


def _read_together(right: dict[str, str], data_dir: Path | None) -> tuple[Settings, list[Check]]:
    """Read settings that are right one by one, without those that do not go together."""
    overrides = {"data_dir": data_dir}
    try:
        return read_settings(right, overrides), []
    except InvalidSetting as error:
        kept = {name: text for name, text in right.items() if name not in CONTEXT_SETTINGS}
        check = Check("LLM_NUM_CTX", "fail", str(error), "Change one of the two.")
        return read_settings(kept, overrides), [check]


def _unknown_names(environment: Mapping[str, str], names: list[str]) -> list[Check]:
    """Look for what was meant as a setting but is none: a slip of the pen is silent otherwise."""
    from dotenv import dotenv_values

    ours = {name for name in environment if name.startswith("LLM_")} | set(dotenv_values(".env"))
    checks = []
    for name in sorted(ours.difference(names)):
        close = get_close_matches(name, names, n=1)
        mend = f"Did you mean {close[0]}?" if close else "Remove it, or see docs/configuration.md."
        checks.append(Check(name, "warn", "is no setting of this version", mend))
    return checks


def check_machine(settings: Settings) -> list[Check]:
    """Look at Python, the data directory, the disk and the clock."""
    folder = settings.folder.absolute()
    return [_python(), _folder(folder), _space(folder), _clock(settings)]


def _python() -> Check:
    version = platform.python_version()
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return Check("python", "ok", version)
    mend = "Install the program with Python 3.11, 3.12 or 3.13."
    return Check("python", "warn", f"{version} is not one that is tested", mend)


def _folder(folder: Path) -> Check:
    mend = "Make it writable, or choose another one with --data-dir or DATA_DIR."
    existing = _nearest_existing(folder)
    if not existing.is_dir():
        return Check("data directory", "fail", f"{existing} is not a folder", mend)
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        detail = f"{existing} cannot be written to ({error.strerror})"
        return Check("data directory", "fail", detail, mend)
    made = "" if existing == folder else ", which the first import makes"
    return Check("data directory", "ok", f"{folder}{made}")


def _space(folder: Path) -> Check:
    free = shutil.disk_usage(_nearest_existing(folder)).free
    detail = f"{shown_bytes(free)} free"
    if free >= LITTLE_SPACE:
        return Check("disk", "ok", detail)
    state = "fail" if free < NO_SPACE else "warn"
    return Check("disk", state, detail, "Free some space, or move the data directory.")


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _clock(settings: Settings) -> Check:
    from datetime import UTC, datetime

    here = datetime.now(UTC).astimezone(zone_named(settings.timezone))
    return Check("time", "ok", f"{here:%Y-%m-%d %H:%M} in {settings.timezone} (TIMEZONE)")


async def check_dependencies(container: Container, settings: Settings) -> list[Check]:
    """Look at archive, index, embedder and model; what is not there yet is not made."""
    checks = []
    try:
        if settings.has_archive:
            checks += [await _archive(container, settings), await _index(container)]
        else:
            checks.append(_no_archive(settings))
        checks += [await _embedder(container), await _model(container, settings)]
    finally:
        for used in reversed(container.closing()):
            await used.close()
        await container.archive().close()
    return checks


def _no_archive(settings: Settings) -> Check:
    mend = "Run `discord-indexer import PATH`, or name the right folder with --data-dir."
    return Check("archive", "warn", f"there is none in {settings.archive_place}", mend)


async def _archive(container: Container, settings: Settings) -> Check:
    archive = container.archive()
    try:
        await archive.open()
        if damage := _damage(settings.archive_file):
            mend = "Restore a backup, or move the file away and import the exports again."
            return Check("archive", "fail", damage, mend)
        overviews = await archive.overview(Scope.everything())
    except Unavailable as error:
        return Check("archive", "fail", str(error))
    messages = sum(held.messages for held in overviews)
    late = [held.last for held in overviews if held.last and held.last > container.clock().now()]
    if late:
        detail = f"the newest message is of {max(late):%Y-%m-%d %H:%M} UTC, which is still to come"
        return Check("archive", "warn", detail, "Set this machine's clock.")
    detail = f"{counted(messages, 'message')} of {counted(len(overviews), 'server')}, undamaged"
    return Check("archive", "ok", detail)


def _damage(path: Path | None) -> str | None:
    """Return what SQLite's own check finds wrong with the archive's file, `None` if nothing."""
    if path is None or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True)) as database:
            [found] = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return f"{path} cannot be checked ({error})"
    return None if found == "ok" else f"{path} is damaged ({found})"


async def _index(container: Container) -> Check:
    vectors, everything = container.vectors(), Scope.everything()
    try:
        count, stale = await vectors.count(everything), await vectors.stale(everything)
    except IndexBusy as error:
        return Check("index", "warn", str(error), "Nothing to do while that process is wanted.")
    except Unavailable as error:
        return Check("index", "fail", str(error))
    if stale:
        detail = f"the vectors of {counted(len(stale), 'server')} are of another embedding model"
        return Check("index", "fail", detail, "Run `discord-indexer reindex`.")
    if not count and await _settled(container.archive()):
        detail = "it holds no vector of what is stored, though nothing waits for one"
        return Check("index", "warn", detail, "Run `discord-indexer reindex`.")
    return Check("index", "ok", counted(count, "vector"))


async def _settled(archive: MessageArchive) -> int:
    """Return how many messages the index has dealt with; none that can be read, none told."""
    try:
        overviews = await archive.overview(Scope.everything())
    except Unavailable:
        return 0
    return sum(held.messages - held.waiting for held in overviews)


async def _embedder(container: Container) -> Check:
    embedder = container.embedder()
    try:
        await embedder.embed(["Is anybody there?"])
    except Unavailable as error:
        return Check("embedder", "fail", str(error))
    return Check("embedder", "ok", str(embedder.identity))


async def _model(container: Container, settings: Settings) -> Check:
    """Look at the model; where Ollama is only preferred, its absence is no failure."""
    if settings.llm_backend == "extractive":
        return Check("model", "ok", "answers are quoted from the messages (LLM_BACKEND)")
    readiness = await container.ollama().readiness()
    if readiness.state == "ok":
        return Check("model", "ok", readiness.detail)
    mend = (
        f"Start Ollama (or set OLLAMA_HOST), then `ollama pull {settings.llm_model_name}`;"
        " without it LLM_BACKEND=extractive quotes the messages."
    )
    if settings.llm_backend == "auto":
        detail = f"answers are quoted from the messages, because {readiness.cause}"
        return Check("model", "warn", detail, mend)
    return Check("model", "fail", readiness.detail, mend)
