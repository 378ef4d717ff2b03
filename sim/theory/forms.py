"""The two descriptions of one mechanical system, as sets of functions.

N oscillators, M inputs, P parameters. Every function takes arrays whose last axis is theirs and whose leading axes
broadcast; an ``analytic`` form takes complex numbers as well, so that derivatives of it are exact (`derivatives`).
"""

from __future__ import annotations

from typing import Protocol

from .derivatives import Numbers


class Hamiltonian(Protocol):
    """H(q, p, u; theta), even in p: then the motion is reversible (paper eq. 25)."""

    @property
    def analytic(self) -> bool:
        """Whether the functions take complex numbers."""

    @property
    def separable(self) -> bool:
        """Whether H = T(p; theta) + V(q, u; theta), which an explicit leapfrog needs."""

    def energy(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        """H, (...)."""

    def by_position(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        """dH/dq, (..., N): minus the force."""

    def by_momentum(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        """dH/dp, (..., N): the velocity."""

    def by_parameter(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        """dH/dtheta, (..., P): what an echo accumulates."""


class Lagrangian(Protocol):
    """L(q, v, u; theta), even in v: then the motion is reversible (paper eq. 32)."""

    @property
    def analytic(self) -> bool:
        """Whether the functions take complex numbers."""

    @property
    def separable(self) -> bool:
        """Whether L = T(v; theta) - V(q, u; theta), which an explicit leapfrog needs."""

    def value(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        """L, (...)."""

    def by_position(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        """dL/dq, (..., N): the force."""

    def by_velocity(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        """dL/dv, (..., N): the momentum (paper eq. 37)."""

    def by_parameter(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        """dL/dtheta, (..., P)."""

    def velocity(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        """The v at which dL/dv = p, (..., N)."""
