"""Gradients of whatever parameters a device admits, held to finite differences of its own loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from loschmidt.host import echo
from loschmidt.host.device import Device
from loschmidt.host.echo import Echo, Readout
from loschmidt.host.lab.differences import RIGHT, SMALL, SURE, Drawn, draw, figures, held, loss, study
from loschmidt.host.nudge import SampleReport
from loschmidt.host.parameters import dequantise, gradient_from_parameters, gradient_from_products, quantise, real_values
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.reference import Reference
from loschmidt.spec.activation import table
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter, Product
from tests.sim.arrays import ARRAYS, simulated
from tests.sim.test_kernels import RUNNABLE

#: Systems of each Hamiltonian here; `loschmidt lab differences` draws 200.
COUNT = 5


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_every_group_over_the_admitted_range(hamiltonian: Hamiltonian) -> None:
    groups = [group for _, found in study(hamiltonian, COUNT, ("25",)) for group in found]
    found = figures(groups)
    assert found["trusted"] >= len(groups) / 3, found
    assert not found["wrong"], groups


def saturated(bias: float, sign: float, formats: str, index: int = 4) -> Drawn:
    """A DIAGONAL system whose z leave the table on either side, for a part of the time."""
    drawn = draw(Hamiltonian.DIAGONAL, index, PRESETS[formats])
    rng = np.random.default_rng(index)
    n = drawn.shape.oscillators
    master = {
        "stiffness": rng.uniform(1.0, 2.0, n),
        "gain": sign * rng.uniform(0.5, 1.0, n),
        "input_weight": rng.normal(0.0, 0.5, (n, drawn.shape.inputs)),
        "bias": np.array([bias, -bias, bias - 1.0, 1.0 - bias]),
        "inverse_mass": np.ones(n),
    }
    master = dequantise(quantise(master, Hamiltonian.DIAGONAL, drawn.shape), Hamiltonian.DIAGONAL, drawn.shape)
    inputs = np.rint(rng.uniform(-1.0, 1.0, (60, drawn.shape.inputs)) * 2.0**drawn.shape.formats.operand.fraction).astype(np.int64)
    target = rng.normal(0.0, 1.0, n)
    return drawn._replace(s=3, readout=Readout.LAST, master=master, inputs=inputs, target=target)


def backpropagated(drawn: Drawn) -> dict[str, Any]:
    """The gradient of the same system in float64, with the device's own table."""
    f, steps = drawn.shape.formats, len(drawn.inputs)
    codes = quantise(drawn.master, drawn.hamiltonian, drawn.shape)
    reference = Reference(drawn.hamiltonian, drawn.s, table(f), f)
    start = [np.ldexp(code.astype(np.float64), -f.state.fraction)[None] for code in (drawn.position0, drawn.momentum0)]
    inputs = np.ldexp(drawn.inputs.astype(np.float64), -f.operand.fraction)[None]
    tape = reference.forward(real_values(codes, f), inputs, np.array([steps]), start[0], start[1])
    slope = np.zeros_like(tape.midpoints)
    slope[0, -1] = tape.midpoints[0, -1] - drawn.target
    found = reference.backward(tape, slope)
    return gradient_from_parameters(found.parameters, drawn.hamiltonian)


