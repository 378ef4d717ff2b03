"""Where `project` moves weights to, bound by bound."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import ArrayLike

from loschmidt.host.constraints import FLOOR, MARGIN, project
from loschmidt.host.parameters import Master, initial
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian

#: Q4.14.
FORMATS = PRESETS["18"]
LARGEST = 8 - 2**-14
N, M, S = 3, 2, 3


def projected(hamiltonian: Hamiltonian, changed: Mapping[str, ArrayLike], s: int = S) -> Master:
    """Initial weights, but for some, after `project`."""
    masters = initial(hamiltonian, N, M, np.random.default_rng(0))
    for name, value in changed.items():
        masters[name][...] = np.asarray(value)
    project(masters, hamiltonian, s, FORMATS)
    return masters


def test_floor_and_margin() -> None:
    assert (FLOOR, MARGIN) == (1 / 64, 0.95)


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
@pytest.mark.parametrize("name", ["stiffness", "gain", "inverse_mass"])
def test_floor_is_that_of_each_weight_that_must_be_positive(hamiltonian: Hamiltonian, name: str) -> None:
    if name in initial(hamiltonian, N, M, np.random.default_rng(0)):
        assert projected(hamiltonian, {name: [-1.0, 1 / 65, 1 / 63]})[name].tolist() == [1 / 64, 1 / 64, 1 / 63]


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
@pytest.mark.parametrize("name", ["bias", "coupling", "input_weight", "stiffness", "gain", "inverse_mass"])
def test_each_weight_is_clipped_to_its_format(hamiltonian: Hamiltonian, name: str) -> None:
    """At the largest step's fraction that leaves masses alone; SPRINGS' K is scaled down as a whole, see below."""
    masters = initial(hamiltonian, N, M, np.random.default_rng(0))
    if name not in masters or (hamiltonian is Hamiltonian.SPRINGS and name in ("coupling", "stiffness")):
        return
    ends = np.resize([8.0, 7.5, -8.0], masters[name].shape)
    inside = np.clip(ends, FLOOR if name in ("stiffness", "gain", "inverse_mass") else -LARGEST, LARGEST)
    assert np.array_equal(projected(hamiltonian, {name: ends}, 9)[name], inside)


def test_springs_between_oscillators_pull() -> None:
    assert projected(Hamiltonian.SPRINGS, {"coupling": [-0.5, 0.0, 0.5]})["coupling"].tolist() == [0.0, 0.0, 0.5]


def test_matrix_of_springs_fits_with_a_margin() -> None:
    """Oscillator 0 has K_00 = 7 + 2 + 1 = 10: all springs become weaker, by the same factor, until it is 0.95 of the largest."""
    factor = 0.95 * LARGEST / 10
    masters = projected(Hamiltonian.SPRINGS, {"stiffness": [7.0, 1.0, 1.0], "coupling": [2.0, 1.0, 0.5]}, 9)
    np.testing.assert_allclose(masters["stiffness"], factor * np.array([7.0, 1.0, 1.0]), rtol=1e-14)
    np.testing.assert_allclose(masters["coupling"], factor * np.array([2.0, 1.0, 0.5]), rtol=1e-14)
    assert masters["inverse_mass"].tolist() == [1.0] * N
    inside = projected(Hamiltonian.SPRINGS, {"stiffness": [4.5, 1.0, 1.0], "coupling": [2.0, 1.0, 0.5]}, 9)
    assert inside["stiffness"].tolist() == [4.5, 1.0, 1.0]
    within_the_margin = projected(Hamiltonian.SPRINGS, {"stiffness": [4.8, 1.0, 1.0], "coupling": [2.0, 1.0, 0.5]}, 9)
    np.testing.assert_allclose(within_the_margin["stiffness"], 0.95 * LARGEST / 7.8 * np.array([4.8, 1.0, 1.0]), rtol=1e-14)


def test_uncoupled_oscillators_are_slowed_one_by_one() -> None:
    linear = projected(Hamiltonian.LINEAR, {"stiffness": [1.0, 3.0, 4.0], "inverse_mass": [2.0, 2.0, 0.5]}, 0)
    np.testing.assert_allclose(linear["inverse_mass"], [2.0, 1.9**2 / 3, 0.5], rtol=1e-14)
    diagonal = projected(Hamiltonian.DIAGONAL, {"stiffness": [1.0, 3.0, 1.0], "gain": [1.0, 3.0, 0.5], "inverse_mass": [1.5, 2.0, 2.5]}, 0)
    np.testing.assert_allclose(diagonal["inverse_mass"], [1.5, 1.9**2 / 6, 1.9**2 / 1.5], rtol=1e-14)


@pytest.mark.parametrize("hamiltonian", [Hamiltonian.SPRINGS, Hamiltonian.DENSE])
@pytest.mark.parametrize("s", [0, 1, 2])
def test_coupled_oscillators_are_slowed_together(hamiltonian: Hamiltonian, s: int) -> None:
    """All masses by one factor, so that the fastest mode is at the margin; not at all where it is below."""
    mu = np.array([7.0, 5.0, 3.0])
    coupling = np.array([0.5, 0.25, 1.0]) if hamiltonian is Hamiltonian.SPRINGS else 1.5 * np.eye(N) + 0.5
    stiffness = np.array([3.0, 2.0, 1.0])
    if hamiltonian is Hamiltonian.SPRINGS:
        curvature = np.array([[3.75, -0.5, -0.25], [-0.5, 3.5, -1.0], [-0.25, -1.0, 2.25]])
    else:
        curvature = np.diag(stiffness) + coupling.T @ coupling
    fastest = float(np.max(np.linalg.eigvals(np.diag(mu) @ curvature).real))
    limit = (2 * 0.95 * 2**s) ** 2
    found = projected(hamiltonian, {"coupling": coupling, "stiffness": stiffness, "inverse_mass": mu}, s)["inverse_mass"]
    assert (fastest > limit) is (s < 2 or hamiltonian is Hamiltonian.DENSE)
    np.testing.assert_allclose(found, mu * min(1.0, limit / fastest), rtol=1e-12)


def test_bound_of_dense_systems_does_not_miss_one() -> None:
    """Its cheap bound is what decides whether the fastest mode is looked for: with one strong coupling both are the same."""
    coupling = np.zeros((N, N))
    coupling[0, 0] = 2.0
    changed: dict[str, ArrayLike] = {"coupling": coupling, "stiffness": [1.0, 0.5, 0.5], "inverse_mass": [1.0, 0.5, 0.5]}
    found = projected(Hamiltonian.DENSE, changed, 0)["inverse_mass"]
    np.testing.assert_allclose(found, np.array([1.0, 0.5, 0.5]) * 1.9**2 / 5, rtol=1e-12)
    slow = changed | {"coupling": coupling * 0.8, "inverse_mass": [1.0, 0.5, 0.5]}
    assert projected(Hamiltonian.DENSE, slow, 0)["inverse_mass"].tolist() == [1.0, 0.5, 0.5]
