"""Equilibrium propagation, energy based (paper eq. 2-6), and implicit differentiation, which it must agree with.

With s(beta) the state of rest of E + beta c,

    dC/dtheta = d/dbeta dE/dtheta (s(beta))        at beta = 0                (eq. 4)
              = - (dc/ds) . (d2E/ds2)^-1 (d2E/ds dtheta)                      (implicit function theorem)
"""

from __future__ import annotations

import numpy as np

from .contrast import Contrast
from .derivatives import Floats, Numbers, along
from .errors import TheoryError
from .estimate import Estimate, Meter
from .rest import by_parameter, relaxed, stiffness
from .task import Task


def _free(task: Task, meter: Meter, name: str) -> Floats:
    """The free phase, from the system's start; (N,)."""
    if not task.static:
        raise TheoryError(f"{name} is about a state of rest: give inputs (M,) and targets (N,)")
    start, _ = task.system.started(task.system.theta)
    return np.asarray(relaxed(task, np.asarray(start)[None], task.system.theta, 0.0, meter)[0])


def ep(task: Task, *, contrast: Contrast) -> Estimate:
    """Two or more relaxations: free, and nudged from there."""
    meter, system = Meter(), task.system
    rest = _free(task, meter, "ep")

    def run(beta: Floats) -> Floats:
        nudged = relaxed(task, np.tile(rest, (len(beta), 1)), system.theta, beta[:, None], meter)
        return np.asarray(by_parameter(task, nudged, system.theta))

    push = float(np.linalg.norm(system.loss.slope(rest, task.targets)))
    slope = contrast.slope(run, push)
    words = (contrast.runs + 1) * system.oscillators + len(slope)
    return Estimate(slope, None, {"integral": slope}, meter.cost(words), float(system.loss.value(rest, task.targets)))


def implicit(task: Task) -> Estimate:
    """Implicit differentiation at the free state of rest: exact, and a linear system in N."""
    meter, system = Meter(), task.system
    rest = _free(task, meter, "implicit")
    slope = np.asarray(system.loss.slope(rest, task.targets))
    moved = -np.linalg.solve(stiffness(task, rest, system.theta), slope)

    def parameters(s: Numbers) -> Numbers:
        return by_parameter(task, s, system.theta)

    total = along(parameters, rest, moved, analytic=system.hamiltonian.analytic)
    meter.count((), 1 + system.oscillators)
    words = system.oscillators * (system.oscillators + 2)
    return Estimate(total, None, {"integral": total}, meter.cost(words), float(system.loss.value(rest, task.targets)))
