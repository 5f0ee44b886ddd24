"""The command that ranks messages without a model: search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.entrypoints.cli.asking import one_question
from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.narrowing import narrow
from app.entrypoints.cli.options import Filters, filter_options, json_option
from app.entrypoints.cli.presenting import findings_json, print_json, printable

if TYPE_CHECKING:
    from app.domain.searching import Findings
    from app.entrypoints.cli.narrowing import Narrowed
    from app.entrypoints.cli.runtime import Runtime
    from app.entrypoints.container import Container


@click.command(
    cls=ExampleCommand,
    examples=(
        'search "printer driver" --guild ubuntu --limit 5',
        "search --batch queries.jsonl --limit 20 > ranked.jsonl",
    ),
)
@click.argument("query", nargs=-1)
@filter_options
@click.option("--batch", metavar="FILE", help="Search for every query of a file of JSON lines.")
@json_option
@click.pass_obj
def search(
    runtime: Runtime, query: tuple[str, ...], filters: Filters, batch: str | None, as_json: bool
) -> int:
    """Rank the messages that belong to a query, without a model.

    A line of --batch holds query_id, query, guild_id or guild, and perhaps asked_at; each
    is answered by one line of JSON. FILE can be - for standard input.
    """
    text = one_question(query, batch)

    async def work(container: Container) -> int:
        narrowed = await narrow(
            filters, container.archive(), runtime.settings.timezone, container.clock().now()
        )
        if batch is not None:
            from app.entrypoints.cli.batch import search_all

            return await search_all(container, narrowed, batch)
        findings = await container.search().find(narrowed.asking(text), narrowed.max_results)
        if as_json:
            print_json(findings_json(findings, narrowed.asked_at))
        else:
            _show(findings, narrowed)
        if findings.problem:
            click.echo(findings.problem, err=True)
        return 0

    return runtime.run(work, searches=True)


def _show(findings: Findings, narrowed: Narrowed) -> None:
    from rich.padding import Padding
    from rich.style import Style
    from rich.text import Text

    from app.entrypoints.cli.terminal import console, is_rich, origin
    from app.entrypoints.cli.understanding import understood_lines

    out = console()
    for rank, found in enumerate(findings.found, 1):
        url = found.message.url
        number = Text(f"{rank:>3}. ", Style(color="cyan", bold=True, link=url))
        score = Text(f"  {found.ranked.score:.2f}", Style(dim=True))
        out.print(Text.assemble(number, origin(found.message, narrowed.zone), score))
        text = printable(found.message.text).strip()
        if is_rich(out):
            out.print(Padding(Text(text), (0, 0, 0, 5)), soft_wrap=False)
        else:
            out.print("\n".join(f"     {line}" for line in [*text.splitlines(), url]))
    if not findings.found:
        out.print("No message matches.")
    for line in understood_lines(findings):
        out.print(Text(line, "dim"))
