"""The golden model: the array's arithmetic, one context, written from the equations in int64. Slow, and the judge of all else.

One time step of a separable Hamiltonian H = sum mu pi^2 / 2 + V(phi, u), delta = 2^-s, is a palindrome of integer shears:

    phi_h = phi + D(pi)                 D(pi) = round(delta/2 mu pi), odd; 0 for the most negative code, which is its own negative
    pi'   = pi - K + n                  K = round(delta F), F = dV/dphi at x = operand(phi_h) and u; n = the nudge
    phi'  = phi_h + D(pi')

All sums wrap modulo 2^width: nothing is lost, so flipping pi and running the same steps the other way returns the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.formats import Formats
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter, Product
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run

Ints = NDArray[np.int64]

#: No sum below may leave this range, or int64 itself would wrap in silence.
HEADROOM = 1 << 62


def nearest(value: Ints, shift: int) -> Ints:
    """value / 2^shift to the nearest integer, ties to even."""
    quotient = value >> shift
    twice_rest = 2 * (value - (quotient << shift))
    unit = 1 << shift
    up: Ints = ((twice_rest > unit) | ((twice_rest == unit) & (quotient % 2 == 1))).astype(np.int64)
    return quotient + up


def wrapped(value: Ints, width: int) -> Ints:
    """The representative of value modulo 2^width in [-2^(width-1), 2^(width-1))."""
    return (value + (1 << (width - 1))) % (1 << width) - (1 << (width - 1))


def exact(value: Ints) -> Ints:
    """value, or OverflowError if it may have left int64's safe range."""
    if np.any(np.abs(value) >= HEADROOM):
        raise OverflowError("a sum in the golden model left 62 bits: the formats are too wide for it")
    return value


