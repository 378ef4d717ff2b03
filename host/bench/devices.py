"""What simulated gateware costs: steps a second of every device, and clock cycles a second of the RTL device."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.devices import DEVICES, open_device
from loschmidt.host.echo import Echo
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.host.problem import Problem, random_problem
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.region import Buffer, State
from loschmidt.spec.run import Run
from loschmidt.spec.shape import Shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: N, M, lanes, and steps of a run; the buffers hold all of them.
SIZES, QUICK, INPUTS, S, SEED, STEPS = ((16, 4), (64, 16)), ((6, 3),), 2, 5, 0, 64

#: Seconds for which a device repeats its run, each from where the last one ended; the integers are those after the first.
SECONDS = 3.0


def measure(quick: bool, tell: Tell) -> Outcome:
    rows: list[dict[str, Any]] = []
    different = 0
    sizes = QUICK if quick else SIZES
    for place, (n, lanes) in enumerate(sizes):
        system = random_problem(Hamiltonian.DENSE, S, Shape(n, INPUTS, lanes, 1, 1, STEPS, 1, STEPS), STEPS, SEED)
        ends = {}
        for number, device in enumerate(DEVICES):
            tell(f"{device}, N = {n}", (place + number / len(DEVICES)) / len(sizes))
            row, ends[device] = timed(device, system, 0.0 if quick else SECONDS)
            rows.append(row)
        different += sum(int(np.count_nonzero(end != ends["golden"])) for end in ends.values())
    checks = [Check.at_most("integers in which a device differs from the golden model", different, 0)]
    return Outcome({"hamiltonian": "dense", "inputs": INPUTS, "s": S, "seed": SEED, "T": STEPS, "contexts": 1}, rows, checks)


def timed(name: str, system: Problem, seconds: float) -> tuple[dict[str, Any], Any]:
    """A row of the table; the trace and the state after the first run."""
    device = open_device(name, system.shape)
    try:
        Echo(device, system.hamiltonian, S).load(system.codes)
        device.write(Buffer.INPUT, system.inputs)
        device.write(State.POSITION, system.position0[None])
        device.write(State.MOMENTUM, system.momentum0[None])
        device.run([Run(0, STEPS, trace=True)])
        end = np.concatenate([device.read(Buffer.TRACE, 0, STEPS), *(device.read(region) for region in State)])
        device.reset_status()
        began, runs = time.perf_counter(), 0
        while not runs or time.perf_counter() - began < seconds:
            device.run([Run(0, STEPS)])
            runs += 1
        taken = time.perf_counter() - began
        cycles = device.status().cycles
    finally:
        device.close()
    row = {"device": name, "N": system.shape.oscillators, "lanes": system.shape.lanes, "steps/s": runs * STEPS / taken}
    return row | {"cycles/s": cycles / taken if cycles else None, "cycles per step": cycles / (runs * STEPS) if cycles else None}, end


def draw(outcome: Outcome, figure: Figure) -> None:
    axes = figure.subplots()
    labels = [f"{row['device']}, N = {row['N']}" for row in outcome.rows]
    axes.barh(labels, [row["steps/s"] for row in outcome.rows], color=plots.BLUE)
    axes.set(xscale="log", xlabel="time steps of a single sequence, a second")
    plots.dress(axes)


EXPERIMENT = Experiment(
    "devices",
    "time steps a second of every device",
    """What does it cost to run the gateware itself?

The same free run on the emulator, the golden model and the array compiled to native code, one sequence at a time; of the last, clock cycles
a second, too. All have to end at the same integers.

Exit status 1 if an integer differs.""",
    measure,
    draw,
)
