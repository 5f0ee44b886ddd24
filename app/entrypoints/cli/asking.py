"""The command that answers a question: ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.narrowing import narrow
from app.entrypoints.cli.options import Filters, filter_options, json_option
from app.entrypoints.cli.presenting import answer_json, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.entrypoints.cli.runtime import Runtime
    from app.entrypoints.container import Container


@click.command(
    cls=ExampleCommand,
    examples=(
        'ask "How did we fix the build?" --channel dev --after 2024-01-01',
        'ask "What did Ann recommend?" --author Ann --json',
    ),
)
@click.argument("question", nargs=-1)
@filter_options
@click.option("--batch", metavar="FILE", help="Answer every question of a file of JSON lines.")
@click.option("--no-stream", is_flag=True, help="Print the answer when it is complete.")
@click.option("--explain", is_flag=True, help="Show how the answer came about.")
@json_option
@click.pass_obj
def ask(
    runtime: Runtime,
    *,
    question: tuple[str, ...],
    filters: Filters,
    batch: str | None,
    no_stream: bool,
    explain: bool,
    as_json: bool,
) -> int:
    """Answer a question from the messages, and name the messages it rests on.

    A line of --batch holds query_id, query, guild_id or guild, and perhaps asked_at; each
    is answered by one line of JSON. FILE can be - for standard input.
    """
    text = one_question(question, batch)

    async def work(container: Container) -> int:
        narrowed = await narrow(
            filters, container.archive(), runtime.settings.timezone, container.clock().now()
        )
        if batch is not None:
            from app.entrypoints.cli.batch import ask_all

            return await ask_all(container, narrowed, batch)
        asked = narrowed.asking(text)
        if as_json:
            from app.entrypoints.cli.explaining import explanation_json

            done = await container.ask().whole(asked)
            why = {"explanation": explanation_json(done, narrowed)} if explain else {}
            print_json(answer_json(done.answer) | why)
        else:
            from app.entrypoints.cli.answering import show_answer
            from app.entrypoints.cli.explaining import show_explanation

            done = await show_answer(
                container.ask().stream(asked), narrowed.zone, as_written=not no_stream
            )
            if explain:
                show_explanation(done, narrowed)
        return 0 if done.answer.success else 1

    return runtime.run(work, searches=True)


def one_question(words: Sequence[str], batch: str | None) -> str:
    """Return the question, in quotes or not; empty with --batch. Raises where it is neither."""
    if bool(words) == (batch is not None):
        raise click.UsageError("Give either one question or --batch FILE.")
    question = " ".join(words)
    if words and not question.strip():
        raise click.UsageError("The question is empty.")
    return question
