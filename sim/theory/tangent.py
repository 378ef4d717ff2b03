"""How a free run changes with its start and with theta: the derivatives that boundary residuals are made of.

They take as many runs as there are directions, 2 N + P, which is why the paper calls the residuals impractical.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .derivatives import Floats, Numbers, along
from .estimate import Meter
from .motion import HamiltonianMotion, travel
from .task import Task


@dataclass(frozen=True)
class Tangents:
    """Derivatives of the free run's end z_T = (q_T, p_T) and of its loss C; z_0 and theta as independent.

    Members
    -------
    end_by_start : (2 N, 2 N), row j is dz_T / dz_0j
    end_by_theta : (P, 2 N)
    loss_by_start : (2 N,)
    loss_by_theta : (P,)
    """

    end_by_start: Floats
    end_by_theta: Floats
    loss_by_start: Floats
    loss_by_theta: Floats


def tangents(task: Task, start: Floats, meter: Meter) -> Tangents:
    """Of the run that begins at ``start``, (2 N,)."""
    system, n = task.system, task.system.oscillators

    def run(point: Numbers) -> Numbers:
        z, theta = point[..., : 2 * n], point[..., 2 * n :]
        end = travel(HamiltonianMotion(system), theta, (z[..., :n], z[..., n:]), task.inputs, meter, keep=True)
        return np.concatenate([end.state(), task.cost(end.midpoints)[..., None]], axis=-1)

    point = np.concatenate([start, system.theta])
    found = along(run, point, np.eye(len(point)), analytic=system.analytic)
    by_start, by_theta = found[: 2 * n], found[2 * n :]
    return Tangents(by_start[:, :-1], by_theta[:, :-1], by_start[:, -1], by_theta[:, -1])
