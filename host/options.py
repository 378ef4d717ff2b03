"""Options that commands share, and what is made of them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from . import atomic
from .config import CHOICES, Config

#: Exit statuses: of a fault that one line explains, and of a bound that was missed. `interrupt` has those of a request to stop.
FAULT, MISSED = 2, 1

Device = Annotated[
    str,
    typer.Option(
        help="What computes: [bold]emulator[/] (fast), golden (the judge), rtl (simulated gateware), or a board's port, /dev/ttyUSB0."
    ),
]
Data = Annotated[
    str,
    typer.Argument(
        help="A set that ships with aeon; digits; recordings: .ts, .tsv, .txt, .arff (either half or the stem), .npz; a waveform: .csv."
    ),
]
Hamiltonian = Annotated[str, typer.Option(help=" | ".join(CHOICES["hamiltonian"]))]
Oscillators = Annotated[int, typer.Option(help="How many, N.")]
Inputs = Annotated[int, typer.Option(min=1, help="Words of an input vector, M.")]
Lanes = Annotated[int | None, typer.Option(min=1, help="Lanes of the array, L. Default: as many as oscillators, for verify up to 16.")]
Steps = Annotated[int, typer.Option(help="Of images: steps that the system runs from the state that stands for one.")]
Step = Annotated[int, typer.Option(help="s of the time step delta = 2^-s.")]
Readout = Annotated[str, typer.Option(help="What the loss sees: the last or the mean position (classes), or every position (waveform).")]
Outputs = Annotated[list[int] | None, typer.Option(help="Oscillator that tracks a target; once for each target. Default: 0, 1, ...")]
Targets = Annotated[int, typer.Option(help="Of a table: how many columns, from the right, are targets.")]
Window = Annotated[int, typer.Option(help="Of a table: steps of the pieces that the waveform is cut into.")]
Epochs = Annotated[int, typer.Option(help="Passes over the training set.")]
Batch = Annotated[int, typer.Option(help="Samples of a minibatch.")]
Rate = Annotated[float, typer.Option(help="Learning rate, the first of the schedule.")]
Optimiser = Annotated[str, typer.Option(help=" | ".join(CHOICES["optimiser"]))]
Schedule = Annotated[str, typer.Option(help=" | ".join(CHOICES["schedule"]))]
Clip = Annotated[float, typer.Option(help="Largest norm of a step's gradient; 0: no limit.")]
Decay = Annotated[float, typer.Option(help="Weight decay of couplings and input weights.")]
Jitter = Annotated[float, typer.Option(help="Noise on training inputs, in standard deviations of each channel (classes only).")]
Seed = Annotated[int, typer.Option(help="Of initial weights, shuffling and jitter.")]
Formats = Annotated[str, typer.Option(help=f"Bits of the multipliers: {' | '.join(CHOICES['formats'])}.")]
Gradient = Annotated[str, typer.Option(help="echo: in integers, on the device; bptt: backpropagation through time in float64.")]
Gaps = Annotated[str, typer.Option(help="Missing values of files: refuse | interpolate (linearly along time; it is said how many).")]
Index = Annotated[
    str,
    typer.Option(
        help="Of a table: auto | drop | keep columns that count rows or time. auto drops those that are named so, and asks about others."
    ),
]
Decimal = Annotated[str, typer.Option(help="Of a table: auto | point | comma before the decimals.")]
Axes = Annotated[str, typer.Option(help="Of .npz arrays: auto (the longer axis is time) | channels-steps | steps-channels.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the figures there, too.")]


#: Options that say how files are read.
READING = ("gaps", "index", "decimal", "axes")


def reading_of(context: typer.Context) -> dict[str, str]:
    """How files are to be read, as far as the user has said it."""
    return {name: context.params[name] for name in READING if name in given(context)}


def config_of(options: dict[str, Any], outputs: tuple[int, ...]) -> Config:
    """The configuration among a command's options."""
    names = {field.name for field in dataclasses.fields(Config)} - {"outputs"}
    return Config(**{name: value for name, value in options.items() if name in names}, outputs=outputs)


def given(context: typer.Context) -> set[str]:
    """Options that the user has typed."""
    found = set()
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            found.add(name)
    return found


def write_json(path: Path | None, content: dict[str, Any]) -> None:
    """What ``--json`` asks for, if it does. Raises `StorageError` if it cannot be written."""
    if path is not None:
        atomic.write(path, (json.dumps(content, indent=2) + "\n").encode())
