"""The leapfrog in floats takes the steps of the reference, in either precision, and returns to within its rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from loschmidt.sim import floats
from loschmidt.sim.reference import Reference
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter

N, M, S, STEPS = 3, 2, 4, 50


def setting(hamiltonian: Hamiltonian) -> tuple[dict[Parameter, Any], Any, Any]:
    """Parameters, inputs (T, M), and the start (2, N)."""
    rng = np.random.default_rng([5, int(hamiltonian)])
    values = {
        Parameter.COUPLING: np.eye(N) + 0.1 * np.ones((N, N)),
        Parameter.INPUT_WEIGHT: rng.normal(size=(N, M)),
        Parameter.STIFFNESS: rng.uniform(0.5, 1.5, N),
        Parameter.GAIN: rng.uniform(0.5, 1.5, N),
        Parameter.BIAS: rng.normal(size=N),
        Parameter.INVERSE_MASS: rng.uniform(0.5, 1.5, N),
    }
    return {name: values[name] for name in DEFINITIONS[hamiltonian].parameters}, rng.normal(size=(STEPS, M)), rng.normal(size=(2, N))


@pytest.mark.parametrize(("precision", "near"), [(np.float64, 1e-12), (np.float32, 1e-4)])
@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_steps_are_those_of_the_reference(hamiltonian: Hamiltonian, precision: type[Any], near: float) -> None:
    parameters, inputs, start = setting(hamiltonian)
    tape = Reference(hamiltonian, S, None, PRESETS["18"]).forward(parameters, inputs[None], np.array([STEPS]), start[:1], start[1:])
    system = floats.system(hamiltonian, parameters, inputs, precision)
    phi, pi = start.astype(precision)
    floats.walk(system, phi, pi, precision(2.0**-S), precision(2.0 ** -(S + 1)), STEPS, False)
    assert phi.dtype == pi.dtype == precision
    assert np.abs(phi - tape.position[0]).max() < near
    assert np.abs(pi - tape.momentum[0]).max() < near


@pytest.mark.parametrize(("precision", "near"), [(np.float64, 1e-12), (np.float32, 1e-4)])
@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_return(hamiltonian: Hamiltonian, precision: type[Any], near: float) -> None:
    parameters, inputs, start = setting(hamiltonian)
    end = floats.there_and_back(floats.system(hamiltonian, parameters, inputs[:7], precision), start[0], start[1], S, 1000)
    error = max(np.abs(e - s.astype(precision)).max() for e, s in zip(end, start, strict=True))
    assert 0.0 < error < near


def test_return_with_inputs_in_the_same_order_is_not_one(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = floats.walk

    def ascending(system: floats.System, phi: Any, pi: Any, delta: Any, half: Any, steps: int, descending: bool) -> None:
        walk(system, phi, pi, delta, half, steps, False)

    monkeypatch.setattr(floats, "walk", ascending)
    parameters, inputs, start = setting(Hamiltonian.DENSE)
    end = floats.there_and_back(floats.system(Hamiltonian.DENSE, parameters, inputs, np.float64), start[0], start[1], S, STEPS)
    assert np.abs(end[0] - start[0]).max() > 0.01
