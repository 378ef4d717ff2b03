"""The discrete action between two fixed positions, whose stationary points are the motions of the leapfrog.

With velocities v_0 = 2 (x_0 - q_0) / delta, v_k = (x_k - x_{k-1}) / delta, v_T = 2 (q_T - x_{T-1}) / delta between the midpoints x_k,

    A_beta(x) = sum_j d_j T(v_j) - sum_k delta V(x_k, u_k) + beta C(x),       d = (delta/2, delta, ..., delta, delta/2)
    dA/dx_k = p_k - p_{k+1} - delta dV/dq(x_k) + beta dC/dx_k,                p_j = dT/dv(v_j)

(Marsden & West 2001). Its time is a coordinate like any other here: a whole trajectory is moved at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .derivatives import Floats, along
from .task import Task


@dataclass(frozen=True)
class Action:
    """The task's action for fixed ``first`` and ``last`` positions, (N,) each; trajectories are midpoints, (T, N)."""

    task: Task
    first: Floats
    last: Floats

    def velocities(self, x: Floats) -> Floats:
        """v_0 to v_T, (T + 1, N)."""
        delta = self.task.system.delta
        ends = np.vstack([self.first, x, self.last])
        speeds: Floats = np.diff(ends, axis=0) / delta
        speeds[[0, -1]] *= 2
        return speeds

    def momenta(self, x: Floats) -> Floats:
        """p_0 to p_T, (T + 1, N)."""
        system, v = self.task.system, self.velocities(x)
        inputs = self.task.inputs
        return np.asarray(system.lagrangian.by_velocity(np.vstack([x, x[-1:]]), v, np.vstack([inputs, inputs[-1:]]), system.theta))

    def slope(self, x: Floats, beta: float) -> Floats:
        """dA_beta/dx, (T, N): the Euler-Lagrange expression (paper eq. 10), times delta."""
        system, task = self.task.system, self.task
        p = self.momenta(x)
        force = system.lagrangian.by_position(x, self.velocities(x)[1:], task.inputs, system.theta)
        pull = task.measure[:, None] * system.loss.slope(x, task.targets)
        return np.asarray(p[:-1] - p[1:] + system.delta * force + beta * pull)

    def by_parameter(self, x: Floats) -> Floats:
        """dA/dtheta for a trajectory held fixed, (P,): sum of delta dL/dtheta."""
        system, task = self.task.system, self.task
        v = self.velocities(x)
        before = system.lagrangian.by_parameter(x, v[:-1], task.inputs, system.theta)
        after = system.lagrangian.by_parameter(x, v[1:], task.inputs, system.theta)
        return np.asarray(system.delta / 2 * np.sum(before + after, axis=0))

    def bands(self, x: Floats, beta: float) -> Floats:
        """d2A/dx2 in the form that `scipy.linalg.solve_banded` takes, with 2 N - 1 bands on either side; (4 N - 1, T N).

        Neighbours in time are coupled by the mass alone, positions of one time by force and loss as well.
        """
        system, task = self.task.system, self.task
        steps, n = x.shape
        unit, analytic = np.eye(n), system.lagrangian.analytic
        v, u = self.velocities(x), task.inputs[:, None]
        at = np.repeat(x[:, None], n, axis=1)

        def force(q: Floats) -> Floats:
            return np.asarray(
                system.delta * system.lagrangian.by_position(q, v[1:, None], u, system.theta)
                + beta * task.measure[:, None, None] * system.loss.slope(q, task.targets[:, None])
            )

        late = np.vstack([task.inputs, task.inputs[-1:]])[:, None]
        places = np.repeat(np.vstack([x, x[-1:]])[:, None], n, axis=1)
        mass = along(
            lambda w: system.lagrangian.by_velocity(places, w, late, system.theta),
            np.repeat(v[:, None], n, axis=1),
            unit,
            analytic=analytic,
        )
        rates = mass / system.delta
        rates[[0, -1]] *= 2
        here = along(force, at, unit, analytic=analytic) + rates[:-1] + rates[1:]
        bands = np.zeros((4 * n - 1, steps * n))
        middle = 2 * n - 1
        for i in range(n):
            for j in range(n):
                # Entry (row, column) is kept at [middle + row - column, column].
                bands[middle + i - j, j::n] = here[:, i, j]
                bands[middle + i - j - n, n + j :: n] = -rates[1:-1, i, j]
                bands[middle + i - j + n, j : (steps - 1) * n : n] = -rates[1:-1, i, j]
        return bands