@pytest.mark.parametrize("formats", PRESETS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("bias", [3.0, 3.5, 4.0, 4.5, 5.5, 7.0])
def test_gain_beyond_the_table(bias: float, sign: float, formats: str) -> None:
    """Within 1 %; where activations are saturated and little is left but rounding, 1 % of a small share of the whole."""
    drawn = saturated(bias, sign, formats)
    found, report = by_echo(Emulator(drawn.shape), drawn)
    expected = backpropagated(drawn)
    assert report.trusted
    whole = max(float(np.linalg.norm(group)) for group in expected.values())
    off, size = np.linalg.norm(found["gain"] - expected["gain"]), np.linalg.norm(expected["gain"])
    assert off <= RIGHT * max(float(size), whole * SMALL), (off, size, whole)


@pytest.mark.parametrize("bias", [2.0, 3.5])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_gain_beyond_the_table_beside_differences(bias: float, sign: float) -> None:
    drawn = saturated(bias, sign, "25")
    found = {group.name: group for group in held(drawn, Emulator(drawn.shape))}
    assert found["gain"].sure <= RIGHT
    assert found["gain"].error <= RIGHT


def by_echo(device: Device, drawn: Drawn) -> tuple[Any, SampleReport]:
    """The gradient of the parameters as the device measures it, and the detector's report."""
    run = Echo(device, drawn.hamiltonian, drawn.s)
    run.load(quantise(drawn.master, drawn.hamiltonian, drawn.shape))
    _, forward, slope = loss(drawn, run)
    found = run.backward(forward, slope)
    return found.parameters, found.report[0]


@pytest.mark.parametrize("formats", PRESETS)
def test_devices_in_software_agree_beyond_the_table(formats: str) -> None:
    drawn = saturated(4.5, 1.0, formats)
    drawn = drawn._replace(inputs=drawn.inputs[:12])
    expected = by_echo(GoldenDevice(drawn.shape), drawn)[0]["gain"]
    assert np.any(expected)
    for kernel in RUNNABLE:
        assert (by_echo(Emulator(drawn.shape, kernel=kernel), drawn)[0]["gain"] == expected).all(), kernel


@pytest.mark.parametrize("array", ["one_row", "rows"])
def test_gateware_agrees_beyond_the_table(array: str) -> None:
    shape = ARRAYS[array]
    drawn = saturated(4.5, 1.0, "16")
    n, m = shape.oscillators, shape.inputs
    rng = np.random.default_rng(0)
    master = {name: np.resize(values, (n, m) if name == "input_weight" else n) for name, values in drawn.master.items()}
    inputs = rng.integers(-(1 << 12), 1 << 12, (12, m))
    state = np.rint(rng.normal(0.0, 0.5, (2, n)) * 2.0**shape.formats.state.fraction).astype(np.int64)
    drawn = Drawn(drawn.hamiltonian, 3, shape, Readout.LAST, master, inputs, state[0], state[1], rng.normal(0.0, 1.0, n))
    expected = by_echo(GoldenDevice(shape), drawn)[0]["gain"]
    device = simulated(shape)
    try:
        assert (by_echo(device, drawn)[0]["gain"] == expected).all()
    finally:
        device.close()


def _without(product: Product) -> Any:
    """The chain rule as if the device had accumulated nothing of one product."""

    def changed(products: Any, codes: Any, scale: float, hamiltonian: Hamiltonian, formats: Any) -> Any:
        emptied = {name: values * (name is not product) for name, values in products.items()}
        found, right = (gradient_from_products(p, codes, scale, hamiltonian, formats) for p in (emptied, products))
        return right | {"gain": found["gain"]}

    return changed


def _clipped(products: Any, codes: Any, scale: float, hamiltonian: Hamiltonian, formats: Any) -> Any:
    """The potential as if it stopped where the table does, and nothing were to be added for the bias."""
    return gradient_from_products(products, codes | {Parameter.BIAS: codes[Parameter.BIAS] // 8}, scale, hamiltonian, formats)


FAULTS = {
    "no conjugate": _without(Product.GAIN),
    "no inputs in z": _without(Product.INPUT_WEIGHT),
    "no bias in z": _without(Product.BIAS),
    "bias in z, clipped": _clipped,
}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(echo, "gradient_from_products", FAULTS[request.param])
    return str(request.param)


def test_wrong_formula_is_caught(fault: str) -> None:
    groups = held(saturated(3.0, 1.0, "25"), Emulator(saturated(3.0, 1.0, "25").shape))
    assert any(group.wrong and group.trusted and group.name == "gain" and group.sure <= SURE for group in groups), (fault, groups)
