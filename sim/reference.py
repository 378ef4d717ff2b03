"""Backpropagation through time of the same discrete system in float64: the gradient that an echo has to return.

The forward map is the array's own leapfrog without any rounding,

    phi_h = phi + delta/2 mu pi        pi' = pi - delta F(phi_h, u)        phi' = phi_h + delta/2 mu pi'

and the backward map its transpose, written by hand. The activation is the device's table read as a real function, or exact tanh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.formats import Formats
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tape:
    """What a backward pass needs of a forward one. B samples, T steps, N oscillators, M inputs.

    Members
    -------
    parameters : as given to `Reference.forward`
    inputs : (B, T, M)
    active : (B, T), whether step k lies within the sample's length
    midpoints : (B, T, N), phi_h; past a sample's length, unspecified
    momenta : (B, T + 1, N), pi before each step and after the last
    position : (B, N), phi at each sample's end
    """

    parameters: Mapping[Parameter, Floats]
    inputs: Floats
    active: NDArray[np.bool_]
    midpoints: Floats
    momenta: Floats
    position: Floats

    @property
    def momentum(self) -> Floats:
        """pi at each sample's end, (B, N)."""
        return self.momenta[:, -1]


@dataclass(frozen=True)
class ReferenceGradient:
    """dL/d(...): parameters summed over the batch; position0, momentum0 (B, N); inputs (B, T, M)."""

    parameters: dict[Parameter, Floats]
    position0: Floats
    momentum0: Floats
    inputs: Floats


class Activation:
    """y(z) and y'(z): piecewise linear through the rows of a device's table, or tanh where there are none."""

    def __init__(self, rows: Sequence[Sequence[int]] | None, formats: Formats) -> None:
        self._table = None if rows is None else np.asarray(rows, dtype=np.float64) * formats.activation.lsb
        self._limit = 2.0**formats.table_range
        self._step = 2 * self._limit / formats.segments
        self._last = formats.segments - 1

    def __call__(self, z: Floats) -> tuple[Floats, Floats]:
        if self._table is None:
            y = np.tanh(z)
            return y, 1 - y**2
        place = (z + self._limit) / self._step
        segment = np.clip(np.floor(place), 0, self._last).astype(np.int64)
        value, rise = self._table[segment, 0], self._table[segment, 1]
        slope = np.where(np.abs(z) < self._limit, rise / self._step, 0.0)
        return value + rise * np.clip(place - segment, 0.0, 1.0), slope


