"""Uncoupled oscillators in float64: run and transpose held to the other float64 model, the echo to the transpose."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from loschmidt.sim import uncoupled
from loschmidt.sim.reference import Reference
from loschmidt.sim.uncoupled import Oscillators, Slopes
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter

Floats = NDArray[np.float64]
B, T, N, S = 3, 20, 4, 2
LENGTHS = np.array([20, 11, 1])
BOTH = pytest.mark.parametrize("hamiltonian", [Hamiltonian.LINEAR, Hamiltonian.DIAGONAL])


class Problem:
    """Three sequences of unlike length; the drive is the input itself, so that dL/d(drive) is dL/d(input)."""

    def __init__(self, hamiltonian: Hamiltonian) -> None:
        rng = np.random.default_rng(2)
        linear = hamiltonian is Hamiltonian.LINEAR
        self.hamiltonian = hamiltonian
        mu, a, w = rng.uniform(0.3, 1.0, (3, N))
        self.system = Oscillators(mu, a, w[:0] if linear else w)
        self.drive, self.slope = rng.normal(size=(2, B, T, N))
        self.slope[np.arange(T) >= LENGTHS[:, None]] = 0.0
        self.midpoints, self.momenta, self.end = np.zeros((B, T, N)), np.zeros((B, T + 1, N)), np.zeros((2, B, N))
        uncoupled.run(self.system, 2.0**-S, LENGTHS, self.drive, self.midpoints, self.momenta, self.end)

    def transpose(self) -> Slopes:
        found = uncoupled.no_slopes(self.system, self.drive)
        trajectory = self.midpoints, self.momenta
        uncoupled.backpropagate(self.system, 2.0**-S, LENGTHS, self.drive, *trajectory, self.slope, found)
        return found

    def echo(self, eps: float = 1e-4) -> Slopes:
        found = uncoupled.no_slopes(self.system, self.drive)
        uncoupled.echo(self.system, 2.0**-S, LENGTHS, self.drive, self.end, self.slope, np.full(B, eps), found)
        return found

    def reference(self) -> tuple[Floats, Slopes]:
        """Midpoints and slopes of `sim.reference`."""
        reference = Reference(self.hamiltonian, S, None, PRESETS["18"])
        p = {Parameter.INVERSE_MASS: self.system.inverse_mass, Parameter.STIFFNESS: self.system.stiffness}
        p |= {Parameter.INPUT_WEIGHT: np.eye(N), Parameter.GAIN: self.system.gain, Parameter.BIAS: np.zeros(N)}
        tape = reference.forward(p, self.drive, LENGTHS, np.zeros((B, N)), np.zeros((B, N)))
        found = reference.backward(tape, self.slope)
        gain = found.parameters.get(Parameter.GAIN, np.zeros(0))
        return tape.midpoints, Slopes(found.parameters[Parameter.INVERSE_MASS], found.parameters[Parameter.STIFFNESS], gain, found.inputs)


def furthest(found: Slopes, expected: Slopes) -> float:
    """Largest error of any group, over the group's largest value."""
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(found, expected, strict=True) if b.size)


@BOTH
def test_run_and_transpose_are_those_of_the_reference(hamiltonian: Hamiltonian) -> None:
    problem = Problem(hamiltonian)
    midpoints, slopes = problem.reference()
    for b, length in enumerate(LENGTHS):
        np.testing.assert_allclose(problem.midpoints[b, :length], midpoints[b, :length], rtol=1e-12, atol=1e-14)
    assert furthest(problem.transpose(), slopes) < 1e-12


@BOTH
def test_echo_is_the_transpose(hamiltonian: Hamiltonian) -> None:
    problem = Problem(hamiltonian)
    assert furthest(problem.echo(), problem.transpose()) < 1e-6


def test_error_of_the_echo_is_of_second_order() -> None:
    """Of a force with curvature; a linear one has no error at all."""
    problem = Problem(Hamiltonian.DIAGONAL)
    errors = [furthest(problem.echo(eps), problem.transpose()) for eps in (0.02, 0.04)]
    assert errors[1] / errors[0] == pytest.approx(4, rel=0.1)
    linear = Problem(Hamiltonian.LINEAR)
    assert furthest(linear.echo(1.0), linear.transpose()) < 1e-11


def _late_nudge(problem: Problem) -> None:
    problem.slope = np.roll(problem.slope, 1, axis=1)


def _other_drive(problem: Problem) -> None:
    problem.drive = problem.drive[:, ::-1].copy()


def _not_flipped(problem: Problem) -> None:
    problem.end[1] *= -1


def _wrong_momenta(problem: Problem) -> None:
    problem.momenta = np.roll(problem.momenta, 1, axis=1)


@BOTH
@pytest.mark.parametrize("spoil", [_late_nudge, _other_drive, _not_flipped])
def test_broken_echo_is_caught(hamiltonian: Hamiltonian, spoil: Callable[[Problem], None]) -> None:
    problem = Problem(hamiltonian)
    expected = problem.transpose()
    spoil(problem)
    assert furthest(problem.echo(), expected) > 1e-3


@BOTH
@pytest.mark.parametrize("spoil", [_late_nudge, _wrong_momenta])
def test_broken_transpose_is_caught(hamiltonian: Hamiltonian, spoil: Callable[[Problem], None]) -> None:
    problem = Problem(hamiltonian)
    _, expected = problem.reference()
    spoil(problem)
    assert furthest(problem.transpose(), expected) > 1e-3
