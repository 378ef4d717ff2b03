"""The array's leapfrog in floating point, compiled: what becomes of reversal where sums round and nothing wraps.

One time step with input k is, for any of the four Hamiltonians,

    phi_h = phi + delta/2 mu pi        pi' = pi - delta [ A phi_h + C tanh(W phi_h + z_k) + f_k ]        phi' = phi_h + delta/2 mu pi'

in the precision of the arrays that it is given. Source: docs/architecture.md, one time step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.hamiltonian import Hamiltonian, Parameter

from .kernel import compiled

Floats = NDArray[np.floating[Any]]


class System(NamedTuple):
    """A Hamiltonian with its parameters and inputs, all arrays of one precision.

    Members
    -------
    inverse_mass : (N,), mu
    linear : (N, N), A
    inner, outer : (H, N) and (N, H), W and C; H = 0 without an activation
    argument, force : (P, H) and (P, N), z_k and f_k of the P inputs, which are taken again and again
    """

    inverse_mass: Floats
    linear: Floats
    inner: Floats
    outer: Floats
    argument: Floats
    force: Floats


def system(hamiltonian: Hamiltonian, parameters: Mapping[Parameter, Floats], inputs: Floats, precision: type[np.floating[Any]]) -> System:
    """The system in that precision.

    Parameters
    ----------
    parameters : real values of every parameter of the Hamiltonian
    inputs : (P, M)
    precision : np.float32 or np.float64
    """
    mu = parameters[Parameter.INVERSE_MASS]
    n, drive = len(mu), inputs @ parameters[Parameter.INPUT_WEIGHT].T
    still = np.zeros_like(drive)
    match hamiltonian:
        case Hamiltonian.SPRINGS | Hamiltonian.LINEAR:
            springs = hamiltonian is Hamiltonian.SPRINGS
            linear = parameters[Parameter.COUPLING] if springs else np.diag(parameters[Parameter.STIFFNESS])
            parts: tuple[Floats, ...] = (mu, linear, np.zeros((0, n)), np.zeros((n, 0)), np.zeros((len(inputs), 0)), -drive)
        case Hamiltonian.DIAGONAL:
            inner = np.diag(parameters[Parameter.GAIN])
            parts = (mu, np.diag(parameters[Parameter.STIFFNESS]), inner, np.eye(n), drive + parameters[Parameter.BIAS], still)
        case Hamiltonian.DENSE:
            inner = parameters[Parameter.COUPLING]
            parts = (mu, np.diag(parameters[Parameter.STIFFNESS]), inner, inner.T, drive + parameters[Parameter.BIAS], still)
    return System(*(np.ascontiguousarray(part, precision) for part in parts))


@compiled
def walk(system: System, phi: Floats, pi: Floats, delta: Any, half: Any, steps: int, descending: bool) -> None:
    """Take ``steps`` steps in place, with inputs 0, 1, ... or steps - 1, ..., 0, modulo their number. ``half`` is ``delta / 2``."""
    mu, linear, inner, outer, argument, force = system
    n, hidden, period = phi.shape[0], inner.shape[0], force.shape[0]
    y = np.zeros_like(inner[:, 0])
    for step in range(steps):
        k = (steps - 1 - step if descending else step) % period
        for i in range(n):
            phi[i] += half * mu[i] * pi[i]
        for h in range(hidden):
            z = argument[k, h]
            for j in range(n):
                z += inner[h, j] * phi[j]
            y[h] = math.tanh(z)
        for i in range(n):
            total = force[k, i]
            for j in range(n):
                total += linear[i, j] * phi[j]
            for h in range(hidden):
                total += outer[i, h] * y[h]
            pi[i] -= delta * total
        for i in range(n):
            phi[i] += half * mu[i] * pi[i]


def there_and_back(system: System, position: Floats, momentum: Floats, s: int, steps: int) -> tuple[Floats, Floats]:
    """Where a state is after ``steps`` steps of ``2**-s``, a flip, the same steps back, and another flip: (N,) positions and momenta."""
    kind = system.inverse_mass.dtype.type
    phi, pi = position.astype(kind), momentum.astype(kind)
    for descending in (False, True):
        walk(system, phi, pi, kind(2.0**-s), kind(2.0 ** -(s + 1)), steps, descending)
        pi = -pi
    return phi, pi