class Reference:
    """One Hamiltonian at one time step, in float64.

    Parameters
    ----------
    hamiltonian : which potential
    s : time step ``delta = 2**-s``
    table_rows : rows of the device's activation table (`spec.activation.Row` or (segments, 3) integers); None for exact tanh
    formats : what the rows' integers mean
    """

    def __init__(self, hamiltonian: Hamiltonian, s: int, table_rows: Sequence[Sequence[int]] | None, formats: Formats) -> None:
        self.hamiltonian = hamiltonian
        self.delta = 2.0**-s
        self._activation = Activation(table_rows, formats)

    def forward(
        self,
        parameters: Mapping[Parameter, Floats],
        inputs: Floats,
        lengths: NDArray[np.int64],
        position0: Floats,
        momentum0: Floats,
    ) -> Tape:
        """Take every sample through its own number of steps.

        Parameters
        ----------
        parameters : real values of every parameter of the Hamiltonian; shapes as in `Parameter`
        inputs : (B, T, M)
        lengths : (B,), steps of each sample, at most T
        position0, momentum0 : (B, N)
        """
        batch, steps, _ = inputs.shape
        half = self.delta / 2 * parameters[Parameter.INVERSE_MASS]
        phi, pi = np.array(position0, dtype=np.float64), np.array(momentum0, dtype=np.float64)
        active = np.arange(steps) < np.asarray(lengths)[:, None]
        midpoints = np.zeros((batch, steps, phi.shape[1]))
        momenta = np.zeros((batch, steps + 1, phi.shape[1]))
        momenta[:, 0] = pi
        for k in range(steps):
            midpoint = phi + half * pi
            kicked = pi - self.delta * self._force(parameters, midpoint, inputs[:, k])
            here = active[:, k, None]
            phi = np.where(here, midpoint + half * kicked, phi)
            pi = np.where(here, kicked, pi)
            midpoints[:, k], momenta[:, k + 1] = midpoint, pi
        return Tape(parameters, inputs, active, midpoints, momenta, phi)

    def backward(self, tape: Tape, midpoint_gradient: Floats, end: tuple[Floats, Floats] | None = None) -> ReferenceGradient:
        """Gradient of a loss whose partial derivative with respect to the midpoints is ``midpoint_gradient``, (B, T, N), and with respect
        to the positions and momenta at the end is ``end``, (B, N) each, zero if None: so that a long run may go back in pieces."""
        p = tape.parameters
        mu = p[Parameter.INVERSE_MASS]
        half = self.delta / 2
        total = {name: np.zeros_like(p[name], dtype=np.float64) for name in DEFINITIONS[self.hamiltonian].parameters}
        by_input = np.zeros_like(tape.inputs, dtype=np.float64)
        by_phi, by_pi = (np.zeros_like(tape.position), np.zeros_like(tape.position)) if end is None else end
        for k in reversed(range(tape.inputs.shape[1])):
            here = tape.active[:, k, None]
            after = np.where(here, by_phi, 0.0)
            by_kicked = np.where(here, by_pi, 0.0) + half * mu * after
            by_force = -self.delta * by_kicked
            pulled, by_input[:, k], terms = self._pull_back(p, tape.midpoints[:, k], tape.inputs[:, k], by_force)
            by_midpoint = after + np.where(here, midpoint_gradient[:, k], 0.0) + pulled
            for name, term in terms.items():
                total[name] += term
            total[Parameter.INVERSE_MASS] += half * np.sum(tape.momenta[:, k + 1] * after + tape.momenta[:, k] * by_midpoint, axis=0)
            by_phi = np.where(here, by_midpoint, by_phi)
            by_pi = np.where(here, by_kicked + half * mu * by_midpoint, by_pi)
        return ReferenceGradient(total, by_phi, by_pi, by_input)

    def _force(self, p: Mapping[Parameter, Floats], x: Floats, u: Floats) -> Floats:
        """F = dV/dphi, (B, N)."""
        drive = u @ p[Parameter.INPUT_WEIGHT].T
        match self.hamiltonian:
            case Hamiltonian.SPRINGS:
                return x @ p[Parameter.COUPLING].T - drive
            case Hamiltonian.LINEAR:
                return p[Parameter.STIFFNESS] * x - drive
            case Hamiltonian.DIAGONAL:
                return p[Parameter.STIFFNESS] * x + self._activation(p[Parameter.GAIN] * x + drive + p[Parameter.BIAS])[0]
            case Hamiltonian.DENSE:
                y, _ = self._activation(x @ p[Parameter.COUPLING].T + drive + p[Parameter.BIAS])
                return p[Parameter.STIFFNESS] * x + y @ p[Parameter.COUPLING]

    def _pull_back(
        self, p: Mapping[Parameter, Floats], x: Floats, u: Floats, by_force: Floats
    ) -> tuple[Floats, Floats, dict[Parameter, Floats]]:
        """Transpose of the force's derivative: by position (B, N), by input (B, M), by parameter (summed over the batch)."""
        b = p[Parameter.INPUT_WEIGHT]
        if self.hamiltonian in (Hamiltonian.SPRINGS, Hamiltonian.LINEAR):
            terms = {Parameter.INPUT_WEIGHT: -by_force.T @ u}
            if self.hamiltonian is Hamiltonian.SPRINGS:
                terms[Parameter.COUPLING] = by_force.T @ x
                return by_force @ p[Parameter.COUPLING], -by_force @ b, terms
            terms[Parameter.STIFFNESS] = np.sum(by_force * x, axis=0)
            return by_force * p[Parameter.STIFFNESS], -by_force @ b, terms
        terms = {Parameter.STIFFNESS: np.sum(by_force * x, axis=0)}
        if self.hamiltonian is Hamiltonian.DIAGONAL:
            _, slope = self._activation(p[Parameter.GAIN] * x + u @ b.T + p[Parameter.BIAS])
            by_z = by_force * slope
            terms[Parameter.GAIN] = np.sum(by_z * x, axis=0)
            pulled = by_z * p[Parameter.GAIN]
        else:
            w = p[Parameter.COUPLING]
            y, slope = self._activation(x @ w.T + u @ b.T + p[Parameter.BIAS])
            by_z = (by_force @ w.T) * slope
            terms[Parameter.COUPLING] = by_z.T @ x + y.T @ by_force
            pulled = by_z @ w
        terms |= {Parameter.INPUT_WEIGHT: by_z.T @ u, Parameter.BIAS: np.sum(by_z, axis=0)}
        return pulled + by_force * p[Parameter.STIFFNESS], by_z @ b, terms
