"""The Legendre transform, both ways and numerically (paper definition 1, theorem 5).

    p = dL/dv (q, v)      H(q, p) = p . v - L(q, v)        forward: v is solved for
    v = dH/dp (q, p)      L(q, v) = p . v - H(q, p)        backward: p is solved for

Derivatives need no more than that solution, since H is stationary in v:

    dH/dq = -dL/dq        dH/dp = v        dH/dtheta = -dL/dtheta.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .derivatives import Numbers
from .forms import Hamiltonian, Lagrangian
from .functions import Inverse


@dataclass(frozen=True)
class LegendreHamiltonian:
    """The forward transform of any `forms.Lagrangian`."""

    lagrangian: Lagrangian

    analytic = False

    @property
    def separable(self) -> bool:
        return self.lagrangian.separable

    def energy(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        v = self.lagrangian.velocity(q, p, u, theta)
        total: Numbers = np.sum(p * v, axis=-1) - self.lagrangian.value(q, v, u, theta)
        return total

    def by_position(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return -self.lagrangian.by_position(q, self.lagrangian.velocity(q, p, u, theta), u, theta)

    def by_momentum(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return self.lagrangian.velocity(q, p, u, theta)

    def by_parameter(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return -self.lagrangian.by_parameter(q, self.lagrangian.velocity(q, p, u, theta), u, theta)


@dataclass(frozen=True)
class LegendreLagrangian:
    """The backward transform of any `forms.Hamiltonian`."""

    hamiltonian: Hamiltonian

    analytic = False

    @cached_property
    def _inverse(self) -> Inverse:
        return Inverse(self.hamiltonian.by_momentum)

    @property
    def separable(self) -> bool:
        return self.hamiltonian.separable

    def value(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        p = self.by_velocity(q, v, u, theta)
        total: Numbers = np.sum(p * v, axis=-1) - self.hamiltonian.energy(q, p, u, theta)
        return total

    def by_position(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return -self.hamiltonian.by_position(q, self.by_velocity(q, v, u, theta), u, theta)

    def by_velocity(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return self._inverse(q, v, u, theta)

    def by_parameter(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return -self.hamiltonian.by_parameter(q, self.by_velocity(q, v, u, theta), u, theta)

    def velocity(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return self.hamiltonian.by_momentum(q, p, u, theta)
