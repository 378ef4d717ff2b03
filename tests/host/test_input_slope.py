"""Gradients by inputs: their integers are the golden model's, and faults on the way from a midpoint to dL/du are seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from loschmidt.host.device import Ints
from loschmidt.host.echo import Readout
from loschmidt.host.input_slope import Floats, InputSlope, _product
from loschmidt.host.parameters import initial, quantise
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden import Golden
from loschmidt.spec.activation import table
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter
from loschmidt.spec.region import Buffer, Region
from loschmidt.spec.run import Accumulate
from loschmidt.spec.shape import Shape

from .batch import Batch, M, N, groups, roomy

STEPS = 50


class Watched(Golden):
    """Keeps x or y of each step, as its accumulators are given it."""

    def _accumulate(self, sign: int, shift: int, x: Ints, u: Ints, z: Ints, before: Ints) -> None:
        self.seen = self._activation(z)[0] if DEFINITIONS[self.hamiltonian].activated else x


@pytest.mark.parametrize("largest", [1, 8])
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_activity_is_that_of_the_golden_model(hamiltonian: Hamiltonian, preset: str, largest: int) -> None:
    """Within the range of all formats, and where operands and activation saturate."""
    formats, rng = PRESETS[preset], np.random.default_rng(5)
    codes = quantise(initial(hamiltonian, N, M, rng), hamiltonian, Shape(N, M, formats=formats))
    codes |= {name: value * largest // 2 for name, value in codes.items() if name in (Parameter.COUPLING, Parameter.INPUT_WEIGHT)}
    rows = np.array(table(formats), dtype=np.int64)
    state, operand = formats.state, formats.operand
    positions = rng.integers(state.lowest * largest >> 4, state.highest * largest >> 4, (STEPS, N))
    inputs = rng.integers(-operand.highest * largest >> 3, operand.highest * largest >> 3, (STEPS, M))
    golden = Watched(hamiltonian, 3, formats, codes, rows, positions[0], positions[0])
    midpoints, seen = [], []
    for position, u in zip(positions, inputs, strict=True):
        golden.phi = position
        midpoints.append(golden.step(u, np.zeros_like(position), Accumulate.ADD))
        seen.append(golden.seen)
    assert np.array_equal(InputSlope(hamiltonian, codes, rows, formats).activity(np.array(midpoints), inputs), seen)


class OneStepLate(Emulator):
    """Its traces begin with their second step."""

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        values = super().read(region, entry, count)
        return np.roll(values, -1, axis=0) if region is Buffer.TRACE else values


def _worst(hamiltonian: Hamiltonian, device: Emulator | None = None) -> float:
    """Relative error of dL/du, of all readouts the largest."""
    batch, errors = Batch(hamiltonian), []
    for readout in Readout:
        _, gradient = batch.measure(roomy() if device is None else device, readout)
        expected = batch.reference(readout)["inputs"]
        errors.append(float(np.linalg.norm(groups(gradient)["inputs"] - expected) / np.linalg.norm(expected)))
    return max(errors)


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_trace_that_is_a_step_late_is_caught(hamiltonian: Hamiltonian) -> None:
    assert _worst(hamiltonian) < 1e-2
    assert _worst(hamiltonian, OneStepLate(roomy().shape)) > 0.05


def _no_gain(self: InputSlope, midpoints: Ints, inputs: Ints) -> Floats:
    slope: Floats = self.activity(midpoints, inputs) @ (self._codes[Parameter.INPUT_WEIGHT] * 2.0**-14 * 2.0**-16)
    return slope


SOUND: Callable[[InputSlope, Ints, Ints], Floats] = InputSlope.__call__

FAULTS: dict[str, Callable[[InputSlope, Ints, Ints], Floats]] = {
    "sign": lambda self, midpoints, inputs: -SOUND(self, midpoints, inputs),
    "no chain rule": _no_gain,
    "inputs forgotten": lambda self, midpoints, inputs: SOUND(self, midpoints, np.zeros_like(inputs)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_slope_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InputSlope, "__call__", FAULTS[fault])
    assert _worst(Hamiltonian.DIAGONAL) > 0.05


def test_gradient_by_inputs_is_measured_only_when_asked_for() -> None:
    batch = Batch(Hamiltonian.DENSE)
    driver = batch.echo(roomy())
    forward = driver.forward(batch.inputs, batch.position0, batch.momentum0, Readout.LAST)
    gradient = driver.backward(forward, batch.loss_gradient(forward.output, Readout.LAST))
    assert gradient.inputs is None
    asked = driver.backward(forward, batch.loss_gradient(forward.output, Readout.LAST), inputs=True)
    assert asked.report == gradient.report
    for name, value in gradient.parameters.items():
        assert np.array_equal(value, asked.parameters[name])


@pytest.mark.parametrize("bits", [20, 26, 27, 30])
def test_products_are_exact_beyond_the_integers_of_float64(bits: int) -> None:
    """Odd numbers of so many bits, three by three: from 26 bits on, a sum of their products may pass 2^53."""
    rng = np.random.default_rng(bits)
    values, weights = (rng.integers(1 << (bits - 1), 1 << bits, (3, 3)) | 1 for _ in range(2))
    expected = [[sum(int(v) * int(w) for v, w in zip(row, other, strict=True)) for other in weights] for row in values]
    assert _product(values, weights).tolist() == expected
    assert _product(-values, weights).tolist() == [[-value for value in row] for row in expected]
