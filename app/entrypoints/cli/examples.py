"""What all commands have: a `--help` that ends with examples to copy, and the global options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.entrypoints.cli.options import AFTER_THE_COMMAND

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExampleCommand(click.Command):
    """A command with `examples`: the words that follow the program's name."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **options: Any) -> None:  # noqa: ANN401 - handed on to click
        super().__init__(*args, **options)
        self.examples = tuple(examples)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own options, and those that the program takes before it."""
        own = super().get_params(ctx)
        return own if ctx.parent is None else [*own, *AFTER_THE_COMMAND]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, each on a line of its own, then the rest."""
        if self.examples:
            with formatter.section("Examples" if len(self.examples) > 1 else "Example"):
                indent = " " * formatter.current_indent
                for example in self.examples:
                    formatter.write(f"{indent}{ctx.find_root().info_name} {example}\n")
        super().format_epilog(ctx, formatter)
