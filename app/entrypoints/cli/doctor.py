"""The command that checks what a user can get wrong and says how to mend it: doctor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from app.entrypoints.cli.examples import ExampleCommand
from app.entrypoints.cli.options import json_option
from app.entrypoints.cli.presenting import one_line, print_json

if TYPE_CHECKING:
    from app.entrypoints.cli.diagnosing import Check
    from app.entrypoints.cli.runtime import Runtime

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command(cls=ExampleCommand, examples=("doctor", "doctor --json"))
@json_option
@click.pass_obj
def doctor(runtime: Runtime, as_json: bool) -> int:
    """Check every setting and everything the program depends on, and say how to mend it.

    The exit code is 1 where something must be mended; warnings leave it at 0.
    """
    checks = asyncio.run(_all_checks(runtime))
    if as_json:
        print_json(
            {
                "checks": [
                    {"name": c.name, "state": c.state, "detail": c.detail, "mend": c.mend}
                    for c in checks
                ]
            }
        )
    else:
        _show(checks)
    return 1 if any(check.state == "fail" for check in checks) else 0


async def _all_checks(runtime: Runtime) -> list[Check]:
    from app.entrypoints.cli.diagnosing import check_dependencies, check_machine, check_settings

    settings, wrong = check_settings(runtime.data_dir)
    machine = check_machine(settings)
    return [*wrong, *machine, *await check_dependencies(runtime.build(settings), settings)]


def _show(checks: list[Check]) -> None:
    from rich.text import Text

    from app.entrypoints.cli.terminal import console

    out = console()
    for check in checks:
        state = Text(f"{check.state:<5}", COLOURS[check.state])
        out.print(Text.assemble(state, f"{check.name}: {one_line(check.detail)}"))
        if check.mend:
            out.print(Text(f"     {one_line(check.mend)}", "bold"))
