"""`loschmidt lab`: a command for each experiment, and one for all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from loschmidt.host import atomic, console
from loschmidt.host.errors import ConfigError
from loschmidt.host.options import MISSED, Json, write_json

from .catalogue import CATALOGUE
from .experiment import Experiment
from .page import page
from .running import FOLDER, Done, run, save_figure, tables

Quick = Annotated[bool, typer.Option("--quick", help="A smaller set, in seconds. Its bounds are the same.")]
Drawn = Annotated[Path | None, typer.Option(help="Draw there: .png, .svg or .pdf. Default: a .png of the command's name in runs/lab/.")]

lab = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    help="The theory's experiments: each prints a table, draws a figure, and ends with status 1 if a bound is missed.\n\n"
    "Start with [bold]loschmidt lab reversibility[/bold]; [bold]loschmidt lab all[/bold] makes a report that any browser shows.",
)


def _command(experiment: Experiment) -> Callable[..., None]:
    def command(
        quick: Quick = False,
        json_file: Json = None,
        figure: Drawn = None,
    ) -> None:
        done = _run(experiment, quick)
        place = figure or FOLDER / f"{experiment.name}.png"
        save_figure(done, place)
        write_json(json_file, done.to_json())
        console.say(f"figure in {place}")
        _judge([done])

    return command


def _run(experiment: Experiment, quick: bool) -> Done:
    with console.stage() as tell:
        done = run(experiment, quick, tell)
    for table in tables(done):
        console.OUT.print(table)
    return done


def _judge(all_done: list[Done]) -> None:
    missed = [f"{done.experiment.name}: {check.what}" for done in all_done for check in done.outcome.checks if not check.passed]
    count = sum(len(done.outcome.checks) for done in all_done)
    if missed:
        console.error(f"{len(missed)} of {count} bounds missed: {'; '.join(missed)}")
        raise typer.Exit(MISSED)
    console.say(f"{count} bounds kept, {sum(done.seconds for done in all_done):.0f} s")


for _experiment in CATALOGUE:
    lab.command(_experiment.name, help=f"{_experiment.lesson}\n\n[bold]Example[/bold]   loschmidt lab {_experiment.name} --quick")(
        _command(_experiment)
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
    all_done = [_run(experiment, quick) for experiment in CATALOGUE]
    try:
        report.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(report, page(all_done, quick).encode())
    except OSError as error:
        raise ConfigError(f"{report}: cannot be written: {error.strerror}") from error
    found = {done.experiment.name: done.to_json() for done in all_done}
    write_json(json_file, {"passed": all(done.outcome.passed for done in all_done), "experiments": found})
    console.say(f"report in {report}")
    _judge(all_done)
