"""`loschmidt lab`: a command for each experiment, and one for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from loschmidt.host import atomic, console
from loschmidt.host.experiments.commands import GROUP, Drawn, Quick, conclude, group, judge, perform, plain, together
from loschmidt.host.experiments.experiment import Experiment
from loschmidt.host.options import Json, write_json

#: Where figures and the report go unless the user says otherwise.
FOLDER = Path("runs") / "lab"


def _catalogue() -> Sequence[Experiment]:
    from .catalogue import CATALOGUE

    return CATALOGUE


Systems = Annotated[
    int | None, typer.Option(min=1, help="How many, of all Hamiltonians together. Default: 960, with --quick 24.", show_default=False)
]


def _command(experiment: Experiment) -> Callable[..., None]:
    """Make an experiment's command; `trust` can be asked for more systems."""
    from . import trust

    def of_systems(quick: Quick = False, systems: Systems = None, json_file: Json = None, figure: Drawn = None) -> None:
        conclude(perform(replace(experiment, measure=trust.of_systems(systems)), quick), FOLDER, figure, json_file)

    return of_systems if experiment is trust.EXPERIMENT else plain(FOLDER)(experiment)


lab = typer.Typer(
    **GROUP,
    cls=group(_catalogue, _command, FOLDER),
    help="The theory's experiments: each prints a table, draws a figure, and ends with status 1 if a bound is missed.\n\n"
    "Start with [bold]loschmidt lab reversibility[/bold]; [bold]loschmidt lab all[/bold] makes a report that any browser shows.",
)


@lab.command("all")
def everything(
    quick: Quick = False,
    report: Annotated[Path, typer.Option(help="One HTML file with everything in it.")] = FOLDER / "report.html",
    json_file: Json = None,
) -> None:
    """All experiments, one after another, and one self-contained HTML report of them; it needs no network to be read.

    Exit status 1 if any bound is missed.

    [bold]Example[/bold]   loschmidt lab all --quick --report lab.html
    """
    from .page import page

    all_done = [perform(experiment, quick) for experiment in _catalogue()]
    atomic.folder(report.parent)
    atomic.write(report, page(all_done, quick).encode())
    write_json(json_file, together(all_done))
    console.say(f"report in {report}")
    judge(all_done)
