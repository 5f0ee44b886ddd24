"""The commands that erase and let in again: forget, opt-in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from attrs import frozen

from app.domain.model import Scope
from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.narrowing import author_named, channel_named, guild_named
from app.entrypoints.cli.options import Named, Snowflake, json_option
from app.entrypoints.cli.presenting import counted, one_line, print_json
from app.entrypoints.cli.runtime import GOES_ON

if TYPE_CHECKING:
    from app.domain.forgetting import Forgotten
    from app.entrypoints.cli.runtime import Runtime
    from app.entrypoints.container import Container


@frozen
class Doomed:
    """Whom or what to erase: a user, channel or guild, and its name where that was given."""

    kind: str
    id: int
    name: str | None = None

    def __str__(self) -> str:
        """Return it as people are told."""
        return f"{self.kind} {self.id}" + (f" ({one_line(self.name)})" if self.name else "")


@click.command(
    cls=ExampleCommand,
    examples=("forget --user 175928847299117063", 'forget --user "Ann" --yes'),
)
@click.option("--user", type=Named(), help="Erase this person and refuse them from now on.")
@click.option("--channel", type=Named(), help="Erase this channel with its threads.")
@click.option("--guild", type=Named(), help="Erase this server.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@json_option
@click.pass_obj
def forget(
    runtime: Runtime,
    *,
    user: int | str | None,
    channel: int | str | None,
    guild: int | str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase a person, a channel or a server from everything that is stored here.

    A forgotten person stays forgotten when their messages are imported again. This cannot
    be undone. It works while a bot or an import runs in another process.

    What is a number is taken for an id. A name has to be that of one only, and be
    confirmed, or given with --yes.
    """
    chosen = {"user": user, "channel": channel, "guild": guild}
    given = {kind: named for kind, named in chosen.items() if named is not None}
    if len(given) != 1:
        raise click.UsageError("Give exactly one of --user, --channel and --guild.")
    [(kind, named)] = given.items()
    doomed = _doomed(runtime, kind, named, yes=yes)
    if not yes and sys.stdin.isatty():
        _confirm(f"Erase all messages of {doomed}, for good?")

    async def work(container: Container) -> Forgotten:
        use_case = container.forget()
        erase = {"user": use_case.author, "channel": use_case.channel, "guild": use_case.guild}
        return await erase[kind](doomed.id)

    # Whoever is forgotten before the first import is forgotten by it too.
    forgotten = runtime.run(work, when_stopped=GOES_ON, makes_archive=kind == "user")
    if as_json:
        print_json({"messages_erased": forgotten.messages, "vectors_waiting": forgotten.waiting})
    else:
        _tell(doomed, forgotten)


def _doomed(runtime: Runtime, kind: str, named: int | str, *, yes: bool) -> Doomed:
    """Return what bears the name or id; an id need not be that of anything stored."""
    if isinstance(named, int):
        return Doomed(kind, named)
    if not yes and not sys.stdin.isatty():
        raise click.UsageError(
            f"{named!r} is a name, and others may bear it: give the id, or --yes to erase without"
            " being asked."
        )

    async def find(container: Container) -> Doomed:
        archive, everything = container.archive(), Scope.everything()
        if kind == "user":
            author = await author_named(named, archive, everything)
            return Doomed(kind, author.id, f"{author.display_name}, @{author.name}")
        find_named = channel_named if kind == "channel" else guild_named
        found = await find_named(named, archive, everything)
        return Doomed(kind, found.id, found.name)

    return runtime.run(find)


def _confirm(question: str) -> None:
    if not click.confirm(question, err=True):
        raise click.ClickException("Nothing was erased.")


def _tell(doomed: Doomed, forgotten: Forgotten) -> None:
    if forgotten.messages:
        click.echo(f"Erased {counted(forgotten.messages, 'message')} of {doomed}.")
    elif doomed.kind == "user":
        click.echo(f"Nothing of {doomed} is stored; they are remembered as forgotten all the same.")
    else:
        click.echo(f"Nothing of {doomed} is stored.")
    if forgotten.waiting:
        click.echo(
            f"Their vectors hold no text and go with the next `discord-indexer index`"
            f" (now: {forgotten.waiting})"
        )


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
