"""The continuous adjoint: what all discrete gradients tend to as delta -> 0, with an error of order delta^2.

    dz/dt = J dH/dz - gamma p        -d(lambda)/dt = (d2H/dz2) J^t lambda + dc/dz - gamma lambda_p
    dC/dtheta = int (d2H/dtheta dz) J^t lambda dt,   J^t lambda = (-lambda_p, lambda_q),   C = int c(q(t), y(t)) dt

Inputs and targets are splines through the given values, which are those at the middles of the steps.
"""

from __future__ import annotations

import numpy as np

from .adjoint import bend
from .derivatives import Floats
from .errors import TheoryError
from .estimate import Estimate, Meter
from .task import Task


def continuous_adjoint(task: Task, *, tolerance: float = 1e-8) -> Estimate:
    """Both differential equations by an adaptive Runge-Kutta method of order 8, whose ``tolerance`` is relative; the free run is kept."""
    from scipy.integrate import solve_ivp
    from scipy.interpolate import make_interp_spline

    system, n = task.system, task.system.oscillators
    if system.loss.last:
        raise TheoryError("the continuous adjoint is of a loss all along: a Loss with last has no continuous limit")
    if task.steps < 2:
        raise TheoryError("the continuous adjoint needs at least two steps to draw its inputs through")
    meter = Meter()
    times = system.delta * (np.arange(task.steps) + 0.5)
    span = (0.0, system.delta * task.steps)
    order = min(3, task.steps - 1)
    inputs, targets = (make_interp_spline(times, values, k=order) for values in (task.inputs, task.targets))
    theta, h = system.theta, system.hamiltonian
    settings = {"method": "DOP853", "rtol": tolerance, "atol": tolerance * 1e-2}

    def ahead(t: float, state: Floats) -> Floats:
        q, p, u = state[:n], state[n : 2 * n], inputs(t)
        meter.count(())
        force = -h.by_position(q, p, u, theta) - system.damping * p
        return np.concatenate([h.by_momentum(q, p, u, theta), force, [system.loss.value(q, targets(t))]])

    start = np.concatenate([*system.started(theta), [0.0]])
    run = solve_ivp(ahead, span, start, dense_output=True, **settings)

    def back(t: float, state: Floats) -> Floats:
        by_q, by_p = state[:n], state[n : 2 * n]
        q, p = np.split(run.sol(t)[: 2 * n], 2)
        meter.count((), 2)
        found = bend(system, q, p, inputs(t), -by_p, by_q)
        slope = system.loss.slope(q, targets(t))
        return np.concatenate([-found.by_position - slope, -found.by_momentum + system.damping * by_p, -found.by_parameter])

    end = solve_ivp(back, span[::-1], np.zeros(2 * n + len(theta)), **settings)
    initial, integral = np.asarray(end.y[: 2 * n, -1]), np.asarray(end.y[2 * n :, -1])
    by_start = system.start_by_parameter() @ initial
    # The dense output keeps seven vectors for each step taken, and its ends.
    words = len(run.t) * 8 * (2 * n + 1) + 4 * n + len(theta)
    return Estimate(integral + by_start, initial, {"integral": integral, "start": by_start}, meter.cost(words), float(run.y[-1, -1]))
