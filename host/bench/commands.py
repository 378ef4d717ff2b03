"""`loschmidt bench`: a command for each experiment, one for all of them, and one for a very long reversal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from loschmidt.host import atomic, console, room
from loschmidt.host.experiments.commands import GROUP, Drawn, Quick, conclude, group, judge, perform, plain, together
from loschmidt.host.experiments.experiment import Experiment
from loschmidt.host.experiments.running import save_figure
from loschmidt.host.interrupt import deferred
from loschmidt.host.options import MISSED, Json, write_json

#: Where figures go unless the user says otherwise.
FOLDER = Path("runs") / "bench"

Threads = Annotated[int, typer.Option(min=0, help="Threads of each contender; 0: as many as there are cores.")]


def _catalogue() -> Sequence[Experiment]:
    from .catalogue import CATALOGUE

    return CATALOGUE


def _of_threads(experiment: Experiment, threads: int) -> Experiment:
    if experiment.name != "speed":
        return experiment
    from . import speed

    return replace(experiment, measure=speed.of_threads(threads or None))


def _command(experiment: Experiment) -> Callable[..., None]:
    if experiment.name != "speed":
        return plain(FOLDER)(experiment)

    def command(quick: Quick = False, threads: Threads = 1, json_file: Json = None, figure: Drawn = None) -> None:
        conclude(perform(_of_threads(experiment, threads), quick), FOLDER, figure, json_file)

    return command


bench = typer.Typer(
    **GROUP,
    cls=group(_catalogue, _command, FOLDER),
    help="The gradient by echo beside backpropagation through time, in one run on this machine: each prints a table, draws a figure, and "
    "ends with status 1 if a figure is missed.\n\n"
    "Start with [bold]loschmidt bench speed --quick[/bold]; leave the machine alone while it runs: other work makes times mean less.",
)


@bench.command("all")
def everything(quick: Quick = False, threads: Threads = 1, json_file: Json = None) -> None:
    """All experiments, one after another, each with its figure in runs/bench/.

    Exit status 1 if any figure is missed.

    [bold]Example[/bold]   loschmidt bench all --quick --json bench.json
    """
    all_done = []
    for experiment in _catalogue():
        all_done.append(perform(_of_threads(experiment, threads), quick))
        # Now, as they take long and a later one may fail.
        write_json(json_file, together(all_done))
        save_figure(all_done[-1], FOLDER / f"{experiment.name}.png")
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
    from loschmidt.host.lock import Lock

    atomic.folder(state.parent)
    lock = Lock(state)
    lock.take()
    try:
        found = _reverse(steps, oscillators, state)
    finally:
        lock.release()
    write_json(json_file, found)
    console.say(f"{steps:,} steps and back, N = {oscillators}: {found['different']} integers differ, {found['seconds']:,} s")
    if not found["passed"]:
        console.error(f"the run did not return to its start: {found['different']} of {2 * oscillators} integers differ")
        raise typer.Exit(MISSED)


def _reverse(steps: int, oscillators: int, state: Path) -> dict[str, Any]:
    from loschmidt.host.devices import open_device

    from . import long_reversal

    room.require(long_reversal.shape(oscillators))
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
        raise typer.Exit(stopped.status)
    return long_reversal.result(system, progress)
