"""With damping the echo is off, by as much as there is of it; with gain on the way back it is exact again. And the limit of short steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loschmidt.sim.theory import Kind, Loss, TheoryError, from_hamiltonian, gradient, random_system

from .theory_cases import KINDS, Case, apart


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("damping", [0.0, 0.05, 0.5])
def test_gain_makes_the_echo_exact(kind: Kind, damping: float, last: bool) -> None:
    case = Case(kind, damping=damping, loss=Loss(last=last))
    exact, found = case("adjoint"), case("gain-echo")
    assert apart(found.parameters, exact.parameters) < 1e-7
    assert apart(found.initial, exact.initial) < 1e-7


@pytest.mark.parametrize("method", ["rhel", "pfvp", "civp"])
def test_damping_breaks_methods_in_proportion(method: str) -> None:
    errors = []
    for damping in (1e-5, 1e-4, 1e-3):
        case = Case(Kind.DENSE, steps=30, damping=damping)
        errors.append(apart(case(method).parameters, case("adjoint").parameters))
    np.testing.assert_allclose(np.diff(np.log10(errors)), 1.0, atol=0.1)


def test_gain_is_for_the_leapfrog() -> None:
    def spring(q: np.ndarray, p: np.ndarray, u: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return np.asarray(np.sum(p**2 + theta * q**2, axis=-1) / 2)

    system = from_hamiltonian(spring, np.ones(1), np.ones(1), np.zeros(1), inputs=1)
    with pytest.raises(TheoryError, match=r"^gain-echo needs scheme='leapfrog'$"):
        gradient(system, np.zeros((3, 1)), np.zeros((3, 1)), "gain-echo")


@pytest.mark.parametrize("damping", [0.0, 0.2])
def test_continuous_adjoint_is_the_limit(damping: float) -> None:
    """Halving the time step quarters the distance, of loss and gradient."""
    errors = []
    for s in (2, 3):
        system = random_system(Kind.DENSE, 3, 2, 1, delta=2.0**-s, damping=damping)
        time = (np.arange(4 * 2**s) + 0.5) * system.delta
        inputs = np.stack([np.sin(time), np.cos(0.7 * time)], axis=1)
        targets = np.stack([np.sin(0.5 * time), np.cos(time), np.sin(1.3 * time)], axis=1)
        discrete, limit = (
            gradient(system, inputs, targets, method, **options)
            for method, options in (("adjoint", {}), ("continuous-adjoint", {"tolerance": 1e-6}))
        )
        errors.append(
            [apart(discrete.parameters, limit.parameters), apart(discrete.initial, limit.initial), abs(discrete.loss - limit.loss)]
        )
    np.testing.assert_allclose(-np.diff(np.log2(errors), axis=0), 2.0, atol=0.3)


def test_faults_are_named() -> None:
    case = Case(Kind.LINEAR)
    with pytest.raises(TheoryError, match=r"^the continuous adjoint is of a loss all along: "):
        gradient(replace(case.system, loss=Loss(last=True)), case.inputs, case.targets, "continuous-adjoint")
    with pytest.raises(TheoryError, match=r"^the continuous adjoint needs at least two steps "):
        gradient(case.system, case.inputs[:1], case.targets[:1], "continuous-adjoint")
    with pytest.raises(TheoryError, match=r"^solver 'newton' needs scheme='leapfrog', no damping and a fixed start; "):
        Case(Kind.LINEAR, damping=0.1)("cbvp")
