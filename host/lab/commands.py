"""`loschmidt lab`: a command for each experiment, and one for all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from loschmidt.host import atomic, console
from loschmidt.host.errors import ConfigError
from loschmidt.host.experiments.commands import GROUP, Drawn, Quick, add, conclude, judge, perform, taught, together
from loschmidt.host.options import Json, write_json

from . import trust
from .catalogue import CATALOGUE
from .page import page

#: Where figures and the report go unless the user says otherwise.
FOLDER = Path("runs") / "lab"

lab = typer.Typer(
    **GROUP,
    help="The theory's experiments: each prints a table, draws a figure, and ends with status 1 if a bound is missed.\n\n"
    "Start with [bold]loschmidt lab reversibility[/bold]; [bold]loschmidt lab all[/bold] makes a report that any browser shows.",
)

Systems = Annotated[
    int | None, typer.Option(min=1, help=f"How many, of all Hamiltonians together. Default: {trust.SYSTEMS}.", show_default=False)
]


@lab.command(trust.EXPERIMENT.name, help=taught(trust.EXPERIMENT, FOLDER.name))
def _trust(quick: Quick = False, systems: Systems = None, json_file: Json = None, figure: Drawn = None) -> None:
    conclude(perform(replace(trust.EXPERIMENT, measure=trust.of_systems(systems)), quick), FOLDER, figure, json_file)


for _experiment in CATALOGUE:
    if _experiment is not trust.EXPERIMENT:
        add(lab, _experiment, FOLDER)


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
    all_done = [perform(experiment, quick) for experiment in CATALOGUE]
    try:
        report.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(report, page(all_done, quick).encode())
    except OSError as error:
        raise ConfigError(f"{report}: cannot be written: {error.strerror}") from error
    write_json(json_file, together(all_done))
    console.say(f"report in {report}")
    judge(all_done)
