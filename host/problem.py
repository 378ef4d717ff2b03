"""A random system like a trained one, what it is asked to learn, and its gradient by echo and by backpropagation.

Parameters are what training starts from; inputs are slow sines with noise on them; the loss is a squared error to waveforms in the
oscillators' own band (every step), to a random point (last step) or to a random mean.

`loschmidt verify` measures gradients of these tame systems at steps of 2^-5, and `loschmidt lab
time-step` at training's own. Systems up to chaotic ones are drawn by `host.lab.trust`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loschmidt.sim.reference import Reference
from loschmidt.spec.activation import table
from loschmidt.spec.fixed import Format
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.shape import Shape

from .device import Device, Ints
from .echo import Echo, EchoGradient, Readout
from .nudge import NudgePolicy
from .parameters import Floats, check_stable, codes_of, gradient_from_parameters, initial, quantise, real_values


@dataclass(frozen=True)
class Problem:
    """One sequence of T steps for one system, all in device codes but for the target.

    Members
    -------
    hamiltonian, s : the system, and its time step ``delta = 2**-s``
    shape : of the devices that are to compute it
    codes : parameters
    inputs : (T, M) operand codes
    position0, momentum0 : (N,) state codes
    target : (T, N), what midpoints should be; its last row, too, where the readout has one row
    """

    hamiltonian: Hamiltonian
    s: int
    shape: Shape
    codes: dict[Parameter, Ints]
    inputs: Ints
    position0: Ints
    momentum0: Ints
    target: Floats


def waves(rng: np.random.Generator, time: Floats, count: int, band: tuple[float, float], terms: int) -> Floats:
    """Sums of sines of amplitude 1/2 and random phase, angular frequencies within the band, and noise of 0.1: (T, count)."""
    noise = 0.1 * rng.normal(size=(len(time), count))
    for _ in range(terms):
        frequency, phase = rng.uniform(*band, count), rng.uniform(0, 2 * np.pi, count)
        noise += np.sin(time[:, None] * frequency + phase) / 2
    return noise


def random_problem(hamiltonian: Hamiltonian, s: int, shape: Shape, steps: int, seed: int) -> Problem:
    """The problem of that seed."""
    rng = np.random.default_rng([seed, int(hamiltonian)])
    master = initial(hamiltonian, shape.oscillators, shape.inputs, rng)
    check_stable(master, hamiltonian, s)
    return problem_of(master, hamiltonian, s, shape, steps, rng)


def problem_of(
    master: Mapping[str, Floats], hamiltonian: Hamiltonian, s: int, shape: Shape, steps: int, rng: np.random.Generator
) -> Problem:
    """Draw inputs, start and target for a system of these real parameters.

    Parameters
    ----------
    master : parameters by name, as `parameters.initial` gives them
    hamiltonian, s : the system, and its time step ``delta = 2**-s``
    shape : of the devices that are to compute it
    steps : T
    rng : draws inputs, position, momentum and target, in this order

    Raises
    ------
    SpecError : a parameter or a drawn number does not fit its format
    """
    time = np.ldexp(np.arange(steps, dtype=np.float64), -s)
    inputs = codes_of(waves(rng, time, shape.inputs, (0.05, 0.3), 1), shape.formats.operand, "input")
    position0, momentum0 = (_state(rng, shape.oscillators, shape.formats.state) for _ in range(2))
    target = waves(rng, time, shape.oscillators, (0.3, 2.0), 4)
    return Problem(hamiltonian, s, shape, quantise(master, hamiltonian, shape), inputs, position0, momentum0, target)


def _state(rng: np.random.Generator, count: int, state: Format) -> Ints:
    return codes_of(rng.normal(0.0, 0.5, count), state, "state")


def _real(codes: Ints, source: Format) -> Floats:
    real: Floats = np.ldexp(codes.astype(np.float64), -source.fraction)
    return real


def by_echo(problem: Problem, device: Device, readout: Readout, policy: NudgePolicy | None = None) -> EchoGradient:
    """The gradient as the device measures it."""
    echo = Echo(device, problem.hamiltonian, problem.s, policy)
    echo.load(problem.codes)
    forward = echo.forward([problem.inputs], problem.position0, problem.momentum0, readout)
    if readout is Readout.EVERY:
        return echo.backward(forward, [(forward.output[0] - problem.target) / len(problem.target)])
    return echo.backward(forward, np.asarray(forward.output) - problem.target[-1])


def by_reference(problem: Problem, readout: Readout) -> dict[str, Floats]:
    """The gradient by backpropagation through time in float64, by name of the group; the initial state's parts among them."""
    formats = problem.shape.formats
    reference = Reference(problem.hamiltonian, problem.s, table(formats), formats)
    steps = len(problem.inputs)
    start = [_real(code, formats.state)[None] for code in (problem.position0, problem.momentum0)]
    inputs = _real(problem.inputs, formats.operand)[None]
    tape = reference.forward(real_values(problem.codes, formats), inputs, np.array([steps]), start[0], start[1])
    gradient = np.zeros_like(tape.midpoints)
    match readout:
        case Readout.EVERY:
            gradient[0] = (tape.midpoints[0] - problem.target) / steps
        case Readout.LAST:
            gradient[0, -1] = tape.midpoints[0, -1] - problem.target[-1]
        case Readout.MEAN:
            gradient[0] = (tape.midpoints[0].mean(axis=0) - problem.target[-1]) / steps
    result = reference.backward(tape, gradient)
    groups = gradient_from_parameters(result.parameters, problem.hamiltonian)
    return groups | {"position0": result.position0, "momentum0": result.momentum0}
