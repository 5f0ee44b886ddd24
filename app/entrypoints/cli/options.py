"""Options that several commands share."""

from __future__ import annotations

import logging
import re
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import evolve, fields, frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    R = TypeVar("R")

LARGEST_SNOWFLAKE = 2**63 - 1
DATA_DIR = click.Path(file_okay=False, path_type=Path)
LOG_LEVEL = click.Choice(["debug", "info", "warning", "error"], case_sensitive=False)
_DIGITS = re.compile(r"[0-9]{1,19}")
MOST_RESULTS = 1_000


def report_from(level: str) -> None:
    """Report from this level on; libraries, whose debugging shows messages, from warnings on."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.captureWarnings(capture=True)
    logging.getLogger("app").setLevel(level.upper())


def _use(context: click.Context, _option: click.Parameter, folder: Path | None) -> None:
    if folder is not None:
        context.obj = evolve(context.obj, data_dir=folder.expanduser())


def _report(_context: click.Context, _option: click.Parameter, level: str | None) -> None:
    if level is not None:
        report_from(level)


AFTER_THE_COMMAND = (
    click.Option(["--data-dir"], type=DATA_DIR, callback=_use, expose_value=False, hidden=True),
    click.Option(
        ["--log-level"], type=LOG_LEVEL, callback=_report, expose_value=False, hidden=True
    ),
)
"""The program's own options once more: who types them after the command means the same."""


@frozen
class Filters:
    """What a question is narrowed to, as it was typed."""

    guild: str | None = None
    channels: tuple[str, ...] = ()
    author: str | None = None
    after: str | None = None
    before: str | None = None
    at: str | None = None
    timezone: str | None = None
    max_results: int = 10


_FILTERS = (
    click.option("--guild", metavar="ID|NAME", help="Only this server."),
    click.option(
        "--channel",
        "channels",
        metavar="ID|NAME",
        multiple=True,
        help="Only this channel with its threads; can be given several times.",
    ),
    click.option("--author", metavar="ID|NAME", help="Only what this person wrote."),
    click.option(
        "--after", metavar="TIME", help='Only from this time on: 2024-03-01, "2024-03-01 14:30".'
    ),
    click.option("--before", metavar="TIME", help="Only before this time."),
    click.option("--at", metavar="TIME", help='What "now" is; nothing later is searched.'),
    click.option("--timezone", metavar="ZONE", help="The zone of times, in place of TIMEZONE."),
    click.option(
        "--max-results",
        "--limit",
        type=click.IntRange(1, MOST_RESULTS),
        default=10,
        show_default=True,
        help="How many messages are retrieved.",
    ),
)


def filter_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the filters; it receives them as one parameter `filters`."""

    @wraps(command)
    def collect(**options: Any) -> R:  # noqa: ANN401 - click passes every option by name
        chosen = {f.name: options.pop(f.name) for f in fields(Filters)}
        return command(filters=Filters(**chosen), **options)

    for option in reversed(_FILTERS):
        collect = option(collect)
    return collect


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Named(click.ParamType[int | str]):
    """Something on Discord by its id, or by its name."""

    name = "ID|NAME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Return the number of an id, or the name: what is written in digits is no name."""
        text = str(value).strip()
        if not text:
            self.fail("a name or an id is wanted", param, ctx)
        is_number = text.isascii() and text.isdecimal()
        return Snowflake().convert(text, param, ctx) if is_number else text


class Snowflake(click.ParamType[int]):
    """The id of something on Discord."""

    name = "ID"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the number, or explain what an id looks like and where to find one."""
        text = str(value).strip()
        if not (_DIGITS.fullmatch(text) and int(text) <= LARGEST_SNOWFLAKE):
            self.fail(
                f"{text!r} is not an id, which is a number like 175928847299117063"
                " (Discord copies it where developer mode is on)",
                param,
                ctx,
            )
        return int(text)
