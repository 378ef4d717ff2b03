"""Solving a boundary value problem by shooting: Newton's method on the start, with the free problem's Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .boundary import Boundary
from .derivatives import Floats
from .errors import TheoryError
from .estimate import Meter
from .motion import Passage
from .tangent import Tangents, tangents
from .task import Task

_ROUNDS, _SETTLED, _SINGULAR = 60, 1e-12, 1e12


@dataclass(frozen=True)
class Shooting:
    """A task's boundary value problem, linearised about its free solution.

    Members
    -------
    start : (2 N,), z_0 of the free solution
    value : c of A_0 z_0 + A_T z_T = c, (2 N,)
    inverse : (2 N, 2 N), of A_0 + A_T dz_T/dz_0
    start_by_theta, end_by_theta : (P, 2 N), total derivatives along the family of free solutions
    """

    boundary: Boundary
    tangents: Tangents
    start: Floats
    value: Floats
    inverse: Floats
    start_by_theta: Floats
    end_by_theta: Floats

    def solve(self, run: Callable[[Floats], Passage], batch: int) -> tuple[Floats, Passage]:
        """Starts (K, 2 N) from which ``run`` keeps the conditions, and what it then returns."""
        start, size = np.tile(self.start, (batch, 1)), np.inf
        scale = 1 + np.max(np.abs(self.value))
        for _ in range(_ROUNDS):
            passage = run(start)
            left = start @ self.boundary.start.T + passage.state() @ self.boundary.end.T - self.value
            last, size = size, float(np.max(np.abs(left)))
            if size < _SETTLED * scale and size >= last / 2:
                return start, passage
            if not size < 1e6 * scale:
                break
            start = start - left @ self.inverse.T
        if size < 1e-9 * scale:
            return start, passage
        raise TheoryError(f"shooting did not meet the boundary conditions (off by {size:.1e}): take fewer steps, or a smaller nudge")


def shooting(task: Task, boundary: Boundary, meter: Meter) -> Shooting:
    """Linearises; raises where the free solution is not the only one nearby (its ends are conjugate)."""
    start = np.concatenate(task.system.started(task.system.theta))
    end = task.free(meter).state()
    found = tangents(task, start, meter)
    matrix = boundary.start + boundary.end @ found.end_by_start.T
    if np.linalg.cond(matrix) > _SINGULAR:
        raise TheoryError("these boundary conditions do not single out a solution: change the number of steps, or the conditions")
    inverse = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    by_theta = -found.end_by_theta @ boundary.end.T @ inverse.T
    return Shooting(
        boundary,
        found,
        start,
        boundary.start @ start + boundary.end @ end,
        inverse,
        by_theta,
        by_theta @ found.end_by_start + found.end_by_theta,
    )
