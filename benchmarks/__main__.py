"""`python -m benchmarks [NAME...]`: measure, compare, and fail when a goal is missed."""

from __future__ import annotations

import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks import report
from benchmarks.figures import BenchmarkFailed, Result
from benchmarks.material import Material, find_bench
from benchmarks.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CATALOGUE: Mapping[str, tuple[str, str]] = {
    "searchable": ("searchable:run", "import until everything is found by words"),
    "embedding": ("embedding:run", "making and storing vectors"),
    "vectorless": ("vectorless:run", "messages that get no vector, and what that costs"),
    "memory": ("memory:run", "peak of a tenfold import, and of a twofold one with vectors"),
    "latency": ("latency:run", "search in a running process, at two sizes"),
    "starting": ("starting:run", "--help, search and ask from cold"),
    "ranking": ("ranking:run", "nDCG@10, by kind and source of the questions"),
    "ablation": ("ablation:run", "what each ranking, filter and signal is worth"),
    "answers": ("answers:run", "gold answers in what the model is given and in quotes"),
    "refusal": ("refusal:run", "telling what cannot be answered, over the whole trade-off"),
    "first-token": ("first_token:run", "question to first token with an instant model"),
    "memory-tenfold": ("memory:run_tenfold", "peak of a tenfold import with all its vectors"),
    "memory-gigabyte": ("memory:run_gigabyte", "peak of importing a gigabyte without vectors"),
}
"""Of each benchmark where it is, as module:function, and what it measures."""

ON_DEMAND = {"memory-tenfold", "memory-gigabyte"}
"""Run only when named: they take some ten minutes each."""


@click.command(
    epilog="Benchmarks: "
    + "; ".join(f"{name}, {about}" for name, (_, about) in CATALOGUE.items())
    + ". Exit codes: 0 every goal is met, 1 one is missed or could not be measured, 2 wrong usage."
)
@click.argument("names", metavar="[NAME...]", nargs=-1, type=click.Choice(list(CATALOGUE)))
@click.option(
    "--bench",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    default=find_bench,
    help="The folder of exports and questions, in place of BENCH_DIR.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the table.")
@click.option(
    "--write",
    "document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Put the results into this document as well.",
)
@click.option(
    "--work",
    type=click.Path(file_okay=False, resolve_path=True, path_type=Path),
    help="Make the archives here and find them again; without it they are made anew.",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=7,
    show_default=True,
    help="How often a process is timed.",
)
def main(  # noqa: PLR0913 - an option is a parameter
    *,
    names: tuple[str, ...],
    bench: Path | None,
    as_json: bool,
    document: Path | None,
    work: Path | None,
    rounds: int,
) -> None:
    """Measure the program against its goals and against baselines of the same minute."""
    if bench is None:
        raise click.UsageError("There is no bench folder: name one by --bench or BENCH_DIR.")
    chosen = [n for n in CATALOGUE if (n in names if names else n not in ON_DEMAND)]
    results: dict[str, Result] = {}
    with tempfile.TemporaryDirectory(prefix="discord-indexer-bench-") as temporary:
        folder = work or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name, result in _measured(chosen, Rig(Material(bench), folder, rounds)):
            results[name] = result
            if not as_json:
                click.echo(f"{report.table(report.rows_of(name, result))}\n{result.details}")
            if document is not None:
                report.write(document, {name: result}, list(CATALOGUE))
    click.echo(json.dumps(report.as_json(results), indent=2) if as_json else report.machine())
    missed = any(figure.met is False for result in results.values() for figure in result.figures)
    sys.exit(1 if missed or len(results) < len(chosen) else 0)


def _measured(names: Sequence[str], rig: Rig) -> Iterator[tuple[str, Result]]:
    """Yield each result as soon as it is there; what cannot be measured says why."""
    for name in names:
        click.echo(f"{name}: {CATALOGUE[name][1]} ...", err=True)
        try:
            yield name, _run(name, rig)
        except BenchmarkFailed as error:
            click.echo(f"{name}: {error}", err=True)


def _run(name: str, rig: Rig) -> Result:
    module, function = CATALOGUE[name][0].split(":")
    result = getattr(import_module(f"benchmarks.{module}"), function)(rig)
    assert isinstance(result, Result)  # noqa: S101 - the catalogue is wrong otherwise
    return result


if __name__ == "__main__":
    main()
