"""Forward sensitivities: the exact gradient of the loss for any boundary conditions, a run for every parameter."""

from __future__ import annotations

import numpy as np

from .boundary import Boundary, boundary_of
from .estimate import Estimate, Meter
from .shooting import shooting
from .tangent import tangents
from .task import Task


def sensitivity(task: Task, *, boundary: str | Boundary = "initial") -> Estimate:
    """dC/dtheta along the family of free solutions that keep the boundary conditions; see `boundary`."""
    meter = Meter()
    system = task.system
    words = 2 * system.oscillators * (len(system.theta) + 2 * system.oscillators + 1)
    midpoints = task.free(meter).midpoints
    loss = float(task.cost(midpoints))
    if boundary == "initial":
        found = tangents(task, np.concatenate(system.started(system.theta)), meter)
        start = system.start_by_parameter() @ found.loss_by_start
        return Estimate(
            found.loss_by_theta + start,
            found.loss_by_start,
            {"integral": found.loss_by_theta, "start": start},
            meter.cost(words),
            loss,
        )
    problem = shooting(task, boundary_of(boundary, system.oscillators), meter)
    found = problem.tangents
    start = problem.start_by_theta @ found.loss_by_start
    return Estimate(found.loss_by_theta + start, None, {"integral": found.loss_by_theta, "start": start}, meter.cost(words), loss)
