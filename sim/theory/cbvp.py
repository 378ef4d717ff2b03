"""Constant boundary values on the position (lemma 2): both ends' positions are fixed, so no residual is left,

    dC/dtheta = d/dbeta sum_k delta dL/dtheta (x_k, v_k)        at beta = 0,

and the price is a two-point boundary value problem for every beta. ``solver`` is one of

newton      Newton's method on the discrete action, a banded system for each round
shooting    Newton's method on the start, see `shooting`
flow        gradient flow on the action (eq. 20, 21), dx/dtau = -dA/dx. It converges only where the action has its minimum: a motion
            longer than half a period passes conjugate points, there the action has a saddle, and the flow leaves it
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from .action import Action
from .contrast import Contrast
from .derivatives import Floats
from .errors import TheoryError
from .estimate import Estimate, Meter
from .glep import glep, pushed
from .task import Task

_ROUNDS = 30
#: (action, first guess, beta, meter) -> a stationary point.
_Solver = Callable[[Action, Floats, float, Meter], Floats]


def cbvp(
    task: Task,
    *,
    contrast: Contrast,
    solver: Literal["newton", "shooting", "flow"] = "newton",
    tolerance: float = 1e-13,
    iterations: int = 200_000,
) -> Estimate:
    """Both positions fixed, at those of the free motion. ``tolerance`` and ``iterations`` bound the flow: dA/dx, in units of its start."""
    if solver == "shooting":
        return glep(task, contrast=contrast, boundary="position", residual=False)
    if solver not in ("newton", "flow"):
        raise TheoryError(f"no solver {solver!r}: choose from newton, shooting, flow")
    system, meter = task.system, Meter()
    if system.scheme != "leapfrog" or system.damping or system.start is not None:
        raise TheoryError(f"solver {solver!r} needs scheme='leapfrog', no damping and a fixed start; take solver='shooting'")
    free = task.free(meter)
    q0, _ = system.started(system.theta)
    action = Action(task, np.asarray(q0), np.asarray(free.position))
    line = np.asarray(free.midpoints)
    solve: _Solver = _newton
    if solver == "flow":
        # The flow is given no hint of the motion: it starts from the straight line between the ends.
        share = (np.arange(task.steps)[:, None] + 0.5) / task.steps
        line = (1 - share) * q0 + share * free.position
        solve = _flow(tolerance, iterations)
        line = solve(action, line, 0.0, meter)

    def run(beta: Floats) -> Floats:
        return np.stack([action.by_parameter(solve(action, line, float(b), meter)) for b in beta])

    integral = contrast.slope(run, pushed(task, free) * (1.0 if contrast.eps else _reach(action, line)))
    n, p = system.oscillators, len(system.theta)
    bands = 4 * n - 1 if solver == "newton" else 1
    words = task.steps * n * (2 + bands) + p
    return Estimate(integral, None, {"integral": integral}, meter.cost(words), float(task.cost(free.midpoints)))


def _reach(action: Action, x: Floats) -> float:
    """How far the trajectory moves for a nudge of size 1 all along, at least 1: large near conjugate ends."""
    from scipy.linalg import solve_banded

    steps, n = x.shape
    push = np.full(steps * n, 1.0 / np.sqrt(steps * n))
    return max(1.0, float(np.linalg.norm(solve_banded((2 * n - 1, 2 * n - 1), action.bands(x, 0.0), push))))


def _newton(action: Action, x: Floats, beta: float, meter: Meter) -> Floats:
    """Rounds until they no longer come nearer."""
    from scipy.linalg import solve_banded

    steps, n = x.shape
    size = np.inf
    for _ in range(_ROUNDS):
        slope = action.slope(x, beta)
        last, size = size, float(np.max(np.abs(slope)))
        # One force for the slope, N more for its derivative.
        meter.count((steps,), 1 + n)
        if size >= last / 2 and size < 1e-10:
            return x
        try:
            move = solve_banded((2 * n - 1, 2 * n - 1), action.bands(x, beta), slope.ravel())
        except np.linalg.LinAlgError as error:
            raise TheoryError("the ends are conjugate points: change the number of steps") from error
        x = x - move.reshape(steps, n)
    raise TheoryError(f"Newton's method left dA/dx at {size:.1e}: take a smaller nudge")


def _flow(tolerance: float, iterations: int) -> _Solver:
    """Explicit Euler steps along -dA/dx, as long as the stiffest direction (neighbours against each other) allows."""

    def solve(action: Action, x: Floats, beta: float, meter: Meter) -> Floats:
        steps = len(x)
        # Gershgorin: no eigenvalue of d2A/dx2 is above the largest sum of a row's sizes; bands keeps columns, and it is symmetric.
        tau = 1.9 / float(np.max(np.sum(np.abs(action.bands(x, beta)), axis=0)))
        start = max(float(np.max(np.abs(action.slope(x, beta)))), 1e-300)
        scale = max(start, float(np.max(np.abs(action.momenta(x)))))
        for _ in range(iterations):
            slope = action.slope(x, beta)
            meter.count((steps,))
            size = float(np.max(np.abs(slope)))
            if size < tolerance * scale:
                return x
            if not size < 1e3 * scale:
                raise TheoryError("the flow leaves the action's stationary point, a saddle: the motion is longer than half a period")
            x = x - tau * slope
        raise TheoryError(f"the flow did not arrive in {iterations} iterations (dA/dx {size:.1e}): allow more, or take fewer steps")

    return solve
