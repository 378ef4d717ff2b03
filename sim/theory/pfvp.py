"""The parametric final value problem (theorem 4, proposition 1): runs of L + beta c that all end where the free one ends.

Because L(q, -v) = L(q, v), they need no solver: from the free run's end, with its velocity reversed, the same steps in
descending order lead back along them. At T nothing depends on beta, so the residual there is 0; at 0 the
un-nudged member is the start itself, whatever theta is, and what is left,

    dC/dtheta = d/dbeta sum_k delta dL/dtheta  -  dp_0/dbeta . dq_0/dtheta  +  dp_0/dtheta . dq_0/dbeta,

has dq_0/dtheta and dp_0/dtheta of the start, 0 unless it is learned. All of it is in (q, v) and L; the Hamiltonian's echo is `echo.rhel`.
"""

from __future__ import annotations

import numpy as np

from .contrast import Contrast
from .derivatives import Floats, Numbers, along
from .estimate import Estimate, Meter
from .glep import pushed, residuals
from .motion import LagrangianMotion, travel
from .tangent import tangents
from .task import Task


def pfvp(task: Task, *, contrast: Contrast, residual: bool = False) -> Estimate:
    """By reversal.

    ``residual`` adds what the estimator leaves out to ``terms``: both terms of theorem 2's residual at either end, measured without
    taking reversibility for granted. They are 0 for a reversible system, and not where it is damped.
    """
    meter = Meter()
    system, n, p = task.system, task.system.oscillators, len(task.system.theta)
    form, motion = system.lagrangian, LagrangianMotion(system)
    q0, p0 = system.started(system.theta)
    start = q0, form.velocity(q0, p0, task.inputs[0], system.theta)
    free = travel(motion, system.theta, start, task.inputs, meter, keep=True)

    def run(beta: Floats) -> Floats:
        turned = np.tile(free.position, (len(beta), 1)), np.tile(-free.momentum, (len(beta), 1))
        back = travel(motion, system.theta, turned, task.inputs, meter, nudge=task.nudge(beta), descending=True, products=True)
        momentum = form.by_velocity(back.position, -back.momentum, task.inputs[0], system.theta)
        return np.concatenate([back.integral, back.position, momentum], axis=-1)

    slope = contrast.slope(run, pushed(task, free), 2 * n)
    integral, by_beta = slope[:p], slope[p:]
    by_start = system.start_by_parameter()
    initial = np.concatenate([-by_beta[n:], by_beta[:n]])
    kept = residuals("0", -1, by_beta, by_start)
    terms = {"integral": integral, "start": np.sum(list(kept.values()), axis=0)}
    total = terms["integral"] + terms["start"]
    words = contrast.runs * 2 * n + 2 * n + p
    if residual:
        found = tangents(task, np.concatenate([q0, p0]), meter)
        at_end = found.end_by_theta + by_start @ found.end_by_start
        terms |= residuals("0", -1, by_beta, returned(task, meter) - by_start)
        terms |= residuals("T", 1, np.zeros(2 * n), at_end)
        words += 2 * n * p
    return Estimate(total, initial, terms, meter.cost(words), float(task.cost(free.midpoints)))


def returned(task: Task, meter: Meter) -> Floats:
    """d(q_0, p_0)/dtheta of the un-nudged member, gone forward and back with the same theta: (P, 2 N); that of the start if reversible."""
    system, motion = task.system, LagrangianMotion(task.system)
    form = system.lagrangian

    def there_and_back(theta: Numbers) -> Numbers:
        q, p = system.started(theta)
        end = travel(motion, theta, (q, form.velocity(q, p, task.inputs[0], theta)), task.inputs, meter)
        back = travel(motion, theta, (end.position, -end.momentum), task.inputs, meter, descending=True)
        momentum = form.by_velocity(back.position, -back.momentum, task.inputs[0], theta)
        return np.concatenate([back.position, momentum], axis=-1)

    return along(there_and_back, system.theta, np.eye(len(system.theta)), analytic=system.analytic)
