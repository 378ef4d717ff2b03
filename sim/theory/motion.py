"""The motion, one step at a time: Hamilton's equations on (q, p), or Euler and Lagrange's on (q, v).

LEAPFROG is the array's own step without rounding (docs/architecture.md),

    x = q + delta/2 v(p)       p' = p - delta dH/dq(x) + n       q' = x + delta/2 v(p')

and with damping gamma the momentum shrinks by exp(-gamma delta / 2) on either side of the kick. MIDPOINT is the implicit midpoint rule,

    x = (q + q') / 2           p' = p - delta dH/dq(x, (p + p')/2) + n        q' = q + delta dH/dp(x, (p + p')/2)

which is the variational integrator of delta L(x, (q' - q) / delta) (Marsden & West 2001, section 2.6). n is a nudge. Both are
reversible, symplectic, and stationary points of a discrete action, so what the paper says of integrals holds of their sums exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from .derivatives import Floats, Numbers
from .errors import TheoryError
from .estimate import Meter
from .system import System

#: (step, midpoint) -> what is added to the momentum there.
Nudge = Callable[[int, Numbers], Numbers]

_SWEEPS = 200


@dataclass(frozen=True)
class Moment:
    """One step: where it is observed, where it ends, and delta dH/dtheta (or delta dL/dtheta) along it."""

    midpoint: Numbers
    position: Numbers
    momentum: Numbers
    product: Numbers | None
    evaluations: int = 1


@dataclass(frozen=True)
class Passage:
    """A whole run, with what was asked to be kept of it. ``momentum`` is the velocity where the run was one of L."""

    position: Numbers
    momentum: Numbers
    _midpoints: Numbers | None
    _momenta: Numbers | None
    _integral: Numbers | None

    @property
    def midpoints(self) -> Numbers:
        """(T, ..., N), in the order of time, whichever way the run went."""
        return _kept(self._midpoints, "keep")

    @property
    def momenta(self) -> Numbers:
        """(T + 1, ..., N), at the steps' ends, in the order of time."""
        return _kept(self._momenta, "keep")

    @property
    def integral(self) -> Numbers:
        """Sum of the products, (..., P)."""
        return _kept(self._integral, "products")

    def state(self) -> Numbers:
        """(..., 2 N)."""
        return np.concatenate([self.position, self.momentum], axis=-1)


def _kept(found: Numbers | None, option: str) -> Numbers:
    if found is None:
        raise RuntimeError(f"travel() was not asked for this: {option}=True")
    return found


