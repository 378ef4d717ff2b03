"""Uncoupled oscillators in float64, compiled: a run, backpropagation through it, and its echo, for many sequences at a time.

One time step of the array's leapfrog, with the drive d_k = B u_k, or B u_k + b where there is a gain w:

    phi_h = phi + delta/2 mu pi        pi' = pi - delta F(phi_h, d_k)        phi' = phi_h + delta/2 mu pi'
    F = a phi_h - d_k  (LINEAR)        F = a phi_h + tanh(w phi_h + d_k)  (DIAGONAL)

Each oscillator is by itself, so that a gradient by (mu, a, w, d) is all there is; what made d is the caller's. Sources:
docs/architecture.md, one time step; the echo's formulas: `host.echo`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .kernel import compiled

Floats = NDArray[np.float64]
Lengths = NDArray[np.int64]

LOG2 = math.log(2.0)


class Oscillators(NamedTuple):
    """N of them. ``gain`` is (N,), w, or (0,) for LINEAR; the others are (N,)."""

    inverse_mass: Floats
    stiffness: Floats
    gain: Floats


class Slopes(NamedTuple):
    """dL/d(...), summed over sequences: ``inverse_mass``, ``stiffness``, ``gain`` as in `Oscillators`; ``drive`` (B, T, N)."""

    inverse_mass: Floats
    stiffness: Floats
    gain: Floats
    drive: Floats


def no_slopes(system: Oscillators, drive: Floats) -> Slopes:
    return Slopes(*(np.zeros_like(part) for part in (*system, drive)))


@compiled
def run(system: Oscillators, delta: float, lengths: Lengths, drive: Floats, midpoints: Floats, momenta: Floats, end: Floats) -> None:
    """From rest through each sequence's own number of steps.

    Parameters
    ----------
    lengths : (B,), at most T
    drive : (B, T, N)
    midpoints : (B, T, N), is filled in up to each sequence's length
    momenta : (B, T + 1, N), is filled in, too, if it is of that size; (B, 0, N) keeps none
    end : (2, B, N), takes phi and pi after the last step
    """
    mu, a, w = system
    half, linear, kept = delta / 2, w.shape[0] == 0, momenta.shape[1] > 0
    for b in range(drive.shape[0]):
        phi, pi = end[0, b], end[1, b]
        phi[:] = 0.0
        pi[:] = 0.0
        if kept:
            momenta[b, 0] = pi
        for k in range(lengths[b]):
            d, x = drive[b, k], midpoints[b, k]
            for i in range(phi.shape[0]):
                x[i] = phi[i] + half * mu[i] * pi[i]
                y = -d[i] if linear else math.tanh(w[i] * x[i] + d[i])
                pi[i] -= delta * (a[i] * x[i] + y)
                phi[i] = x[i] + half * mu[i] * pi[i]
            if kept:
                momenta[b, k + 1] = pi


@compiled
def backpropagate(
    system: Oscillators, delta: float, lengths: Lengths, drive: Floats, midpoints: Floats, momenta: Floats, slope: Floats, found: Slopes
) -> None:
    """The transpose of `run`, which has filled in ``midpoints`` and ``momenta``, for ``slope`` = dL/d(midpoints), (B, T, N); adds to
    ``found``."""
    mu, a, w = system
    half, linear = delta / 2, w.shape[0] == 0
    for b in range(drive.shape[0]):
        by_phi, by_pi = np.zeros_like(mu), np.zeros_like(mu)
        for k in range(lengths[b] - 1, -1, -1):
            for i in range(mu.shape[0]):
                x, after = midpoints[b, k, i], by_phi[i]
                by_kicked = by_pi[i] + half * mu[i] * after
                by_force = -delta * by_kicked
                pulled = by_force * a[i]
                if linear:
                    found.drive[b, k, i] = -by_force
                else:
                    y = math.tanh(w[i] * x + drive[b, k, i])
                    by_z = by_force * (1.0 - y * y)
                    pulled += by_z * w[i]
                    found.gain[i] += by_z * x
                    found.drive[b, k, i] = by_z
                by_x = after + slope[b, k, i] + pulled
                found.stiffness[i] += by_force * x
                found.inverse_mass[i] += half * (momenta[b, k + 1, i] * after + momenta[b, k, i] * by_x)
                by_phi[i] = by_x
                by_pi[i] = by_kicked + half * mu[i] * by_x


@compiled
def echo(
    system: Oscillators, delta: float, lengths: Lengths, drive: Floats, end: Floats, slope: Floats, eps: Floats, found: Slopes
) -> None:
    """Two nudged returns from ``end`` of `run`, n_k = -(+-eps) dL/dphi_h[k]; adds ``delta / (2 eps) [dV(+) - dV(-)]`` to ``found``.

    Parameters
    ----------
    eps : (B,), each sequence's own, positive
    slope : dL/d(midpoints), (B, T, N), taken on the free run
    """
    mu, a, w = system
    half, linear = delta / 2, w.shape[0] == 0
    for b in range(drive.shape[0]):
        for sign in (1.0, -1.0):
            phi, pi = end[0, b].copy(), -end[1, b]
            weight = sign * delta / (2.0 * eps[b])
            for k in range(lengths[b] - 1, -1, -1):
                for i in range(mu.shape[0]):
                    before, x = pi[i], phi[i] + half * mu[i] * pi[i]
                    if linear:
                        y = -drive[b, k, i]
                        found.drive[b, k, i] -= weight * x
                    else:
                        z = w[i] * x + drive[b, k, i]
                        y = math.tanh(z)
                        potential = abs(z) + math.log1p(math.exp(-2.0 * abs(z))) - LOG2
                        found.gain[i] += weight * (x * y / w[i] - potential / (w[i] * w[i]))
                        found.drive[b, k, i] += weight * y / w[i]
                    pi[i] -= delta * (a[i] * x + y) + sign * eps[b] * slope[b, k, i]
                    phi[i] = x + half * mu[i] * pi[i]
                    found.stiffness[i] += weight * x * x / 2.0
                    found.inverse_mass[i] += weight * (before * before + pi[i] * pi[i]) / 4.0
