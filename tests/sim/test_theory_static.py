"""States of rest, and echoes that answer a static input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loschmidt.sim.theory import Kind, Loss, TheoryError, gradient, random_system

from .theory_cases import KINDS, apart

INPUT, TARGET = np.array([0.7, -0.4]), np.array([1.0, -0.5, 0.3])


@pytest.mark.parametrize("kind", KINDS)
def test_equilibrium_propagation_is_implicit_differentiation(kind: Kind) -> None:
    system = random_system(kind, 3, 2, 1)
    exact = gradient(system, INPUT, TARGET, "implicit")
    assert apart(gradient(system, INPUT, TARGET, "ep").parameters, exact.parameters) < 1e-8
    assert apart(gradient(system, INPUT, TARGET, "finite-differences").parameters, exact.parameters) < 1e-8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("sides", "order"), [(1, 1.0), (2, 2.0)])
def test_error_of_equilibrium_propagation(kind: Kind, sides: int, order: float) -> None:
    system = random_system(kind, 3, 2, 1)
    exact = gradient(system, INPUT, TARGET, "implicit").parameters
    widths = 2.0 ** -np.arange(4, 9)
    errors = [apart(gradient(system, INPUT, TARGET, "ep", eps=eps, sides=sides, extrapolate=False).parameters, exact) for eps in widths]
    assert np.polyfit(np.log(widths), np.log(errors), 1)[0] == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_echo_backpropagation(kind: Kind) -> None:
    system = replace(random_system(kind, 3, 2, 1), loss=Loss(np.array([1.0, 0.0, 1.0]), last=True))
    exact = gradient(system, INPUT, TARGET, "finite-differences", steps=40)
    found = gradient(system, INPUT, TARGET, "heb", steps=40)
    assert apart(found.parameters, exact.parameters) < 1e-6
    assert apart(found.initial, exact.initial) < 1e-6


def test_echo_backpropagation_trains_an_initial_state() -> None:
    """The start alone is learned, by its gradient from the echo, until the end is where it is wanted."""
    system = replace(random_system(Kind.DENSE, 3, 2, 1), loss=Loss(last=True))
    before = gradient(system, INPUT, TARGET, "heb", steps=30).loss
    for _ in range(60):
        found = gradient(system, INPUT, TARGET, "heb", steps=30)
        assert found.initial is not None
        q, p = np.split(0.3 * found.initial, 2)
        system = replace(system, position0=system.position0 - q, momentum0=system.momentum0 - p)
    assert found.loss < 1e-3 * before


def test_faults_are_named() -> None:
    system = random_system(Kind.LINEAR, 3, 2, 1)
    moving = np.zeros((5, 2)), np.zeros((5, 3))
    for method in ("ep", "implicit"):
        with pytest.raises(TheoryError, match=rf"^{method} is about a state of rest: give inputs \(M,\) and targets \(N,\)$"):
            gradient(system, *moving, method)
    for method in ("adjoint", "sensitivity", "rhel", "pfvp", "civp", "cbvp", "glep", "mixed"):
        with pytest.raises(TheoryError, match=rf"^{method} needs a motion: "):
            gradient(system, INPUT, TARGET, method)
    with pytest.raises(TheoryError, match=r"^heb holds a static input: "):
        gradient(system, np.eye(5, 2), moving[1], "heb")
    with pytest.raises(TheoryError, match=r"^heb asks for the end of the motion only: "):
        gradient(system, INPUT, TARGET, "heb", steps=5)
    with pytest.raises(TheoryError, match=r"^no state of rest was reached: "):
        gradient(replace(system, theta=-system.theta), INPUT, TARGET, "ep")
    with pytest.raises(TheoryError, match=r"^steps must be at least 1, not 0$"):
        gradient(system, INPUT, TARGET, "heb", steps=0)
