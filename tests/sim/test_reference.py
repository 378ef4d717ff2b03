"""Float64 backpropagation: held to finite differences of its own forward map, and its forward map to the golden model."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from loschmidt.sim.golden import Golden
from loschmidt.sim.reference import Activation, Reference
from loschmidt.spec.activation import table
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter
from loschmidt.spec.run import Run

Floats = NDArray[np.float64]
FORMATS = PRESETS["18"]
N, M, STEPS, S = 5, 2, 12, 2
LENGTHS = np.array([12, 7, 1])


def real(codes: NDArray[np.int64], source: Format) -> Floats:
    values: Floats = np.ldexp(codes.astype(np.float64), -source.fraction)
    return values


class Problem:
    """Three samples of unlike length, and a loss that is quadratic in every midpoint."""

    def __init__(self, hamiltonian: Hamiltonian, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        shapes = {Parameter.COUPLING: (N, N), Parameter.INPUT_WEIGHT: (N, M)}
        self.parameters = {p: rng.uniform(0.2, 1.0, shapes.get(p, (N,))) for p in DEFINITIONS[hamiltonian].parameters}
        self.inputs = rng.normal(size=(3, STEPS, M))
        self.position0, self.momentum0 = rng.normal(size=(2, 3, N))
        self.target = rng.normal(size=(3, STEPS, N))
        self.active = np.arange(STEPS) < LENGTHS[:, None]
        self.reference = Reference(hamiltonian, S, None, FORMATS)

    def values(self) -> dict[str, Floats]:
        """Everything there is a gradient for; the arrays themselves."""
        named = {p.value: value for p, value in self.parameters.items()}
        return named | {"position0": self.position0, "momentum0": self.momentum0, "inputs": self.inputs}

    def loss(self) -> float:
        tape = self.reference.forward(self.parameters, self.inputs, LENGTHS, self.position0, self.momentum0)
        return float(np.sum((tape.midpoints - self.target)[self.active] ** 2) / 2)

    def gradient(self) -> dict[str, Floats]:
        tape = self.reference.forward(self.parameters, self.inputs, LENGTHS, self.position0, self.momentum0)
        g = self.reference.backward(tape, tape.midpoints - self.target)
        named = {p.value: value for p, value in g.parameters.items()}
        return named | {"position0": g.position0, "momentum0": g.momentum0, "inputs": g.inputs}


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_every_derivative_agrees_with_central_differences(hamiltonian: Hamiltonian) -> None:
    problem = Problem(hamiltonian)
    gradient, step = problem.gradient(), 1e-5
    for name, values in problem.values().items():
        measured = np.zeros_like(values)
        for index in np.ndindex(*values.shape):
            kept = values[index]
            values[index] = kept + step
            above = problem.loss()
            values[index] = kept - step
            measured[index] = (above - problem.loss()) / (2 * step)
            values[index] = kept
        assert np.max(np.abs(measured - gradient[name])) < 1e-7 * max(1.0, np.max(np.abs(measured))), name


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_steps_past_the_length_leave_a_sample_untouched(hamiltonian: Hamiltonian) -> None:
    problem = Problem(hamiltonian)
    whole = problem.reference.forward(problem.parameters, problem.inputs, LENGTHS, problem.position0, problem.momentum0)
    for b, length in enumerate(LENGTHS):
        one = slice(b, b + 1)
        alone = problem.reference.forward(
            problem.parameters, problem.inputs[one, :length], LENGTHS[one], problem.position0[one], problem.momentum0[one]
        )
        np.testing.assert_allclose(whole.position[b], alone.position[0], rtol=1e-13)
        np.testing.assert_allclose(whole.momentum[b], alone.momentum[0], rtol=1e-13)
    problem.inputs[1, 7:] = 100.0
    changed = problem.gradient()
    assert not np.any(changed["inputs"][1, 7:])


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_forward_map_is_the_golden_model_without_rounding(hamiltonian: Hamiltonian) -> None:
    problem = Problem(hamiltonian)
    weight, operand, state = FORMATS.weight, FORMATS.operand, FORMATS.state
    codes = {p: np.rint(v / weight.lsb).astype(np.int64) for p, v in problem.parameters.items()}
    inputs = np.rint(problem.inputs / operand.lsb).astype(np.int64)
    start = [np.rint(v / state.lsb).astype(np.int64) for v in (problem.position0, problem.momentum0)]
    rows = table(FORMATS)
    reference = Reference(hamiltonian, S, rows, FORMATS)
    parameters = {p: real(c, weight) for p, c in codes.items()}
    tape = reference.forward(parameters, real(inputs, operand), LENGTHS, real(start[0], state), real(start[1], state))
    for b, length in enumerate(LENGTHS):
        golden = Golden(hamiltonian, S, FORMATS, codes, np.asarray(rows, dtype=np.int64), start[0][b], start[1][b])
        golden.run(Run(0, int(length)), inputs[b], np.zeros((1, N), dtype=np.int64))
        # A few roundings of operands (2^-15 each, times weights up to 1) per step of a dozen.
        assert np.max(np.abs(golden.phi * state.lsb - tape.position[b])) < 1e-3
        assert np.max(np.abs(golden.pi * state.lsb - tape.momentum[b])) < 1e-3


def test_activation_follows_the_table_and_saturates() -> None:
    rows = table(FORMATS)
    piecewise, exact = Activation(rows, FORMATS), Activation(None, FORMATS)
    end = 2.0**FORMATS.table_range
    inside, outside = np.linspace(-end, end, 2001), np.array([-20.0, -end, end, 20.0])
    step = 2 * end / FORMATS.segments
    # A chord leaves a curve by h^2/8 of its second derivative, which is below 1; a knot is rounded.
    np.testing.assert_allclose(piecewise(inside)[0], exact(inside)[0], rtol=0, atol=step**2 / 8 + FORMATS.activation.lsb)
    y, slope = piecewise(outside)
    np.testing.assert_allclose(y, exact(np.clip(outside, -end, end))[0], rtol=0, atol=FORMATS.activation.lsb)
    assert not np.any(slope[[0, 3]])
    # y(z) is the integral of its own slope: the trapezoid rule within a segment is exact.
    near = np.array([0.002, 0.012])
    (low, high), (rise, _) = piecewise(near)
    assert high - low == pytest.approx(rise * (near[1] - near[0]), rel=1e-12)
