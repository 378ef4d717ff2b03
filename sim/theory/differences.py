"""Finite differences of the loss, of fourth order: assumes nothing but the loss itself, and takes 4 (P + 2 N) runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .boundary import Boundary, boundary_of
from .derivatives import Floats
from .estimate import Estimate, Meter
from .motion import HamiltonianMotion, Passage, travel
from .rest import relaxed
from .shooting import shooting
from .task import Task

#: The function values of (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h.
_PLACES, _WEIGHTS = np.array([1.0, -1.0, 2.0, -2.0]), np.array([8.0, -8.0, -1.0, 1.0]) / 12


def fourth_order(function: Callable[[Floats], Floats], point: Floats, step: float) -> Floats:
    """Gradient (n,) at ``point`` (n,) of a function (K, n) -> (K,)."""
    n = len(point)
    sizes = step * np.maximum(1.0, np.abs(point))
    moved = point + _PLACES[:, None, None] * np.diag(sizes)
    values = function(moved.reshape(4 * n, n)).reshape(4, n)
    slope: Floats = _WEIGHTS @ values / sizes
    return slope


def finite_differences(task: Task, *, step: float = 1e-4, boundary: str | Boundary = "initial") -> Estimate:
    """Central differences by every parameter and, of a motion, every coordinate of its start; ``step`` is relative above 1, absolute below.

    Other boundary conditions than a fixed start are solved anew for each.
    """
    meter = Meter()
    system, n = task.system, task.system.oscillators
    if task.static:
        start = np.asarray(system.started(system.theta)[0])

        def at_rest(theta: Floats) -> Floats:
            rest = relaxed(task, np.tile(start, (len(theta), 1)), theta, 0.0, meter)
            return np.asarray(system.loss.value(rest, task.targets))

        found = fourth_order(at_rest, system.theta, step)
        return Estimate(found, None, {}, meter.cost(2 * n + 1), float(at_rest(system.theta[None])[0]))

    if boundary != "initial":
        problem = shooting(task, boundary_of(boundary, n), meter)

        def solved(theta: Floats) -> Floats:
            def shoot(start: Floats) -> Passage:
                return travel(HamiltonianMotion(system), theta, (start[:, :n], start[:, n:]), task.inputs, meter, keep=True)

            midpoints = problem.solve(shoot, len(theta))[1].midpoints
            return np.asarray(task.cost(midpoints))

        found = fourth_order(solved, system.theta, step)
        return Estimate(found, None, {}, meter.cost(2 * n * (2 * n + 2)), float(solved(system.theta[None])[0]))

    def by_theta(theta: Floats) -> Floats:
        return np.asarray(task.cost(_kept(task, meter, theta)), dtype=np.float64)

    def by_start(state: Floats) -> Floats:
        moved = replace(system, start=lambda theta: (state[:, :n], state[:, n:]))
        return np.asarray(task.cost(_kept(replace(task, system=moved), meter, system.theta)), dtype=np.float64)

    parameters = fourth_order(by_theta, system.theta, step)
    initial = fourth_order(by_start, np.concatenate(system.started(system.theta)), step)
    loss = float(by_theta(system.theta))
    return Estimate(parameters, initial, {}, meter.cost(2 * n + 2), loss)


def _kept(task: Task, meter: Meter, theta: Floats) -> Floats:
    midpoints = task.free(meter, theta).midpoints
    return np.asarray(midpoints, dtype=np.float64)
