"""What is differentiated: a mechanical system, its start, its time step, and the loss on its positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .derivatives import Floats, Numbers, jacobian
from .errors import TheoryError
from .forms import Hamiltonian, Lagrangian

#: LEAPFROG: half a drift, kick, half a drift, the array's own; MIDPOINT: the implicit midpoint rule, for H that is not separable.
Scheme = Literal["leapfrog", "midpoint"]


@dataclass(frozen=True)
class Loss:
    """c(x, y) = sum_i w_i (x_i - y_i)^2 / 2 at the midpoints x_k of the steps.

    C = sum_k delta c(x_k, y_k), or c(x_{T-1}, y_{T-1}) alone if ``last``. Weights (N,), or one for all.
    """

    weights: Floats | float = 1.0
    last: bool = False

    def measure(self, steps: int, delta: float) -> Floats:
        """How much each step's c counts, (T,)."""
        if self.last:
            return np.asarray(np.arange(1, steps + 1) == steps, dtype=np.float64)
        return np.full(steps, delta)

    def value(self, x: Numbers, y: Floats) -> Numbers:
        """c, (...)."""
        total: Numbers = np.sum(self.weights * (x - y) ** 2, axis=-1) / 2
        return total

    def slope(self, x: Numbers, y: Floats) -> Numbers:
        """dc/dx, (..., N)."""
        gradient: Numbers = self.weights * (x - y)
        return gradient


@dataclass(frozen=True)
class System:
    """N oscillators that obey H, equivalently L, with P parameters; in double precision.

    Members
    -------
    hamiltonian, lagrangian : the same system twice, each the other's Legendre transform
    theta : (P,)
    position0, momentum0 : (N,), the start, unless ``start`` is given
    delta : time step
    damping : gamma; the momentum obeys dp/dt = -dH/dq - gamma p. The system is reversible only where this is 0
    loss : on the midpoints
    scheme : how time is discretised; both are symplectic, reversible, and observed at the midpoint
    start : theta -> (position0, momentum0), (..., P) -> (..., N) each, for a start that is learned
    """

    hamiltonian: Hamiltonian
    lagrangian: Lagrangian
    theta: Floats
    position0: Floats
    momentum0: Floats
    delta: float = 2.0**-3
    damping: float = 0.0
    loss: Loss = field(default_factory=Loss)
    scheme: Scheme = "leapfrog"
    start: Callable[[Numbers], tuple[Numbers, Numbers]] | None = None

    def __post_init__(self) -> None:
        if np.shape(self.position0) != np.shape(self.momentum0) or np.ndim(self.position0) != 1:
            raise TheoryError(f"position0 and momentum0 must be (N,), not {np.shape(self.position0)} and {np.shape(self.momentum0)}")
        if not self.delta > 0:
            raise TheoryError(f"delta must be positive, not {self.delta}")
        if self.scheme == "leapfrog" and not (self.hamiltonian.separable and self.lagrangian.separable):
            raise TheoryError("leapfrog needs a separable Hamiltonian; take scheme='midpoint'")
        if self.scheme == "midpoint" and self.damping:
            raise TheoryError("damping is discretised for scheme='leapfrog' only")

    @property
    def oscillators(self) -> int:
        """N."""
        return len(self.position0)

    @property
    def analytic(self) -> bool:
        """Whether a whole trajectory takes complex numbers, so that its derivatives are exact."""
        return self.hamiltonian.analytic and self.lagrangian.analytic and self.scheme == "leapfrog"

    def started(self, theta: Numbers) -> tuple[Numbers, Numbers]:
        """Position and momentum at time 0 for theta (..., P); (..., N) each."""
        if self.start is not None:
            return self.start(theta)
        shape = (*theta.shape[:-1], self.oscillators)
        return np.broadcast_to(self.position0, shape), np.broadcast_to(self.momentum0, shape)

    def start_by_parameter(self) -> Floats:
        """d(position0, momentum0) / dtheta, (P, 2 N); zeros unless the start is learned."""
        if self.start is None:
            return np.zeros((len(self.theta), 2 * self.oscillators))
        return jacobian(lambda theta: np.concatenate(self.started(theta), axis=-1), self.theta, analytic=self.analytic)
