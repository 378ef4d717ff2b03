"""An echo for uniform damping, which `echo.rhel` is not exact for: the way back has gain instead.

With momentum lost at rate gamma the flow shrinks the symplectic form, omega(t) ~ exp(-gamma t). Reversed with gamma turned into -gamma the
steps retrace the free run exactly, but what a nudge adds is then off by just that factor. So

    nudge at step k:      -eps g_k dc/dq          g_k = exp(gamma (T - t_k))
    product at step k:    delta dH/dtheta / g_k   t_k the time of the kick; of either drift, for the kinetic part
    dC/dz_0:              exp(-gamma T) times the echo's

is again the gradient, exactly. (With y = exp(gamma t) p the system is Caldirola and Kanai's, which is Hamiltonian; in p, the weights are
what is left of that.) It needs a medium with gain, and rounding grows as exp(gamma T / 2): the limit of the method.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .contrast import Contrast
from .derivatives import Floats, Numbers
from .echo import forward
from .errors import TheoryError
from .estimate import Estimate, Meter
from .motion import HamiltonianMotion
from .task import Task


def gain_echo(task: Task, *, contrast: Contrast) -> Estimate:
    """`rhel` with gain on the way back; the same as `rhel` where there is no damping. Leapfrog only."""
    system, meter = task.system, Meter()
    if system.scheme != "leapfrog":
        raise TheoryError("gain-echo needs scheme='leapfrog'")
    h, theta, half, n = system.hamiltonian, system.theta, system.delta / 2, system.oscillators
    end = forward(task, meter)
    motion = HamiltonianMotion(replace(system, damping=-system.damping))
    # A whole step before the end, t = T - delta, has the weight `step`; half a step `step ** 0.5`.
    step = float(np.exp(system.damping * system.delta))
    total = float(np.exp(system.damping * system.delta * task.steps))

    def run(eps: Floats) -> Floats:
        q, p = np.tile(end.position, (len(eps), 1)), np.tile(-end.momentum, (len(eps), 1))
        integral = np.zeros((len(eps), len(theta)))
        weight = 1.0
        for k in reversed(range(task.steps)):
            at_kick = weight * step**0.5

            def nudge(x: Numbers, k: int = k, scale: float = at_kick) -> Numbers:
                return -scale * eps[:, None] * task.slope(k, x)

            u = task.inputs[k]
            moment = motion.step(theta, q, p, u, nudge, False)
            meter.count(eps.shape, moment.evaluations)
            x = moment.midpoint
            potential = h.by_parameter(x, np.zeros_like(p), u, theta)
            late, early = (h.by_parameter(x, r, u, theta) - potential for r in (p, moment.momentum))
            integral += 2 * half * potential / at_kick + half * (late / weight + early / (weight * step))
            q, p, weight = moment.position, moment.momentum, weight * step
        return np.concatenate([integral, q, p], axis=-1)

    slope = contrast.slope(run, end.push * total, 2 * n)
    count = len(theta)
    initial = -np.concatenate([slope[count + n :], slope[count : count + n]]) / total
    start = system.start_by_parameter() @ initial
    integral = slope[:count]
    words = (contrast.runs + 1) * 2 * n + count
    return Estimate(integral + start, initial, {"integral": integral, "start": start}, meter.cost(words), end.loss)
