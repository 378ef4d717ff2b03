"""Backpropagation through time of the discrete system: the reference. It is the transpose of each step, taken backwards over a stored run.

Second derivatives of H along the adjoint are all that is needed: with w = dC/dp at a kick,

    (d2H/dq2) w  and  (d2H/dtheta dq) w  =  d/ds of (dH/dq, dH/dtheta) at q + s w,

and a derivative along one direction is exact (`derivatives`). For damping see `motion`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .derivatives import Floats, Numbers, along
from .estimate import Estimate, Meter
from .system import System
from .task import Task


@dataclass(frozen=True)
class _Bend:
    """Change of dH/dq, dH/dp and dH/dtheta along a direction."""

    by_position: Floats
    by_momentum: Floats
    by_parameter: Floats


def bend(system: System, q: Floats, p: Floats, u: Floats, dq: Floats, dp: Floats) -> _Bend:
    """Second derivatives of H at (q, p) along (dq, dp), (..., N) each."""
    h, n = system.hamiltonian, system.oscillators

    def slopes(state: Numbers) -> Numbers:
        a, b = state[..., :n], state[..., n:]
        parts = [f(a, b, u, system.theta) for f in (h.by_position, h.by_momentum, h.by_parameter)]
        return np.concatenate(parts, axis=-1)

    found = along(slopes, np.concatenate([q, p], axis=-1), np.concatenate([dq, dp], axis=-1), analytic=h.analytic)
    return _Bend(found[..., :n], found[..., n : 2 * n], found[..., 2 * n :])


def _leapfrog(task: Task, midpoints: Floats, momenta: Floats, meter: Meter) -> tuple[Floats, Floats]:
    system = task.system
    half, shrink = system.delta / 2, np.exp(-system.damping * system.delta / 2)
    zero = np.zeros(system.oscillators)
    by_q, by_p = zero, zero
    total = np.zeros_like(system.theta)
    for k in reversed(range(task.steps)):
        x, u = midpoints[k], task.inputs[k]
        drift = bend(system, x, momenta[k + 1], u, zero, by_q)
        kick = shrink * (by_p + half * drift.by_momentum)
        force = bend(system, x, momenta[k], u, kick, zero)
        by_x = by_q - system.delta * force.by_position + task.slope(k, x)
        first = bend(system, x, momenta[k], u, zero, by_x)
        total = total + half * (drift.by_parameter + first.by_parameter) - system.delta * force.by_parameter
        by_q, by_p = by_x, shrink * kick + half * first.by_momentum
        meter.count((), 3)
    return total, np.concatenate([by_q, by_p])


def _midpoint(task: Task, midpoints: Floats, momenta: Floats, meter: Meter) -> tuple[Floats, Floats]:
    system, n = task.system, task.system.oscillators
    unit, zero = np.eye(n), np.zeros((n, n))
    flow = np.block([[np.zeros((n, n)), unit], [-unit, np.zeros((n, n))]])
    by_z, total = np.zeros(2 * n), np.zeros_like(system.theta)
    for k in reversed(range(task.steps)):
        x, y, u = midpoints[k], (momenta[k] + momenta[k + 1]) / 2, task.inputs[k]
        lines = np.broadcast_to(x, (2 * n, n)), np.broadcast_to(y, (2 * n, n))
        second = bend(system, *lines, u, np.vstack([unit, zero]), np.vstack([zero, unit]))
        rates = system.delta * flow @ np.hstack([second.by_position, second.by_momentum])
        # z' = z + rates (z + z') / 2: what stands at the middle first, then both ends.
        middle = np.linalg.solve((np.eye(2 * n) - rates / 2).T, by_z)
        total = total + system.delta * second.by_parameter.T @ (flow.T @ middle)
        # The loss is seen at the middle, x = (q + q') / 2, so it is felt at both ends.
        seen = np.linalg.solve((np.eye(2 * n) - rates / 2).T, np.concatenate([task.slope(k, x), np.zeros(n)]) / 2)
        total = total + system.delta * second.by_parameter.T @ (flow.T @ seen)
        start = np.concatenate([task.slope(k, x), np.zeros(n)]) / 2
        by_z = (np.eye(2 * n) + rates / 2).T @ (middle + seen) + start
        meter.count((), 2 * n)
    return total, by_z


def adjoint(task: Task) -> Estimate:
    """Backpropagation through time: exact for either scheme, with or without damping; keeps 2 T N numbers."""
    meter = Meter()
    run = task.free(meter)
    back = _midpoint if task.system.scheme == "midpoint" else _leapfrog
    integral, initial = back(task, run.midpoints, run.momenta, meter)
    start = task.system.start_by_parameter() @ initial
    words = (2 * task.steps + 4) * task.system.oscillators + len(task.system.theta)
    terms = {"integral": integral, "start": start}
    return Estimate(integral + start, initial, terms, meter.cost(words), float(task.cost(run.midpoints)))
