"""`loschmidt bench`: a command for each experiment, one for all of them, and one for a very long reversal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from loschmidt.host import console
from loschmidt.host.devices import open_device
from loschmidt.host.experiments.commands import GROUP, Drawn, Quick, add, conclude, judge, perform, taught, together
from loschmidt.host.experiments.experiment import Experiment
from loschmidt.host.experiments.running import save_figure
from loschmidt.host.interrupt import deferred
from loschmidt.host.options import INTERRUPTED, MISSED, Json, write_json

from . import long_reversal, speed
from .catalogue import CATALOGUE

#: Where figures go unless the user says otherwise.
FOLDER = Path("runs") / "bench"

Threads = Annotated[int, typer.Option(min=0, help="Threads of each contender; 0: as many as there are cores.")]

bench = typer.Typer(
    **GROUP,
    help="The gradient by echo beside backpropagation through time, in one run on this machine: each prints a table, draws a figure, and "
    "ends with status 1 if a figure is missed.\n\n"
    "Start with [bold]loschmidt bench speed --quick[/bold]; leave the machine alone while it runs: other work makes times mean less.",
)


def _of_threads(experiment: Experiment, threads: int) -> Experiment:
    if experiment is not speed.EXPERIMENT:
        return experiment
    return replace(experiment, measure=speed.of_threads(threads or None))


@bench.command(speed.EXPERIMENT.name, help=taught(speed.EXPERIMENT, FOLDER.name))
def _speed(quick: Quick = False, threads: Threads = 1, json_file: Json = None, figure: Drawn = None) -> None:
    conclude(perform(_of_threads(speed.EXPERIMENT, threads), quick), FOLDER, figure, json_file)


for _experiment in CATALOGUE:
    if _experiment is not speed.EXPERIMENT:
        add(bench, _experiment, FOLDER)


@bench.command("all")
def everything(quick: Quick = False, threads: Threads = 1, json_file: Json = None) -> None:
    """All experiments, one after another, each with its figure in runs/bench/.

    Exit status 1 if any figure is missed.

    [bold]Example[/bold]   loschmidt bench all --quick --json bench.json
    """
    all_done = []
    for experiment in CATALOGUE:
        all_done.append(perform(_of_threads(experiment, threads), quick))
        save_figure(all_done[-1], FOLDER / f"{experiment.name}.png")
    write_json(json_file, together(all_done))
    judge(all_done)


@bench.command("reverse")
def reverse(
    steps: Annotated[int, typer.Option(min=1, help="T, there and the same number back.")] = 1_000_000_000,
    oscillators: Annotated[int, typer.Option(min=1, help="How many, N.")] = 16,
    state: Annotated[Path, typer.Option(help="File that the run goes on from, if it is there, and is kept in.")] = FOLDER / "reverse.json",
    json_file: Json = None,
) -> None:
    """A very long run, there and back: is it the start, to the last bit?

    Ctrl-C stops it, and the same command goes on; the file is written every now and then, too. A run that is finished only says what it
    found: remove its file to run again.

    Exit status 1 if an integer differs.

    [bold]Example[/bold]   loschmidt bench reverse --steps 1000000
    """
    system = long_reversal.problem(oscillators)
    progress = long_reversal.begin(system, steps)
    if state.exists():
        progress = long_reversal.Progress.load(state, progress)
        console.say(f"{state}: {progress.done:,} of {2 * steps:,} steps are done")
    device = open_device("emulator", system.shape)
    try:
        with deferred() as stopped, console.stage() as tell:
            home = long_reversal.advance(device, system, progress, state, stopped, tell)
    finally:
        device.close()
    if not home:
        console.say(f"interrupted after {progress.done:,} of {2 * steps:,} steps; all is saved in {state}: the same command goes on")
        raise typer.Exit(INTERRUPTED)
    found = long_reversal.result(system, progress)
    write_json(json_file, found)
    console.say(f"{steps:,} steps and back, N = {oscillators}: {found['different']} integers differ, {found['seconds']:,} s")
    if not found["passed"]:
        console.error(f"the run did not return to its start: {found['different']} of {2 * oscillators} integers differ")
        raise typer.Exit(MISSED)
