"""Recurrent Hamiltonian echo learning (theorem 3), the initial state's own parameters included.

The free run ends at (q_T, p_T). Flipped, and nudged by -eps dc/dq, the same steps in descending order lead to (q_e, p_e), read before the
last flip. With C = sum_k delta c(x_k, y_k),

    dC/dtheta = d/d(eps) sum_k delta dH/dtheta (x_k^e)  +  (dq_0/dtheta) dC/dq_0 + (dp_0/dtheta) dC/dp_0
    dC/dq_0 = -dp_e/d(eps)        dC/dp_0 = -dq_e/d(eps)

Nothing of the trajectory is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .contrast import Contrast
from .derivatives import Floats, Numbers
from .estimate import Estimate, Meter
from .motion import HamiltonianMotion, Nudge, travel
from .task import Task


@dataclass(frozen=True)
class Forward:
    """The free run's end, its loss, and the sum of its slopes' sizes, gathered on the way."""

    position: Floats
    momentum: Floats
    loss: float
    push: float


def forward(task: Task, meter: Meter) -> Forward:
    """The free run; O(N) words."""
    system = task.system
    loss = push = 0.0

    def watch(k: int, x: Numbers) -> Numbers:
        nonlocal loss, push
        loss += task.measure[k] * float(system.loss.value(x, task.targets[k]))
        push += float(np.linalg.norm(task.slope(k, x)))
        return np.zeros_like(x)

    end = travel(HamiltonianMotion(system), system.theta, system.started(system.theta), task.inputs, meter, nudge=watch)
    return Forward(end.position, end.momentum, loss, push)


def echo(task: Task, end: Forward, nudge: Nudge, runs: int, meter: Meter) -> tuple[Floats, Floats]:
    """Flip and go back under a nudge: (integral of dH/dtheta, (K, P); state at the end before the last flip, (K, 2 N))."""
    start = (np.tile(end.position, (runs, 1)), np.tile(-end.momentum, (runs, 1)))
    back = travel(HamiltonianMotion(task.system), task.system.theta, start, task.inputs, meter, nudge=nudge, descending=True, products=True)
    return back.integral, back.state()


def rhel(task: Task, *, contrast: Contrast, frozen: bool = False) -> Estimate:
    """The echo. ``frozen`` takes the loss's slope from the free run, as the device does, which keeps T N numbers."""
    meter = Meter()
    end = forward(task, meter)
    n, p = task.system.oscillators, len(task.system.theta)
    replay: Floats | None = None
    if frozen:
        midpoints = task.free(meter).midpoints
        replay = np.stack([task.slope(k, x) for k, x in enumerate(midpoints)])

    def run(eps: Floats) -> Floats:
        nudge = task.nudge(-eps) if replay is None else lambda k, x: -eps[:, None] * replay[k]
        return np.concatenate(echo(task, end, nudge, len(eps), meter), axis=-1)

    slope = contrast.slope(run, end.push, 2 * n)
    integral, initial = slope[:p], -np.concatenate([slope[p + n :], slope[p : p + n]])
    start = task.system.start_by_parameter() @ initial
    words = (contrast.runs + 1) * 2 * n + p + (task.steps * n if frozen else 0)
    return Estimate(integral + start, initial, {"integral": integral, "start": start}, meter.cost(words), end.loss)
