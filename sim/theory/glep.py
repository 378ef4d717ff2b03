"""Generalised Lagrangian equilibrium propagation (theorem 2): any boundary conditions, residuals and all.

Along a family of solutions of the Euler-Lagrange equations of L + beta c, with p = dL/dv,

    dC/dtheta = d/dbeta sum_k delta dL/dtheta (x_k, v_k)  +  [ dp/dbeta . dq/dtheta  -  dp/dtheta . dq/dbeta ]_0^T        at beta = 0.

It follows from d/dbeta and d/dtheta of the action, whose order does not matter: for a solution,

    dA/dbeta = C + [p . dq/dbeta]_0^T        dA/dtheta = sum_k delta dL/dtheta + [p . dq/dtheta]_0^T.

The scheme of `motion` makes a discrete action stationary, so it holds for sums as it does for integrals.
"""

from __future__ import annotations

import numpy as np

from .boundary import Boundary, boundary_of
from .contrast import Contrast
from .derivatives import Floats
from .errors import TheoryError
from .estimate import Estimate, Meter
from .motion import HamiltonianMotion, LagrangianMotion, Passage, travel
from .shooting import shooting
from .tangent import tangents
from .task import Task


def residuals(at: str, sign: int, by_beta: Floats, by_theta: Floats) -> dict[str, Floats]:
    """The boundary residual's two terms at one end; z = (q, p), by_beta (2 N,), by_theta (P, 2 N); (P,) each."""
    (q_beta, p_beta), (q_theta, p_theta) = np.split(by_beta, 2), np.split(by_theta, 2, axis=1)
    return {f"{at}: dp/dbeta.dq/dtheta": sign * q_theta @ p_beta, f"{at}: -dp/dtheta.dq/dbeta": -sign * p_theta @ q_beta}


def pushed(task: Task, free: Passage) -> float:
    """What all nudges of a run together would change the momentum by, at beta = 1."""
    return float(sum(np.linalg.norm(task.slope(k, x)) for k, x in enumerate(free.midpoints)))


def _finished(task: Task, terms: dict[str, Floats], kept: bool, meter: Meter, words: int, free: Passage) -> Estimate:
    """The sum of all terms, or of the integral alone."""
    total = np.sum(list(terms.values()), axis=0) if kept else terms["integral"]
    return Estimate(total, None, terms, meter.cost(words), float(task.cost(free.midpoints)))


def civp(task: Task, *, contrast: Contrast, residual: bool = True) -> Estimate:
    """Constant initial values (lemma 1): forward runs of L + beta c from one start.

    Without ``residual`` it is what could be had locally, and biased. A start that depends on theta is still the same for every beta, so
    all of the residual stands at T.
    """
    meter = Meter()
    system, n, p = task.system, task.system.oscillators, len(task.system.theta)
    free = task.free(meter)
    q0, p0 = system.started(system.theta)
    v0 = system.lagrangian.velocity(q0, p0, task.inputs[0], system.theta)

    def run(beta: Floats) -> Floats:
        start = np.tile(q0, (len(beta), 1)), np.tile(v0, (len(beta), 1))
        end = travel(LagrangianMotion(system), system.theta, start, task.inputs, meter, nudge=task.nudge(beta), products=True)
        momentum = system.lagrangian.by_velocity(end.position, end.momentum, task.inputs[-1], system.theta)
        return np.concatenate([end.integral, end.position, momentum], axis=-1)

    slope = contrast.slope(run, pushed(task, free), 2 * n)
    terms, words = {"integral": slope[:p]}, contrast.runs * 2 * n + p
    if residual:
        found = tangents(task, np.concatenate([q0, p0]), meter)
        terms |= residuals("T", 1, slope[p:], found.end_by_theta + system.start_by_parameter() @ found.end_by_start)
        words += 2 * n * p
    return _finished(task, terms, residual, meter, words, free)


def glep(task: Task, *, contrast: Contrast, boundary: str | Boundary = "position", residual: bool = True) -> Estimate:
    """Any linear boundary conditions, solved by shooting. Without ``residual`` it is exact only where `Boundary.defect` is 0."""
    meter = Meter()
    system, n, p = task.system, task.system.oscillators, len(task.system.theta)
    if system.start is not None:
        raise TheoryError("glep takes its boundary values from a fixed start: this system's depends on theta; take 'pfvp' or 'civp'")
    free = task.free(meter)
    problem = shooting(task, boundary_of(boundary, n), meter)

    def run(beta: Floats) -> Floats:
        def shoot(start: Floats) -> Passage:
            halves = start[:, :n], start[:, n:]
            return travel(HamiltonianMotion(system), system.theta, halves, task.inputs, meter, nudge=task.nudge(beta), products=True)

        start, end = problem.solve(shoot, len(beta))
        return np.concatenate([-end.integral, start, end.state()], axis=-1)

    # The nearer the ends are to conjugate, the farther a nudge moves the solution.
    reach = max(1.0, float(np.linalg.norm(problem.inverse, 2)))
    slope = contrast.slope(run, reach * pushed(task, free), 2 * n)
    by_beta = slope[p : p + 2 * n], slope[p + 2 * n :]
    terms = {"integral": slope[:p]}
    terms |= residuals("0", -1, by_beta[0], problem.start_by_theta) | residuals("T", 1, by_beta[1], problem.end_by_theta)
    return _finished(task, terms, residual, meter, contrast.runs * 4 * n + 2 * n * (p + 2 * n) + p, free)


def mixed(task: Task, *, contrast: Contrast, boundary: str | Boundary = "position-momentum", residual: bool = False) -> Estimate:
    """Initial and final conditions mixed: `glep` with the start's positions and the end's momenta, and no residual unless asked for."""
    return glep(task, contrast=contrast, boundary=boundary, residual=residual)
