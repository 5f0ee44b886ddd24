"""The commands that erase and let in again: forget, opt-in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.options import Snowflake, json_option
from app.entrypoints.cli.presenting import counted, print_json
from app.entrypoints.cli.runtime import GOES_ON

if TYPE_CHECKING:
    from app.domain.forgetting import Forgotten
    from app.entrypoints.cli.runtime import Runtime
    from app.entrypoints.container import Container


@click.command(cls=ExampleCommand, examples=("forget --user 175928847299117063",))
@click.option("--user", type=Snowflake(), help="Erase this person and refuse them from now on.")
@click.option("--channel", type=Snowflake(), help="Erase this channel with its threads.")
@click.option("--guild", type=Snowflake(), help="Erase this server.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@json_option
@click.pass_obj
def forget(
    runtime: Runtime,
    *,
    user: int | None,
    channel: int | None,
    guild: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase a person, a channel or a server from everything that is stored here.

    A forgotten person stays forgotten when their messages are imported again. This cannot
    be undone. It works while a bot or an import runs in another process.
    """
    chosen = {"user": user, "channel": channel, "guild": guild}
    given = {kind: number for kind, number in chosen.items() if number is not None}
    if len(given) != 1:
        raise click.UsageError("Give exactly one of --user, --channel and --guild.")
    [(kind, number)] = given.items()
    if not yes and sys.stdin.isatty():
        _confirm(f"Erase all messages of {kind} {number}, for good?")

    async def work(container: Container) -> Forgotten:
        use_case = container.forget()
        erase = {"user": use_case.author, "channel": use_case.channel, "guild": use_case.guild}
        return await erase[kind](number)

    forgotten = runtime.run(work, when_stopped=GOES_ON)
    if as_json:
        print_json({"messages_erased": forgotten.messages, "vectors_waiting": forgotten.waiting})
        return
    click.echo(f"Erased {counted(forgotten.messages, 'message')} of {kind} {number}.")
    if forgotten.waiting:
        click.echo(
            f"Their vectors hold no text and go with the next `discord-indexer index`"
            f" (now: {forgotten.waiting})"
        )


def _confirm(question: str) -> None:
    if not click.confirm(question, err=True):
        raise click.ClickException("Nothing was erased.")


@click.command("opt-in", cls=ExampleCommand, examples=("opt-in --user 175928847299117063",))
@click.option("--user", type=Snowflake(), required=True, help="Whom to let in again.")
@json_option
@click.pass_obj
def opt_in(runtime: Runtime, user: int, as_json: bool) -> None:
    """Let a forgotten person's messages in again; what was erased comes back with an import."""

    async def work(container: Container) -> bool:
        return await container.forget().opt_in(user)

    was_forgotten = runtime.run(work)
    if as_json:
        print_json({"was_forgotten": was_forgotten})
    elif was_forgotten:
        click.echo(f"Messages of user {user} will be stored again; import to bring them back.")
    else:
        click.echo(f"User {user} was not forgotten; nothing changed.")
