"""Definition 1 and theorem 5, for Lagrangians and Hamiltonians that are given as functions and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loschmidt.sim.theory import (
    FunctionHamiltonian,
    Kind,
    LegendreHamiltonian,
    LegendreLagrangian,
    Natural,
    NaturalLagrangian,
    System,
    TheoryError,
    from_hamiltonian,
    from_lagrangian,
    gradient,
    waves,
)
from loschmidt.sim.theory.derivatives import Numbers
from loschmidt.sim.theory.estimate import Meter
from loschmidt.sim.theory.motion import HamiltonianMotion, LagrangianMotion, travel

from .theory_cases import KINDS, Case, apart

THETA = np.array([1.0, 0.7, 0.3, 0.8, 1.1])
STATE = np.array([0.5, -0.3]), np.array([0.2, 0.4])
STEPS = 8


def potential(q: Numbers, u: Numbers, theta: Numbers) -> Numbers:
    between = theta[..., 2] * np.cos(q[..., 0] - q[..., 1])
    return np.asarray(np.sum(theta[..., :2] * q**2 / 2, axis=-1) + between - theta[..., 3] * q[..., 0] * u[..., 0])


def relativistic(q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
    """L = -m c^2 sqrt(1 - v^2 / c^2) - V, c = 2."""
    return np.asarray(-4 * theta[..., 4] * np.sum(np.sqrt(1 - v**2 / 4), axis=-1) - potential(q, u, theta))


def relativistic_energy(q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
    """H = c sqrt(m^2 c^2 + p^2) + V, its transform in closed form."""
    return np.asarray(2 * np.sum(np.sqrt(4 * theta[..., 4:5] ** 2 + p**2), axis=-1) + potential(q, u, theta))


def double_pendulum(q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
    """L with a mass matrix that depends on the position: not separable."""
    swing = v[..., 0] ** 2 + v[..., 1] ** 2 / 2 + v[..., 0] * v[..., 1] * np.cos(q[..., 0] - q[..., 1]) / 2
    return np.asarray(theta[..., 4] * swing - potential(q, u, theta))


def quartic(q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
    """H = sum p^2 / 2 + p^4 / 4 + V."""
    return np.asarray(np.sum(p**2 / 2 + theta[..., 4:5] * p**4 / 4, axis=-1) + potential(q, u, theta))


def heavy(q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
    """H with a mass that depends on the position: not separable."""
    return np.asarray(np.sum(p**2, axis=-1) / (2 + theta[..., 4] * np.sin(q[..., 0]) ** 2) + potential(q, u, theta))


SYSTEMS = {
    "relativistic, midpoint": from_lagrangian(relativistic, THETA, *STATE, inputs=1),
    "relativistic, leapfrog": from_lagrangian(relativistic, THETA, *STATE, inputs=1, separable=True),
    "double pendulum": from_lagrangian(double_pendulum, THETA, *STATE, inputs=1),
    "quartic, midpoint": from_hamiltonian(quartic, THETA, *STATE, inputs=1),
    "quartic, leapfrog": from_hamiltonian(quartic, THETA, *STATE, inputs=1, separable=True),
    "heavy": from_hamiltonian(heavy, THETA, *STATE, inputs=1),
}


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_trajectories_correspond(system: System) -> None:
    """Theorem 5.1: the motion of (q, v) under L and of (q, p) under H are one, p = dL/dv all along."""
    inputs, meter = waves(STEPS, 1, system.delta), Meter()
    q, p = system.started(system.theta)
    one = travel(HamiltonianMotion(system), system.theta, (q, p), inputs, meter, keep=True)
    v = system.lagrangian.velocity(q, p, inputs[0], system.theta)
    other = travel(LagrangianMotion(system), system.theta, (q, v), inputs, meter, keep=True)
    np.testing.assert_allclose(other.midpoints, one.midpoints, rtol=0, atol=1e-12)
    momentum = system.lagrangian.by_velocity(other.position, other.momentum, inputs[-1], system.theta)
    np.testing.assert_allclose(momentum, one.momentum, rtol=0, atol=1e-12)


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_estimators_are_one(system: System) -> None:
    """Theorem 5.2, and both are the gradient."""
    inputs, targets = waves(STEPS, 1, system.delta), waves(STEPS, 2, system.delta, 2)
    pfvp, echo, exact = (gradient(system, inputs, targets, method) for method in ("pfvp", "rhel", "adjoint"))
    assert apart(pfvp.parameters, echo.parameters) < 1e-10
    assert apart(pfvp.initial, echo.initial) < 1e-10
    assert apart(echo.parameters, exact.parameters) < 1e-9


@pytest.mark.parametrize(
    ("name", "owner", "function"),
    [("relativistic, leapfrog", LegendreHamiltonian, name) for name in ("by_position", "by_momentum", "by_parameter")]
    + [("quartic, leapfrog", LegendreLagrangian, name) for name in ("by_position", "by_velocity", "by_parameter", "velocity")],
)
def test_transform_of_the_wrong_sign_is_caught(name: str, owner: type, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(owner, function)
    monkeypatch.setattr(owner, function, lambda *given: -right(*given))
    system = SYSTEMS[name]
    inputs, targets = waves(STEPS, 1, system.delta), waves(STEPS, 2, system.delta, 2)
    pfvp, echo = (gradient(system, inputs, targets, method) for method in ("pfvp", "rhel"))
    assert apart(pfvp.parameters, echo.parameters) > 1e-3


@pytest.mark.parametrize("name", ["double pendulum", "heavy", "quartic, leapfrog"])
def test_adjoint_is_the_derivative_of_the_loss(name: str) -> None:
    system = SYSTEMS[name]
    inputs, targets = waves(STEPS, 1, system.delta), waves(STEPS, 2, system.delta, 2)
    exact, measured = (gradient(system, inputs, targets, method) for method in ("adjoint", "finite-differences"))
    assert apart(exact.parameters, measured.parameters) < 1e-8
    assert apart(exact.initial, measured.initial) < 1e-8


def test_numerical_transform_is_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    q, p, u = rng.normal(size=(20, 2)), 3 * rng.normal(size=(20, 2)), rng.normal(size=(20, 1))
    theta = np.broadcast_to(THETA, (20, 5))
    found, wanted = SYSTEMS["relativistic, midpoint"].hamiltonian, FunctionHamiltonian(relativistic_energy)
    for name in ("energy", "by_position", "by_momentum", "by_parameter"):
        np.testing.assert_allclose(getattr(found, name)(q, p, u, theta), getattr(wanted, name)(q, p, u, theta), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(kind: Kind) -> None:
    """Forward after backward is the identity; and the closed forms of the array are each other's transforms."""
    system = Case(kind).system
    form = system.hamiltonian
    assert isinstance(form, Natural)
    rng = np.random.default_rng(0)
    q, p, u = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    theta = np.broadcast_to(system.theta, (5, len(system.theta)))
    numeric = LegendreLagrangian(form)
    for name in ("energy", "by_position", "by_momentum", "by_parameter"):
        twice = getattr(LegendreHamiltonian(numeric), name)(q, p, u, theta)
        np.testing.assert_allclose(twice, getattr(form, name)(q, p, u, theta), rtol=1e-12, atol=1e-12)
    for name in ("value", "by_position", "by_velocity", "by_parameter"):
        closed = getattr(NaturalLagrangian(form), name)(q, p, u, theta)
        np.testing.assert_allclose(getattr(numeric, name)(q, p, u, theta), closed, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_written_derivatives_are_those_of_the_function(kind: Kind) -> None:
    """Of the array's four Hamiltonians: derivatives that were written by hand, and by complex steps."""
    form = Case(kind).system.hamiltonian
    assert isinstance(form, Natural)
    rng = np.random.default_rng(0)
    q, p, u = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    theta = rng.uniform(0.5, 1.5, (5, form.size))
    measured, lagrangian = FunctionHamiltonian(form.energy), NaturalLagrangian(form)
    for name in ("by_position", "by_momentum", "by_parameter"):
        np.testing.assert_allclose(getattr(form, name)(q, p, u, theta), getattr(measured, name)(q, p, u, theta), rtol=1e-13, atol=1e-13)
    function = FunctionHamiltonian(lagrangian.value)
    for name, other in (("by_position", "by_position"), ("by_velocity", "by_momentum"), ("by_parameter", "by_parameter")):
        np.testing.assert_allclose(
            getattr(lagrangian, name)(q, p, u, theta), getattr(function, other)(q, p, u, theta), rtol=1e-12, atol=1e-13
        )


def test_faults_are_named() -> None:
    def leaning(q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return np.asarray(quartic(q, p, u, theta) + p[..., 0])

    with pytest.raises(TheoryError, match=r"^the function is not even in its second argument"):
        from_hamiltonian(leaning, THETA, *STATE, inputs=1)
    with pytest.raises(TheoryError, match=r"^leapfrog needs a separable Hamiltonian; take scheme='midpoint'$"):
        from_hamiltonian(quartic, THETA, *STATE, inputs=1, scheme="leapfrog")
    with pytest.raises(TheoryError, match=r"^the Legendre transform found no velocity"):
        from_lagrangian(lambda q, v, u, theta: np.log(np.cosh(v)).sum(axis=-1), THETA, *STATE, inputs=1).lagrangian.velocity(
            STATE[0], np.array([2.0, 0.0]), np.zeros(1), THETA
        )
    stiff = replace(SYSTEMS["heavy"], delta=10.0)
    with pytest.raises(TheoryError, match=r"^the midpoint rule did not settle"):
        gradient(stiff, waves(STEPS, 1, 0.1), waves(STEPS, 2, 0.1))