class HamiltonianMotion:
    """Steps of (q, p)."""

    def __init__(self, system: System) -> None:
        self._h, self._delta, self._scheme = system.hamiltonian, system.delta, system.scheme
        self._shrink = np.exp(-system.damping * system.delta / 2)

    def step(self, theta: Numbers, q: Numbers, p: Numbers, u: Floats, nudge: Callable[[Numbers], Numbers], products: bool) -> Moment:
        if self._scheme == "midpoint":
            return self._implicit(theta, q, p, u, nudge, products)
        h, half = self._h, self._delta / 2
        x = q + half * h.by_momentum(q, p, u, theta)
        kicked = self._shrink * (self._shrink * p - self._delta * h.by_position(x, p, u, theta) + nudge(x))
        after = x + half * h.by_momentum(x, kicked, u, theta)
        product = half * (h.by_parameter(x, p, u, theta) + h.by_parameter(x, kicked, u, theta)) if products else None
        return Moment(x, after, kicked, product)

    def _implicit(self, theta: Numbers, q: Numbers, p: Numbers, u: Floats, nudge: Callable[[Numbers], Numbers], products: bool) -> Moment:
        h, half = self._h, self._delta / 2

        def sweep(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
            return q + half * h.by_momentum(x, y, u, theta), p - half * h.by_position(x, y, u, theta) + nudge(x) / 2

        (x, y), sweeps = _settled(sweep, q, p)
        product = self._delta * h.by_parameter(x, y, u, theta) if products else None
        return Moment(x, 2 * x - q, 2 * y - p, product, sweeps)


class LagrangianMotion:
    """Steps of (q, v) from L alone: the discrete Euler-Lagrange equations, in which the momentum is dL/dv."""

    def __init__(self, system: System) -> None:
        self._l, self._delta, self._scheme = system.lagrangian, system.delta, system.scheme
        self._shrink = np.exp(-system.damping * system.delta / 2)

    def step(self, theta: Numbers, q: Numbers, v: Numbers, u: Floats, nudge: Callable[[Numbers], Numbers], products: bool) -> Moment:
        if self._scheme == "midpoint":
            return self._implicit(theta, q, v, u, nudge, products)
        form, half = self._l, self._delta / 2
        x = q + half * v
        momentum = self._shrink * form.by_velocity(x, v, u, theta)
        kicked = self._shrink * (momentum + self._delta * form.by_position(x, v, u, theta) + nudge(x))
        velocity = form.velocity(x, kicked, u, theta)
        product = half * (form.by_parameter(x, v, u, theta) + form.by_parameter(x, velocity, u, theta)) if products else None
        return Moment(x, x + half * velocity, velocity, product)

    def _implicit(self, theta: Numbers, q: Numbers, v: Numbers, u: Floats, nudge: Callable[[Numbers], Numbers], products: bool) -> Moment:
        form, half = self._l, self._delta / 2
        p = form.by_velocity(q, v, u, theta)

        def sweep(x: Numbers, w: Numbers) -> tuple[Numbers, Numbers]:
            faster = form.velocity(x, p + half * form.by_position(x, w, u, theta) + nudge(x) / 2, u, theta)
            return q + half * faster, faster

        (x, w), sweeps = _settled(sweep, q, v)
        after = 2 * x - q
        momentum = 2 * form.by_velocity(x, w, u, theta) - p
        product = self._delta * form.by_parameter(x, w, u, theta) if products else None
        return Moment(x, after, form.velocity(after, momentum, u, theta), product, sweeps)


Motion = HamiltonianMotion | LagrangianMotion


def _settled(sweep: Callable[[Numbers, Numbers], tuple[Numbers, Numbers]], q: Numbers, r: Numbers) -> tuple[tuple[Numbers, Numbers], int]:
    """The fixed point of ``sweep``, to rounding, and the sweeps it took: each contracts by about delta/2 times the fastest frequency."""
    last, start = np.inf, float(max(np.max(np.abs(q)), np.max(np.abs(r))))
    for sweeps in range(1, _SWEEPS + 1):
        ahead = sweep(q, r)
        change = float(max(np.max(np.abs(ahead[0] - q)), np.max(np.abs(ahead[1] - r))))
        scale = 1 + float(max(np.max(np.abs(ahead[0])), np.max(np.abs(ahead[1]))))
        q, r = ahead
        if change == 0 or (change < 1e-14 * scale and change >= last):
            return (q, r), sweeps
        if not change < 1e6 * (1 + start):
            break
        last = change
    raise TheoryError(f"the midpoint rule did not settle (last change {change:.1e}): take a smaller delta")


def travel(
    motion: Motion,
    theta: Numbers,
    start: tuple[Numbers, Numbers],
    inputs: Floats,
    meter: Meter,
    *,
    nudge: Nudge | None = None,
    descending: bool = False,
    products: bool = False,
    keep: bool = False,
) -> Passage:
    """A whole run over ``inputs`` (T, M); the trajectory is kept only if asked for."""
    q, r = start
    midpoints: list[Numbers] = []
    momenta: list[Numbers] = [r]
    total: Numbers | None = None
    order = range(len(inputs))
    for k in reversed(order) if descending else order:
        moment = motion.step(theta, q, r, inputs[k], _still if nudge is None else partial(nudge, k), products)
        q, r = moment.position, moment.momentum
        meter.count(q.shape[:-1], moment.evaluations)
        if keep:
            midpoints.append(moment.midpoint)
            momenta.append(r)
        if moment.product is not None:
            total = moment.product if total is None else total + moment.product
    if not keep:
        return Passage(q, r, None, None, total)
    turn = -1 if descending else 1
    return Passage(q, r, np.stack(midpoints[::turn]), np.stack(momenta[::turn]), total)


def _still(x: Numbers) -> Numbers:
    return np.zeros_like(x)