@dataclass
class Golden:
    """One context of the array, and the accumulators.

    Members
    -------
    parameter : Parameter -> (N, N), (N, M) or (N,) codes in the weight format
    table : (segments, 3) rows value, rise, conjugate
    s : time step delta = 2^-s
    phi, pi : (N,) codes in the state format
    product : Product -> accumulated integers, modulo 2^accumulator
    overflow, clip : sticky: the state wrapped; the state was clipped where it entered a product
    """

    hamiltonian: Hamiltonian
    s: int
    formats: Formats
    parameter: Mapping[Parameter, Ints]
    table: Ints
    phi: Ints
    pi: Ints
    product: dict[Product, Ints] = field(default_factory=dict)
    overflow: bool = False
    clip: bool = False

    def flip(self) -> None:
        """pi -> -pi."""
        self.pi = wrapped(-self.pi, self.formats.state.width)

    def run(self, run: Run, inputs: Ints, nudges: Ints, trace: Ints | None = None) -> None:
        """Take ``run.steps`` steps; inputs (T, M), nudges (T, N) or (1, N), trace (T, N) written; all indexed from 0."""
        order = range(run.steps) if run.direction is Direction.ASCENDING else reversed(range(run.steps))
        for k in order:
            match run.nudge:
                case Nudge.STREAM:
                    nudge = nudges[k]
                case Nudge.HOLD:
                    nudge = nudges[0]
                case Nudge.IMPULSE if k == run.steps - 1:
                    nudge = nudges[0]
                case _:
                    nudge = np.zeros_like(self.pi)
            midpoint = self.step(inputs[k], -nudge if run.negate else nudge, run.accumulate, run.shift)
            if trace is not None:
                trace[k] = midpoint

    def step(self, u: Ints, nudge: Ints, accumulate: Accumulate = Accumulate.OFF, shift: int = 0) -> Ints:
        """One time step; returns the midpoint phi_h."""
        before = self.pi
        phi_h = self._state(self.phi + self._drift(before))
        x = self._operand(phi_h)
        force, z = self._force(x, u)
        kick = nearest(exact(force), self.formats.kick_shift(self.s))
        self.pi = self._state(before - kick + nudge)
        self.phi = self._state(phi_h + self._drift(self.pi))
        if accumulate is not Accumulate.OFF:
            self._accumulate(1 if accumulate is Accumulate.ADD else -1, shift, x, u, z, before)
        return phi_h

    def _state(self, value: Ints) -> Ints:
        result = wrapped(value, self.formats.state.width)
        self.overflow |= bool(np.any(result != value))
        return result

    def _operand(self, value: Ints) -> Ints:
        rounded = nearest(value, self.formats.operand_shift)
        limit = self.formats.operand.highest
        self.clip |= bool(np.any(np.abs(rounded) > limit))
        return np.clip(rounded, -limit, limit)

    def _drift(self, pi: Ints) -> Ints:
        product = exact(self.parameter[Parameter.INVERSE_MASS] * pi)
        half = nearest(product, self.formats.drift_shift(self.s))
        return np.where(pi == self.formats.state.lowest, 0, half)

    def _force(self, x: Ints, u: Ints) -> tuple[Ints, Ints]:
        """F = dV/dphi and z, both with `Formats.sum_fraction` fractional bits."""
        p, f = self.parameter, self.formats
        zero = np.zeros_like(x)
        match self.hamiltonian:
            case Hamiltonian.SPRINGS:  # F = K phi - B u
                return (p[Parameter.COUPLING] @ x - p[Parameter.INPUT_WEIGHT] @ u) << f.align_shift, zero
            case Hamiltonian.LINEAR:  # F = a phi - B u
                return (p[Parameter.STIFFNESS] * x - p[Parameter.INPUT_WEIGHT] @ u) << f.align_shift, zero
            case Hamiltonian.DIAGONAL:  # F = a phi + tanh z, z = w phi + B u + b
                z = (p[Parameter.GAIN] * x + p[Parameter.INPUT_WEIGHT] @ u) << f.align_shift
                z = exact(z + (p[Parameter.BIAS] << f.activation.fraction))
                return (p[Parameter.STIFFNESS] * x << f.align_shift) + (self._activation(z)[0] << f.weight.fraction), z
            case Hamiltonian.DENSE:  # F = a phi + W^T tanh z, z = W phi + B u + b
                z = (p[Parameter.COUPLING] @ x + p[Parameter.INPUT_WEIGHT] @ u) << f.align_shift
                z = exact(z + (p[Parameter.BIAS] << f.activation.fraction))
                return (p[Parameter.STIFFNESS] * x << f.align_shift) + p[Parameter.COUPLING].T @ self._activation(z)[0], z

    def _activation(self, z: Ints) -> tuple[Ints, Ints]:
        """The table's piecewise linear y(z), and c = y z - q, q its integral, in units of lsb x half a segment."""
        f = self.formats
        limit = (1 << (f.table_width - 1)) - 1
        code = np.clip(nearest(z, f.table_shift), -limit, limit)
        unit = f.multiplier - 1
        segment = (code >> unit) + f.segments // 2
        offset = code % (1 << unit)
        value, rise, conjugate = self.table[segment].T
        risen = nearest(rise * offset, unit)
        place = (2 * code - offset) >> f.segment_bits  # 2 j + t, as fine as the multiplier takes it
        return value + risen, conjugate + nearest(risen * place, f.conjugate_shift)

    def _accumulate(self, sign: int, shift: int, x: Ints, u: Ints, z: Ints, before: Ints) -> None:
        """Products at the midpoint, dV/dtheta up to constants; kinetic ones before and after the kick."""
        terms: dict[Product, Ints] = {Product.KINETIC: self._operand(before) ** 2 + self._operand(self.pi) ** 2}
        match self.hamiltonian:
            case Hamiltonian.SPRINGS:
                terms |= {Product.COUPLING: np.outer(x, x), Product.INPUT_WEIGHT: np.outer(x, u)}
            case Hamiltonian.LINEAR:
                terms |= {Product.STIFFNESS: x**2, Product.INPUT_WEIGHT: np.outer(x, u)}
            case Hamiltonian.DIAGONAL:
                y, conjugate = self._activation(z)
                terms |= {Product.STIFFNESS: x**2, Product.GAIN: conjugate, Product.INPUT_WEIGHT: np.outer(y, u), Product.BIAS: y}
            case Hamiltonian.DENSE:
                y, _ = self._activation(z)
                terms |= {Product.COUPLING: np.outer(y, x), Product.STIFFNESS: x**2}
                terms |= {Product.INPUT_WEIGHT: np.outer(y, u), Product.BIAS: y}
        for name, term in terms.items():
            self.product[name] = self._modulo(self.product.get(name, np.zeros_like(term)), sign * term, shift)

    def _modulo(self, total: Ints, term: Ints, shift: int) -> Ints:
        """total + term 2^shift modulo 2^accumulator, in unsigned arithmetic, which wraps by definition."""
        width = np.uint64(64 - self.formats.accumulator)
        result = total.view(np.uint64) + (term.astype(np.int64).view(np.uint64) << np.uint64(shift))
        return (result << width).view(np.int64) >> width.view(np.int64)
