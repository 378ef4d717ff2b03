"""A million steps: exact return and a full gradient of a dense system; and the gradient of a linear one, which float64 can judge.

Over so many steps a dense system may be chaotic, and no gradient of it means anything; a system of springs stays stable. Its adjoint is
walked in float64 with checkpoints: states are kept every `PIECE` steps, and each piece is taken again, forward and then back.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.device import Device
from loschmidt.host.devices import open_device
from loschmidt.host.echo import Echo, EchoGradient, Readout
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.host.parameters import Floats, gradient_from_parameters, real_values
from loschmidt.host.problem import Problem, random_problem
from loschmidt.host.reversal import there_and_back, windows
from loschmidt.host.verify import agreement
from loschmidt.sim.reference import Reference
from loschmidt.spec.activation import table
from loschmidt.spec.hamiltonian import Hamiltonian

from .workload import INPUTS, PIECE, SEED, Case, S

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OSCILLATORS, STEPS = 64, 1_000_000

#: The least cosine of any parameter's gradient.
COSINE = 0.999

#: Inputs of the linear system are this much weaker, by a power of two: undamped, a resonance grows with the length of the run.
WEAKER = 3


def problem(hamiltonian: Hamiltonian, n: int, steps: int) -> Problem:
    """That system with inputs of that many steps, none taken twice."""
    case = Case(n, 1, steps)
    system = random_problem(hamiltonian, S, case.shape, 1, SEED)
    inputs = case.inputs()[0]
    return replace(system, inputs=inputs if hamiltonian is Hamiltonian.DENSE else inputs >> WEAKER)


def measure(quick: bool, tell: Tell) -> Outcome:
    n, steps = (8, 3 * PIECE + 7) if quick else (OSCILLATORS, STEPS)
    dense, springs = problem(Hamiltonian.DENSE, n, steps), problem(Hamiltonian.SPRINGS, n, steps)
    device = open_device("emulator", dense.shape)
    slope = np.random.default_rng(SEED).normal(size=(1, n))
    rows: list[dict[str, Any]] = []
    try:
        seconds, different = _reversed(dense, device, tell)
        rows.append(_row("dense: exact return", seconds, different=different))
        tell("dense: gradient", 0.0)
        seconds, found = _gradient(dense, device, slope)
        size = float(np.sqrt(sum(float(np.sum(value**2)) for value in found.parameters.values())))
        rows.append(_row("dense: gradient", seconds, norm=size, report=found))
        tell("springs: gradient", 0.0)
        seconds, found = _gradient(springs, device, slope)
    finally:
        device.close()
    began = time.perf_counter()
    expected = adjoint(springs, slope, tell)
    judged = {name: agreement(found.parameters[name], value)[0] for name, value in expected.items()}
    rows += [_row(f"springs: {name}", seconds, cosine=cosine, report=found) for name, cosine in judged.items()]
    rows.append(_row("springs: float64 adjoint with checkpoints", time.perf_counter() - began))
    checks = [
        Check.at_most(f"dense, N = {n}, {steps:,} steps and back: integers that differ", different, 0),
        Check.at_least(f"dense, N = {n}, {steps:,} steps: gradient is finite and not zero", float(np.isfinite(size) and size > 0.0), 1),
        Check.at_least(f"springs, N = {n}, {steps:,} steps: least cosine to the float64 adjoint", min(judged.values()), COSINE),
    ]
    return Outcome({"N": n, "T": steps, "inputs": INPUTS, "s": S, "seed": SEED, "formats": "18"}, rows, checks)


def _row(
    what: str,
    seconds: float,
    different: int | None = None,
    norm: float | None = None,
    cosine: float | None = None,
    report: EchoGradient | None = None,
) -> dict[str, Any]:
    trusted = None if report is None else report.report[0].trusted
    return {"what": what, "seconds": seconds, "integers differ": different, "norm": norm, "cosine": cosine, "trusted": trusted}


def _reversed(system: Problem, device: Device, tell: Tell) -> tuple[float, int]:
    Echo(device, system.hamiltonian, S).load(system.codes)
    before = [system.position0[None], system.momentum0[None]]
    pieces = list(windows(len(system.inputs), len(system.inputs), device.shape.input_depth))
    began = time.perf_counter()
    _, after = there_and_back(system, device, pieces, before, lambda share: tell("dense: exact return", share))
    seconds = time.perf_counter() - began
    return seconds, sum(int(np.count_nonzero(then != now)) for then, now in zip(before, after, strict=True))


def _gradient(system: Problem, device: Device, slope: Floats) -> tuple[float, EchoGradient]:
    """Of L = g . phi_h[T - 1], with the automatic eps."""
    began = time.perf_counter()
    echo = Echo(device, system.hamiltonian, S)
    echo.load(system.codes)
    forward = echo.forward([system.inputs], system.position0, system.momentum0, Readout.LAST)
    found = echo.backward(forward, slope)
    return time.perf_counter() - began, found


def adjoint(system: Problem, slope: Floats, tell: Tell) -> dict[str, Floats]:
    """The same gradient in float64, by name of the parameter, with states kept every `PIECE` steps."""
    formats = system.shape.formats
    reference, parameters = Reference(system.hamiltonian, S, table(formats), formats), real_values(system.codes, formats)
    inputs, lows = np.ldexp(system.inputs.astype(np.float64), -formats.operand.fraction)[None], range(0, len(system.inputs), PIECE)
    state = tuple(np.ldexp(code.astype(np.float64), -formats.state.fraction)[None] for code in (system.position0, system.momentum0))
    kept = []
    for low in lows:
        tell("springs: float64 ahead", low / len(system.inputs))
        kept.append(state)
        part = inputs[:, low : low + PIECE]
        tape = reference.forward(parameters, part, np.array([part.shape[1]]), *state)
        state = tape.position, tape.momentum
    total: dict[str, Floats] = {}
    end = None
    for low, state in zip(reversed(lows), reversed(kept), strict=True):
        tell("springs: float64 back", 1 - low / len(system.inputs))
        part = inputs[:, low : low + PIECE]
        tape = reference.forward(parameters, part, np.array([part.shape[1]]), *state)
        nudged = np.zeros_like(tape.midpoints)
        if end is None:
            nudged[0, -1] = slope[0]
        result = reference.backward(tape, nudged, end)
        end = result.position0, result.momentum0
        for name, value in gradient_from_parameters(result.parameters, system.hamiltonian).items():
            total[name] = total.get(name, 0.0) + value
    return total


def draw(outcome: Outcome, figure: Figure) -> None:
    axes = figure.subplots()
    rows = [row for row in outcome.rows if row["what"].count(":") == 1 and row["cosine"] is None]
    axes.barh([row["what"] for row in rows], [row["seconds"] for row in rows], color=plots.BLUE)
    axes.set(xscale="log", xlabel=f"seconds, T = {outcome.settings['T']:,}, N = {outcome.settings['N']}")
    plots.dress(axes)


EXPERIMENT = Experiment(
    "long",
    "a million steps: exact return, and a gradient",
    """How long may a run be?

A dense system goes a million steps and comes back to the last bit, and an echo takes its whole gradient in memory that does not know
how long the run is. Whether a gradient over so many steps is right is asked of coupled springs, which stay stable, beside a float64 adjoint
that keeps a state for every thousand steps and walks each piece again.

Exit status 1 if an integer differs, or a cosine is below its bound.""",
    measure,
    draw,
)
