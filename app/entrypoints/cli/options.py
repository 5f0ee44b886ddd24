"""Options that several commands share."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import fields, frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    R = TypeVar("R")

LARGEST_SNOWFLAKE = 2**63 - 1
_DIGITS = re.compile(r"[0-9]{1,19}")
MOST_RESULTS = 1_000


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
