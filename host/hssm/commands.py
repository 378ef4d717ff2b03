"""`loschmidt hssm`: the model of RHEL's paper on many sets, by echo and by backpropagation side by side."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loschmidt.host import console
from loschmidt.host.errors import ConfigError, MissingExtraError
from loschmidt.host.experiments.commands import GROUP, Drawn, conclude
from loschmidt.host.experiments.experiment import Experiment
from loschmidt.host.experiments.running import Done, tables
from loschmidt.host.interrupt import deferred
from loschmidt.host.options import Json

if TYPE_CHECKING:
    from .study import Study

#: Where trials go unless the user says otherwise.
FOLDER = Path("runs") / "hssm"

Sets = Annotated[
    list[str] | None,
    typer.Argument(
        help="Names of sets that ship with aeon, .ts files, or PigCVP. Default: ten sets, with 24 to 2000 steps.", show_default=False
    ),
]
Method = Annotated[list[str] | None, typer.Option(help="echo-fixed | echo-float | bptt; once for each. Default: all.", show_default=False)]
Seeds = Annotated[int, typer.Option(min=1, help="Models of each kind, from seeds 0, 1, ...")]
Epochs = Annotated[
    int | None, typer.Option(min=1, help="Passes over the training half. Default: by its size, 25 to 100.", show_default=False)
]
Folder = Annotated[Path, typer.Option(help="Where trials are kept: checkpoints, results, logs for TensorBoard.")]

hssm = typer.Typer(
    **GROUP,
    help="Deep models of Hamiltonian units, as in RHEL's paper: encoder, blocks of (normalisation, unit, GELU, gated linear unit, "
    "dropout, skip), mean over time, decoder. Each is trained by echo in integers, by echo in floats and by backpropagation, from the "
    "same seeds.\n\n"
    "Needs pip install 'loschmidt\\[hssm]'. Start with [bold]loschmidt hssm linear ItalyPowerDemand --seeds 2[/bold]; watch with "
    "[bold]tensorboard --logdir runs/hssm[/bold].",
)

LESSON = """Train {unit} units on every set, by every method, from every seed; say mean and deviation of the scores on the test halves.

Ctrl-C stops it, and the same command goes on; trials that are finished are not run again. Nothing is chosen by the test half: it is
looked at once, after the last epoch.

Exit status 1 if the echo in integers loses more than a point of accuracy to backpropagation, on average, or more than a pooled deviation
on any set.

[bold]Examples[/bold]

loschmidt hssm {unit} GunPoint ArrowHead --seeds 3

loschmidt hssm {unit} mine_TRAIN.ts --method bptt --method echo-fixed --json mine.json"""


def prepared(
    unit: str,
    sets: list[str] | None,
    methods: list[str] | None,
    seeds: int,
    epochs: int | None,
    size: dict[str, Any],
    recipe: dict[str, Any],
) -> Study:
    """What the user wants trained. Raises `MissingExtraError` where the extra is not installed."""
    try:
        import torch

        from . import dynamics, model, study, trial
        from .sets import NAMES, load
    except ImportError as error:
        what = error.name or "a package"
        raise MissingExtraError(f"{what} is not installed, and these models need it: pip install 'loschmidt[hssm]'") from error
    for method in methods or ():
        if method not in dynamics.METHODS:
            raise ConfigError(f"--method must be one of {', '.join(dynamics.METHODS)}, not {method!r}")
    # Of layers as small as these, threads only wait for each other.
    torch.set_num_threads(1)
    wanted = [method for method in dynamics.METHODS if not methods or method in methods]
    tasks = {task.name: task for task in map(load, sets or NAMES)}
    return study.Study(list(tasks.values()), wanted, seeds, model.Size(unit, **size), trial.Recipe(**recipe), epochs)


def _add(unit: str) -> Callable[..., None]:
    @hssm.command(unit, help=LESSON.format(unit=unit))
    def train(
        sets: Sets = None,
        method: Method = None,
        seeds: Seeds = 5,
        epochs: Epochs = None,
        blocks: Annotated[int, typer.Option(help="How many.")] = 2,
        width: Annotated[int, typer.Option(help="Features between blocks, inputs of each unit.")] = 16,
        oscillators: Annotated[int, typer.Option(help="Of each unit.")] = 32,
        dropout: Annotated[float, typer.Option(help="Share of features.")] = 0.1,
        formats: Annotated[str, typer.Option(help="Bits of the multipliers of echo-fixed: 16 | 18 | 25.")] = "18",
        batch: Annotated[int, typer.Option(help="Sequences of a minibatch.")] = 16,
        rate: Annotated[float, typer.Option(help="Learning rate, the first of the schedule.")] = 0.01,
        decay: Annotated[float, typer.Option(help="Weight decay.")] = 0.01,
        clip: Annotated[float, typer.Option(help="Largest norm of a gradient.")] = 1.0,
        folder: Folder = FOLDER,
        json_file: Json = None,
        figure: Drawn = None,
    ) -> None:
        size = {"blocks": blocks, "width": width, "oscillators": oscillators, "dropout": dropout, "formats": formats}
        recipe = {"batch": batch, "rate": rate, "decay": decay, "clip": clip}
        work = prepared(unit, sets, method, seeds, epochs, size, recipe)
        began, busy = time.monotonic(), time.process_time()
        with deferred() as stopped, console.stage() as tell:
            outcome = work.run(folder, tell, stopped)
        if outcome is None:
            console.say(f"interrupted; all is saved in {folder}: the same command goes on")
            raise typer.Exit(stopped.status)
        experiment = Experiment(unit, f"models of {unit} units", "", lambda quick, tell: outcome, work.draw)
        done = Done(experiment, outcome, time.monotonic() - began, time.process_time() - busy)
        for table in tables(done):
            console.OUT.print(table)
        conclude(done, folder, figure, json_file)

    return train


linear, nonlinear = _add("linear"), _add("nonlinear")
