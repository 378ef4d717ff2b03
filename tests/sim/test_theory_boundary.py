"""Theorem 2 and its instances: exact with their residuals under any boundary conditions, and without only where the theory says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loschmidt.sim.theory import BOUNDARIES, Boundary, Contrast, Floats, Kind, Loss, Natural, Parameter, TheoryError, blend

from .theory_cases import KINDS, Case, apart

#: How near an extrapolated estimate comes to the exact gradient, and to finite differences.
NEAR = 1e-6
#: Conditions under which no residual is left, whatever the system.
SELF_ADJOINT = ("position", "momentum", "position-momentum", "momentum-position", "periodic")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["civp", "cbvp", "pfvp", "rhel", "adjoint", "sensitivity"])
def test_methods_are_finite_differences(kind: Kind, method: str) -> None:
    """Of the problem that each of them solves: a fixed start, or two fixed positions."""
    case = Case(kind, steps=50)
    fixed = {"boundary": "position"} if method == "cbvp" else {}
    assert apart(case(method).parameters, case("finite-differences", **fixed).parameters) < NEAR


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("last", [False, True])
def test_final_value_problem_is_the_echo(kind: Kind, last: bool) -> None:
    """Theorem 5: one in (q, v) from L, the other in (q, p) from H."""
    case = Case(kind, steps=200, loss=Loss(last=last))
    pfvp, echo = case("pfvp"), case("rhel")
    assert apart(pfvp.parameters, echo.parameters) < 1e-10
    assert apart(pfvp.initial, echo.initial) < 1e-10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_residuals_make_any_boundary_exact(kind: Kind, boundary: str) -> None:
    case = Case(kind, steps=50)
    exact = case("sensitivity", boundary=boundary).parameters
    assert apart(case("glep", boundary=boundary).parameters, exact) < NEAR
    without = apart(case("glep", boundary=boundary, residual=False).parameters, exact)
    defect = BOUNDARIES[boundary](3).defect()
    if boundary in SELF_ADJOINT:
        assert defect < 1e-12
        assert without < NEAR
    else:
        assert defect > 1
        assert without > 0.1


def test_initial_value_problem_without_residuals_is_biased() -> None:
    for kind in KINDS:
        case = Case(kind, steps=50)
        assert apart(case("civp", residual=False).parameters, case("adjoint").parameters) > 0.1


def test_from_initial_to_boundary_values() -> None:
    """What is left of the residual goes to 0 only with the last of the initial condition."""
    case = Case(Kind.LINEAR, steps=20)
    gaps, defects = [], []
    for angle in (0.0, 0.4, 0.8, 1.2, np.pi / 2):
        boundary = blend(3, angle)
        exact = case("sensitivity", boundary=boundary).parameters
        assert apart(case("glep", boundary=boundary).parameters, exact) < NEAR
        gaps.append(apart(case("glep", boundary=boundary, residual=False).parameters, exact))
        defects.append(boundary.defect())
    assert all(gap > 0.01 for gap in gaps[:-1])
    assert gaps[-1] < NEAR
    np.testing.assert_allclose(defects, np.sqrt(6) * np.cos([0.0, 0.4, 0.8, 1.2, np.pi / 2]), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_residuals_of_the_final_value_problem_cancel_term_by_term(kind: Kind) -> None:
    found = Case(kind)("pfvp", residual=True)
    scale = np.linalg.norm(found.parameters)
    terms = [value for name, value in found.terms.items() if name.startswith(("0:", "T:"))]
    assert len(terms) == 4
    assert all(np.linalg.norm(term) < 1e-12 * scale for term in terms)


def test_residuals_of_the_final_value_problem_grow_with_damping() -> None:
    sizes = []
    for damping in (0.0, 1e-4, 1e-2):
        case = Case(Kind.DENSE, damping=damping)
        terms = case("pfvp", residual=True).terms
        sizes.append(np.linalg.norm(terms["0: dp/dbeta.dq/dtheta"] + terms["0: -dp/dtheta.dq/dbeta"]))
    assert sizes[0] < 1e-10
    assert 50 < sizes[2] / sizes[1] < 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["rhel", "pfvp", "civp"])
def test_a_start_that_is_learned(kind: Kind, method: str) -> None:
    """Position and momentum depend on theta, on the mass, too."""
    case = Case(kind)
    mix = np.random.default_rng(3).normal(size=(len(case.system.theta), 3)) / 4
    case.system = replace(case.system, start=lambda theta: (np.tanh(theta @ mix), 0.3 / theta[..., -3:]))
    assert apart(case(method).parameters, case("finite-differences").parameters) < NEAR
    assert np.linalg.norm(case("rhel").terms["start"]) > 0.01 * np.linalg.norm(case("adjoint").parameters)


@pytest.mark.parametrize("solver", ["newton", "shooting", "flow"])
def test_solvers_of_the_boundary_value_problem(solver: str) -> None:
    case = Case(Kind.DENSE, steps=10, oscillators=2)
    exact = case("sensitivity", boundary="position").parameters
    assert apart(case("cbvp", solver=solver).parameters, exact) < NEAR


def test_flow_takes_far_more_than_newton() -> None:
    case = Case(Kind.LINEAR, steps=10, oscillators=2)
    flow, newton = (case("cbvp", solver=solver).cost.evaluations for solver in ("flow", "newton"))
    assert flow > 20 * newton


def test_flow_leaves_a_saddle() -> None:
    with pytest.raises(TheoryError, match=r"^the flow leaves the action's stationary point, a saddle: "):
        Case(Kind.LINEAR, steps=60)("cbvp", solver="flow")


@pytest.mark.parametrize(("sides", "order"), [(1, 1.0), (2, 2.0)])
@pytest.mark.parametrize("method", ["rhel", "pfvp", "civp", "cbvp"])
def test_error_falls_with_the_nudge(method: str, sides: int, order: float) -> None:
    case = Case(Kind.DENSE, steps=30)
    exact = case("sensitivity", boundary="position" if method == "cbvp" else "initial").parameters
    widths = 2.0 ** -np.arange(7, 11)
    errors = [apart(case(method, eps=eps, sides=sides, extrapolate=False).parameters, exact) for eps in widths]
    slope = np.polyfit(np.log(widths), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.1)


def test_extrapolation_is_two_orders_better() -> None:
    """f = exp(3 b): the two-sided slope is off by (3b)^2 / 6 of 3, its extrapolation by b^4 terms."""

    def curve(beta: Floats) -> Floats:
        return np.asarray(np.exp(3 * beta)[:, None])

    plain, better = (Contrast(1e-2, 2, flag).slope(curve, 1.0)[0] for flag in (False, True))
    assert plain - 3 == pytest.approx(3 * 0.03**2 / 6, rel=1e-2)
    assert better - 3 == pytest.approx(-4 * 3 * 0.03**4 / 120, rel=1e-2)
    once, twice = (Contrast(1e-2, 1, flag).slope(curve, 1.0)[0] for flag in (False, True))
    assert once - 3 == pytest.approx(3 * 0.03 / 2, rel=0.05)
    assert abs(twice - 3) < 0.05 * abs(once - 3)


def test_faults_are_named() -> None:
    case = Case(Kind.LINEAR)
    with pytest.raises(TheoryError, match=r"^no boundary 'hope': choose from initial, final, "):
        case("glep", boundary="hope")
    with pytest.raises(TheoryError, match=r"^a boundary of 3 oscillators needs matrices \(6, 6\), not \(2, 2\) and \(2, 2\)$"):
        case("glep", boundary=Boundary(np.eye(2), np.zeros((2, 2))))
    with pytest.raises(TheoryError, match=r"^these boundary conditions do not single out a solution: "):
        case("glep", boundary=Boundary(np.zeros((6, 6)), np.zeros((6, 6))))
    with pytest.raises(TheoryError, match=r"^no solver 'hope': choose from newton, shooting, flow$"):
        case("cbvp", solver="hope")


@pytest.mark.parametrize("method", ["rhel", "pfvp"])
def test_a_system_that_amplifies_is_nudged_less(method: str) -> None:
    """Springs that push: the first choice of eps moves the end too far, so the four nudged runs are made twice."""
    case = Case(Kind.SPRINGS, steps=32)
    form = case.system.hamiltonian
    assert isinstance(form, Natural)
    pushing = form.unpack(case.system.theta) | {Parameter.COUPLING: -np.eye(3)}
    case.system = replace(case.system, theta=form.pack(pushing))
    found = case(method)
    assert apart(found.parameters, case("adjoint").parameters) < NEAR
    assert found.cost.steps == (1 + 4 + 4) * 32
