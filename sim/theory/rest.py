"""States of rest: minima of the energy E(s, theta, u) = V(s, u; theta), found by letting the state slide down (paper eq. 5, 6)."""

from __future__ import annotations

import numpy as np

from .derivatives import Floats, Numbers, along
from .errors import TheoryError
from .estimate import Meter
from .task import Task

#: ds/dtau is this small, relative to the forces that balance, when a state counts as at rest.
_STILL, _ROUNDS = 1e-14, 200_000


def force(task: Task, s: Numbers, theta: Numbers, beta: Floats | float) -> Numbers:
    """d(E + beta c)/ds, (..., N); beta broadcasts against s."""
    still = np.zeros_like(s)
    slope: Numbers = task.system.hamiltonian.by_position(s, still, task.inputs, theta) + beta * task.system.loss.slope(s, task.targets)
    return slope


def by_parameter(task: Task, s: Numbers, theta: Numbers) -> Numbers:
    """dE/dtheta for a state held fixed, (..., P)."""
    return task.system.hamiltonian.by_parameter(s, np.zeros_like(s), task.inputs, theta)


def stiffness(task: Task, s: Floats, theta: Floats) -> Floats:
    """d2E/ds2 at one state (N,); (N, N)."""
    return along(lambda x: force(task, x, theta, 0.0), s, np.eye(len(s)), analytic=task.system.hamiltonian.analytic)


def relaxed(task: Task, start: Floats, theta: Floats, beta: Floats | float, meter: Meter) -> Floats:
    """The state of rest that ``start`` (K, N) slides into under E + beta c, one for each theta (K, P) or beta (K, 1).

    Explicit Euler; a step that would climb is halved.
    """
    s = np.array(start)
    first = stiffness(task, s[0], theta[0] if theta.ndim == 2 else theta) + np.max(np.abs(beta)) * np.eye(s.shape[-1])
    tau = 1.0 / float(np.linalg.norm(first, 2))
    scale = max(1.0, float(np.max(np.abs(s)))) * float(np.linalg.norm(first, 2))
    size, best, waited = np.inf, np.inf, 0
    for _ in range(_ROUNDS):
        slope = force(task, s, theta, beta)
        meter.count(s.shape[:-1])
        last, size = size, float(np.max(np.abs(slope)))
        # Rounding sets the floor: at rest once no round of twenty came nearer.
        waited = 0 if size < best else waited + 1
        best = min(best, size)
        if size == 0 or (best < _STILL * 1e2 * scale and waited >= 20) or size < _STILL * scale / 1e2:
            return s
        if not size < 1e6 * scale:
            break
        if size > 1.5 * last:
            tau /= 2
        s = s - tau * slope
    raise TheoryError("no state of rest was reached: the energy has no minimum nearby; make the stiffness positive")
