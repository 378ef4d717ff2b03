"""Boundary conditions: 2 N linear ones on the start z_0 = (q_0, p_0) and the end z_T = (q_T, p_T),

    A_0 z_0 + A_T z_T = c.

c is such that the free problem's solution is the system's own motion from its start; so all boundary conditions share one free
trajectory, and differ in what stays put when theta or the nudge changes.

GLEP's residual (theorem 2) is omega(dz/dbeta, dz/dtheta) at T minus the same at 0, omega(a, b) = a_p . b_q - b_p . a_q. Both changes
obey A_0 dz_0 + A_T dz_T = 0. Hence it vanishes for every system and loss exactly if the conditions are self-adjoint,

    A_0 J A_0^t = A_T J A_T^t,

which `Boundary.defect` measures: 0 for both positions, both momenta, one of each, or a period; not for a start alone or an end alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from .derivatives import Floats
from .errors import TheoryError


@dataclass(frozen=True)
class Boundary:
    """``start`` is A_0 and ``end`` is A_T, (2 N, 2 N) each; columns are positions, then momenta."""

    start: Floats
    end: Floats

    def defect(self) -> float:
        """Size of A_0 J A_0^t - A_T J A_T^t, for conditions made orthonormal; sqrt(2 N) for a start alone."""
        rows, _ = np.linalg.qr(np.hstack([self.start, self.end]).T)
        a, b = np.split(rows.T, 2, axis=1)
        n = len(a) // 2
        turn = np.block([[np.zeros((n, n)), np.eye(n)], [-np.eye(n), np.zeros((n, n))]])
        return float(np.linalg.norm(a @ turn @ a.T - b @ turn @ b.T))


def _select(n: int, start: str, end: str) -> Boundary:
    """Conditions that fix whole vectors: "q", "p", both or none of them, at either end."""
    unit, zero = np.eye(n), np.zeros((n, n))
    picked = {"q": np.hstack([unit, zero]), "p": np.hstack([zero, unit])}
    none = np.zeros((n, 2 * n))
    return Boundary(
        np.vstack([*(picked[name] for name in start), *(none for _ in end)]),
        np.vstack([*(none for _ in start), *(picked[name] for name in end)]),
    )


def _split(n: int) -> Boundary:
    """The first half of the oscillators has its start fixed, the others their end."""
    first = np.tile(np.arange(n) < (n + 1) // 2, 2)
    return Boundary(np.diag(first * 1.0), np.diag(~first * 1.0))


def blend(n: int, angle: float) -> Boundary:
    """q_0 and cos(angle) p_0 + sin(angle) q_T: from an initial value problem (0) to a boundary value problem (pi / 2)."""
    fixed = _select(n, "q", "q")
    start, end = fixed.start.copy(), fixed.end * np.sin(angle)
    start[n:, n:] = np.cos(angle) * np.eye(n)
    end[:n] = 0.0
    return Boundary(start, end)


#: Name -> the conditions for N oscillators.
BOUNDARIES: MappingProxyType[str, Callable[[int], Boundary]] = MappingProxyType(
    {
        "initial": lambda n: _select(n, "qp", ""),
        "final": lambda n: _select(n, "", "qp"),
        "position": lambda n: _select(n, "q", "q"),
        "momentum": lambda n: _select(n, "p", "p"),
        "position-momentum": lambda n: _select(n, "q", "p"),
        "momentum-position": lambda n: _select(n, "p", "q"),
        "periodic": lambda n: Boundary(np.eye(2 * n), -np.eye(2 * n)),
        "split": _split,
    }
)


def boundary_of(given: str | Boundary, oscillators: int) -> Boundary:
    """A boundary by its name, or the given one, checked."""
    if isinstance(given, str):
        if given not in BOUNDARIES:
            raise TheoryError(f"no boundary {given!r}: choose from {', '.join(BOUNDARIES)}, or give a Boundary")
        return BOUNDARIES[given](oscillators)
    shape = (2 * oscillators, 2 * oscillators)
    if given.start.shape != shape or given.end.shape != shape:
        raise TheoryError(f"a boundary of {oscillators} oscillators needs matrices {shape}, not {given.start.shape} and {given.end.shape}")
    return given
