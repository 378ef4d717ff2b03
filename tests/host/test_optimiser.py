"""Updates against their published equations, worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from loschmidt.host.constraints import FLOOR, MARGIN, project
from loschmidt.host.errors import ConfigError
from loschmidt.host.optimiser import SGD, Adam, clip_norm, learning_rate
from loschmidt.host.parameters import check_stable, initial, quantise
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape


def test_adam_follows_its_equations() -> None:
    weights, optimiser = {"w": np.array([1.0])}, Adam()
    first = second = 0.0
    expected = 1.0
    for t, g in enumerate([0.5, -2.0, 0.25], start=1):
        optimiser.update(weights, {"w": np.array([g])}, 0.1)
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g
        expected -= 0.1 * (first / (1 - 0.9**t)) / (math.sqrt(second / (1 - 0.999**t)) + 1e-8)
        assert weights["w"][0] == pytest.approx(expected, rel=1e-12)


def test_sgd_has_heavy_ball_momentum() -> None:
    weights, optimiser = {"w": np.array([1.0])}, SGD()
    for _ in range(2):
        optimiser.update(weights, {"w": np.array([1.0])}, 0.5)
    assert weights["w"][0] == 1.0 - 0.5 * 1.0 - 0.5 * 1.9


def test_schedule() -> None:
    assert learning_rate(0.2, "constant", 7, 10) == 0.2
    assert learning_rate(0.2, "cosine", 0, 10) == 0.2
    assert learning_rate(0.2, "cosine", 5, 10) == pytest.approx(0.1)
    assert learning_rate(0.2, "cosine", 10, 10) == pytest.approx(0.0)
    with pytest.raises(ConfigError, match=r"^--schedule must be cosine or constant, not 'linear'$"):
        learning_rate(0.2, "linear", 0, 10)


def test_clip_is_over_all_parts_together() -> None:
    gradient = {"a": np.array([3.0]), "b": np.array([4.0])}
    assert {name: float(part[0]) for name, part in clip_norm(gradient, 1.0).items()} == pytest.approx({"a": 0.6, "b": 0.8})
    assert clip_norm(gradient, 6.0)["b"][0] == 4.0
    assert clip_norm(gradient, 0.0)["b"][0] == 4.0


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_projection_makes_any_weights_stable_and_storable(hamiltonian: Hamiltonian) -> None:
    """From far outside, for every time step; what is inside already does not move."""
    shape = Shape(6, 2, formats=PRESETS["18"])
    generator = np.random.default_rng(3)
    inside = initial(hamiltonian, 6, 2, generator)
    before = {name: value.copy() for name, value in inside.items()}
    project(inside, hamiltonian, 2, shape.formats)
    assert all(np.array_equal(inside[name], before[name]) for name in before)
    for s in (0, 2, 5):
        for size in (2.0, 50.0):
            masters = {name: generator.normal(0.0, size, value.shape) for name, value in before.items()}
            project(masters, hamiltonian, s, shape.formats)
            check_stable(masters, hamiltonian, s)
            quantise(masters, hamiltonian, shape)


def test_projection_only_slows_what_is_too_fast() -> None:
    masters = initial(Hamiltonian.LINEAR, 3, 1, np.random.default_rng(0))
    masters["stiffness"][:] = [1.0, 7.0, -1.0]
    project(masters, Hamiltonian.LINEAR, 0, PRESETS["18"])
    assert masters["stiffness"].tolist() == [1.0, 7.0, FLOOR]
    assert masters["inverse_mass"].tolist() == [1.0, (2 * MARGIN) ** 2 / 7.0, 1.0]
