"""The array's four Hamiltonians over real numbers, H = sum mu_i p_i^2 / 2 + V(q, u; theta), and their Lagrangians.

The potentials are those of `spec.hamiltonian`. Their matrices are plain parameters here: the springs' K need not be symmetric, V takes
its symmetric part, and dV/dK is the derivative by each entry.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loschmidt.spec import hamiltonian as spec

from .derivatives import Floats, Numbers
from .errors import TheoryError

Kind = spec.Hamiltonian
Parameter = spec.Parameter


def _times(matrix: Numbers, vector: Numbers) -> Numbers:
    """Matrix times vector over the last axes."""
    product: Numbers = (matrix @ vector[..., None])[..., 0]
    return product


def _outer(left: Numbers, right: Numbers) -> Numbers:
    product: Numbers = left[..., :, None] * right[..., None, :]
    return product.reshape(*product.shape[:-2], -1)


def _logcosh(z: Numbers) -> Numbers:
    value: Numbers = np.log(np.cosh(z))
    return value


@dataclass(frozen=True)
class Natural:
    """One of the four, with N oscillators and M inputs; a `forms.Hamiltonian`. theta is what `DEFINITIONS` lists, flattened."""

    kind: Kind
    oscillators: int
    inputs: int

    analytic = True
    separable = True

    @property
    def shapes(self) -> dict[Parameter, tuple[int, ...]]:
        """Shape of each parameter, in the order they have in theta."""
        n, m = self.oscillators, self.inputs
        matrices = {Parameter.COUPLING: (n, n), Parameter.INPUT_WEIGHT: (n, m)}
        return {name: matrices.get(name, (n,)) for name in spec.DEFINITIONS[self.kind].parameters}

    @property
    def size(self) -> int:
        """P, the length of theta."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def pack(self, parameters: Mapping[Parameter, Floats]) -> Floats:
        """theta, (P,), of named arrays."""
        for name, shape in self.shapes.items():
            if name not in parameters or np.shape(parameters[name]) != shape:
                raise TheoryError(f"{self.kind.name} needs {name.value} of shape {shape}, not {np.shape(parameters.get(name, ()))}")
        return np.concatenate([np.ravel(np.asarray(parameters[name], dtype=np.float64)) for name in self.shapes])

    def unpack(self, theta: Numbers) -> dict[Parameter, Numbers]:
        """Named arrays of theta, (..., P)."""
        found, start = {}, 0
        for name, shape in self.shapes.items():
            end = start + math.prod(shape)
            found[name] = theta[..., start:end].reshape(*theta.shape[:-1], *shape)
            start = end
        return found

    def energy(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        w = self.unpack(theta)
        kinetic = np.sum(w[Parameter.INVERSE_MASS] * p**2, axis=-1) / 2
        drive = _times(w[Parameter.INPUT_WEIGHT], u)
        match self.kind:
            case Kind.SPRINGS:
                potential = np.sum(q * _times(w[Parameter.COUPLING], q) / 2 - q * drive, axis=-1)
            case Kind.LINEAR:
                potential = np.sum(w[Parameter.STIFFNESS] * q**2 / 2 - q * drive, axis=-1)
            case Kind.DIAGONAL:
                z = w[Parameter.GAIN] * q + drive + w[Parameter.BIAS]
                potential = np.sum(w[Parameter.STIFFNESS] * q**2 / 2 + _logcosh(z) / w[Parameter.GAIN], axis=-1)
            case Kind.DENSE:
                z = _times(w[Parameter.COUPLING], q) + drive + w[Parameter.BIAS]
                potential = np.sum(w[Parameter.STIFFNESS] * q**2 / 2 + _logcosh(z), axis=-1)
        total: Numbers = kinetic + potential
        return total

    def by_position(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        w = self.unpack(theta)
        drive = _times(w[Parameter.INPUT_WEIGHT], u)
        force: Numbers
        match self.kind:
            case Kind.SPRINGS:
                coupling = w[Parameter.COUPLING]
                force = _times(coupling + np.swapaxes(coupling, -1, -2), q) / 2 - drive
            case Kind.LINEAR:
                force = w[Parameter.STIFFNESS] * q - drive
            case Kind.DIAGONAL:
                force = w[Parameter.STIFFNESS] * q + np.tanh(w[Parameter.GAIN] * q + drive + w[Parameter.BIAS])
            case Kind.DENSE:
                coupling = w[Parameter.COUPLING]
                y = np.tanh(_times(coupling, q) + drive + w[Parameter.BIAS])
                force = w[Parameter.STIFFNESS] * q + _times(np.swapaxes(coupling, -1, -2), y)
        return force

    def by_momentum(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        velocity: Numbers = self.inverse_mass(theta) * p
        return velocity

    def by_parameter(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        w = self.unpack(theta)
        terms: dict[Parameter, Numbers] = {Parameter.INVERSE_MASS: p**2 / 2, Parameter.STIFFNESS: q**2 / 2}
        match self.kind:
            case Kind.SPRINGS:
                terms |= {Parameter.COUPLING: _outer(q, q) / 2, Parameter.INPUT_WEIGHT: -_outer(q, u)}
            case Kind.LINEAR:
                terms |= {Parameter.INPUT_WEIGHT: -_outer(q, u)}
            case Kind.DIAGONAL:
                gain = w[Parameter.GAIN]
                z = gain * q + _times(w[Parameter.INPUT_WEIGHT], u) + w[Parameter.BIAS]
                y = np.tanh(z) / gain
                terms |= {Parameter.GAIN: y * q - _logcosh(z) / gain**2, Parameter.INPUT_WEIGHT: _outer(y, u), Parameter.BIAS: y}
            case Kind.DENSE:
                y = np.tanh(_times(w[Parameter.COUPLING], q) + _times(w[Parameter.INPUT_WEIGHT], u) + w[Parameter.BIAS])
                terms |= {Parameter.COUPLING: _outer(y, q), Parameter.INPUT_WEIGHT: _outer(y, u), Parameter.BIAS: y}
        used = [terms[name] for name in self.shapes]
        lead = np.broadcast_shapes(*(term.shape[:-1] for term in used))
        return np.concatenate([np.broadcast_to(term, (*lead, term.shape[-1])) for term in used], axis=-1)

    def inverse_mass(self, theta: Numbers) -> Numbers:
        """mu, (..., N): the last in theta."""
        return theta[..., -self.oscillators :]


@dataclass(frozen=True)
class NaturalLagrangian:
    """L = sum v_i^2 / (2 mu_i) - V(q, u; theta), the Legendre transform of `Natural` in closed form; a `forms.Lagrangian`."""

    hamiltonian: Natural

    analytic = True
    separable = True

    def value(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        p = self.by_velocity(q, v, u, theta)
        total: Numbers = np.sum(p * v, axis=-1) - self.hamiltonian.energy(q, p, u, theta)
        return total

    def by_position(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return -self.hamiltonian.by_position(q, v, u, theta)

    def by_velocity(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        momentum: Numbers = v / self.hamiltonian.inverse_mass(theta)
        return momentum

    def by_parameter(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return -self.hamiltonian.by_parameter(q, self.by_velocity(q, v, u, theta), u, theta)

    def velocity(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return self.hamiltonian.by_momentum(q, p, u, theta)
