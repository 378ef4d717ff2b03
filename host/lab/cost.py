"""What a gradient costs: the echo on the device beside backpropagation through time, against length and number of oscillators."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.cycles import ideal
from loschmidt.host.devices import open_device
from loschmidt.host.echo import Echo, Readout
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.host.nudge import NudgePolicy
from loschmidt.host.problem import Problem, by_reference, random_problem
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HAMILTONIAN, INPUTS, S, SEED = Hamiltonian.DENSE, 4, 5, 0

#: Steps, at the first number of oscillators; oscillators, at the second number of steps.
LENGTHS, OSCILLATORS = (300, 1000, 3000, 10000), (8, 16, 32, 64, 128)

#: Entries of the device's buffers: a longer run passes through them in pieces.
DEPTH = 256

#: log2 of eps: the same work for each, so that time is compared with time. The probe that finds it costs one pair of echoes more.
EPS = -6

#: What the echo's memory may grow by from the shortest to the longest run, as a share: nothing but Python's own objects.
GROWTH = 0.05


LABELS = {"products": "multiplications", "bytes": "bytes allocated at once", "CPU s": "CPU seconds"}


def measure(quick: bool, tell: Tell) -> Outcome:
    lengths, sizes = ((100, 1000), (8, 16)) if quick else (LENGTHS, OSCILLATORS)
    cases = [(steps, sizes[1]) for steps in lengths] + [(lengths[1], n) for n in sizes]
    cases = sorted(dict.fromkeys(cases), key=lambda case: case[0] * case[1] ** 2)
    _row(lengths[0], sizes[0])  # compiles
    rows = []
    for done, (steps, n) in enumerate(cases):
        tell(f"T = {steps:,}, N = {n}", done / len(cases))
        rows.append(_row(steps, n))
    rows.sort(key=lambda row: (row["N"], row["T"]))
    along = [row for row in rows if row["N"] == sizes[1]]
    short, long = min(along, key=lambda row: row["T"]), max(along, key=lambda row: row["T"])
    grown = {name: long[f"{name} bytes"] - short[f"{name} bytes"] for name in ("echo", "BPTT")}
    midpoints = 8 * sizes[1] * (long["T"] - short["T"])
    checks = [
        Check.at_most(f"echo: memory at T = {long['T']:,} over T = {short['T']:,}, less 1", grown["echo"] / short["echo bytes"], GROWTH),
        Check.at_least("BPTT: bytes more, over those of the midpoints of as many steps", grown["BPTT"] / midpoints, 1.0),
        Check.at_most("echo: multiplications as a share of BPTT's", max(r["echo products"] / r["BPTT products"] for r in rows), 2.0),
    ]
    settings = {"hamiltonian": HAMILTONIAN.name.lower(), "inputs": INPUTS, "s": S, "seed": SEED, "depth": DEPTH}
    return Outcome(settings | {"at N": sizes[1], "at T": lengths[1]}, rows, checks)


def _row(steps: int, n: int) -> dict[str, Any]:
    """One gradient each way. Memory is what is allocated at the same time while it is computed, inputs left out: both ways read them."""
    shape = Shape(n, INPUTS, n, 2, 2, DEPTH, DEPTH, DEPTH, PRESETS["18"])
    problem = random_problem(HAMILTONIAN, S, shape, steps, SEED)
    echo_seconds, echo_bytes = _measured(lambda: _by_echo(problem))
    bptt_seconds, bptt_bytes = _measured(lambda: by_reference(problem, Readout.LAST))
    single = Shape(n, INPUTS, 1)
    forward, echo = ideal(HAMILTONIAN, False, single), ideal(HAMILTONIAN, True, single)
    # Backwards, each matrix meets the adjoint once for the pull-back and once for its own gradient; the forces' argument is computed anew.
    backward = 2 * (2 * n * n + n * INPUTS) + n * n + n * INPUTS
    return {
        "N": n,
        "T": steps,
        "echo products": round(steps * (forward + 2 * echo)),
        "BPTT products": round(steps * (forward + backward)),
        "echo bytes": echo_bytes,
        "BPTT bytes": bptt_bytes,
        "echo CPU s": echo_seconds,
        "BPTT CPU s": bptt_seconds,
    }


def _by_echo(problem: Problem) -> None:
    device = open_device("emulator", problem.shape)
    try:
        echo = Echo(device, problem.hamiltonian, problem.s, NudgePolicy(fixed=EPS))
        echo.load(problem.codes)
        forward = echo.forward([problem.inputs], problem.position0, problem.momentum0, Readout.LAST)
        echo.backward(forward, np.asarray(forward.output) - problem.target[-1])
    finally:
        device.close()


def _measured(work: Callable[[], object]) -> tuple[float, int]:
    """CPU seconds, and in a second run the largest number of bytes that were allocated at once."""
    began = time.process_time()
    work()
    seconds = time.process_time() - began
    tracemalloc.start()
    try:
        work()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return seconds, peak


def draw(outcome: Outcome, figure: Figure) -> None:
    figure.set_size_inches(11.0, 6.4)
    panels = figure.subplots(2, 3)
    for panel, (variable, fixed) in zip(panels, (("T", "N"), ("N", "T")), strict=True):
        value = outcome.settings[f"at {fixed}"]
        rows = sorted((row for row in outcome.rows if row[fixed] == value), key=lambda row: int(row[variable]))
        for axes, (what, label) in zip(panel, LABELS.items(), strict=True):
            for name, colour in (("echo", plots.BLUE), ("BPTT", plots.ORANGE)):
                axes.plot([row[variable] for row in rows], [row[f"{name} {what}"] for row in rows], "o-", color=colour, ms=4, label=name)
            axes.set(xscale="log", yscale="log", xlabel=f"{variable}, at {fixed} = {value:,}", ylabel=label)
            plots.dress(axes)
    panels[0, 0].legend(frameon=False)


EXPERIMENT = Experiment(
    "cost",
    "the echo on the device beside backpropagation through time",
    """What does a gradient cost?

Backpropagation through time keeps the whole trajectory: its memory grows with every step. The echo walks the trajectory again, backwards,
exactly, and keeps nothing of it; it pays with a second return, one for each sign of the nudge. Operations are multiplications by matrices
and inputs; memory is measured while either gradient is computed, inputs left out; time is the emulator's, compiled, beside NumPy's, a
statement about these two programs alone.

Exit status 1 if the echo's memory grows with the run.""",
    measure,
    draw,
)
