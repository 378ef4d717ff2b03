"""Forms made of one plain function, H or L, written with NumPy on the last axis. Its derivatives are taken by `derivatives`, exactly.

The function must be analytic (no abs, no comparison; sqrt, exp, tanh and the like take complex numbers), broadcast over leading axes,
and be even in its second argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .derivatives import Floats, Numbers, along, gradient
from .errors import TheoryError

#: (q, p or v, u, theta), (..., N), (..., N), (..., M), (..., P) -> (...)
Function = Callable[[Numbers, Numbers, Numbers, Numbers], Numbers]

_ROUNDS, _HALVINGS = 60, 40
#: What is left of an equation, relative to its scale: rounding, and as near as will do.
_EXACT, _NEAR = 4e-16, 1e-13


def _by(function: Function, place: int, q: Numbers, r: Numbers, u: Numbers, theta: Numbers) -> Numbers:
    """Gradient by the argument at ``place``."""
    given = [np.asarray(x) for x in (q, r, u, theta)]
    lead = np.broadcast_shapes(*(x.shape[:-1] for x in given))

    def moved(x: Numbers) -> Numbers:
        wide = [x if i == place else each[..., None, :] for i, each in enumerate(given)]
        return function(wide[0], wide[1], wide[2], wide[3])

    point = np.broadcast_to(given[place], (*lead, given[place].shape[-1]))
    return gradient(moved, point)


def inverted(slope: Callable[[Numbers], Numbers], wanted: Floats, guess: Floats) -> Floats:
    """The x at which slope(x) = wanted, all (..., N): Newton's method; a step that leads away, or out of the domain, is halved."""
    x = np.array(np.broadcast_to(guess, wanted.shape), dtype=np.float64)
    unit = np.eye(x.shape[-1])
    scale = 1 + float(np.max(np.abs(wanted)))
    left = slope(x) - wanted
    size = _size(left)
    for _ in range(_ROUNDS):
        if np.max(size) < _EXACT * scale:
            return x
        rows = along(slope, x[..., None, :], unit, analytic=False)
        move = np.linalg.solve(np.swapaxes(rows, -1, -2), left[..., None])[..., 0]
        share = np.ones_like(size)
        for _ in range(_HALVINGS):
            with np.errstate(invalid="ignore", over="ignore"):
                ahead = x - share * move
                off = slope(ahead) - wanted
            better = _size(off) < size
            # Where rounding is all that is left, a shorter step would not be better either.
            if np.all(better | (size < _NEAR * scale)):
                break
            share = np.where(better, share, share / 2)
        x, left = np.where(better, ahead, x), np.where(better, off, left)
        size = _size(left)
        if not np.any(better):
            break
    if np.max(size) < _NEAR * scale:
        return x
    raise TheoryError(f"the Legendre transform found no velocity for a momentum (off by {np.max(size):.1e}): is the function convex there?")


class Inverse:
    """slope(q, r, u, theta) solved for r. It begins where the last solution was, which along a motion is near."""

    def __init__(self, slope: Function) -> None:
        self._slope = slope
        self._asked: tuple[Numbers, ...] = ()
        self._found: Floats | None = None

    def __call__(self, q: Numbers, wanted: Numbers, u: Numbers, theta: Numbers) -> Floats:
        """The r at which the slope is ``wanted``; (..., N)."""
        asked = (q, wanted, u, theta)
        last = self._found
        if last is not None and all(a.shape == b.shape and np.array_equal(a, b) for a, b in zip(asked, self._asked, strict=True)):
            return last

        def there(r: Numbers) -> Numbers:
            # Asked at (..., N), and at (..., N, N) for a Jacobian.
            if r.ndim == wanted.ndim:
                return self._slope(q, r, u, theta)
            return self._slope(q[..., None, :], r, u[..., None, :], theta[..., None, :])

        guess = last if last is not None and last.shape == wanted.shape else np.zeros_like(wanted)
        self._asked = tuple(np.array(x) for x in asked)
        self._found = inverted(there, wanted, guess)
        return self._found


def _size(left: Numbers) -> Floats:
    return np.asarray(np.max(np.abs(left), axis=-1, keepdims=True), dtype=np.float64)


def check_even(function: Function, q: Floats, r: Floats, inputs: int, theta: Floats) -> None:
    """Raises unless the function is even in momentum, or velocity, near the given state: paper eq. 25, 32."""
    rng = np.random.default_rng(0)
    u = rng.normal(size=(8, inputs))
    near = r + 0.1 * rng.normal(size=(8, len(r)))
    ahead, back = function(q, near, u, theta), function(q, -near, u, theta)
    if np.max(np.abs(ahead - back)) > 1e-12 * (1 + np.max(np.abs(ahead))):
        raise TheoryError("the function is not even in its second argument, so the motion is not reversible: no echo comes back")


@dataclass(frozen=True)
class FunctionHamiltonian:
    """H(q, p, u; theta); a `forms.Hamiltonian`. ``separable`` is the caller's word."""

    function: Function
    separable: bool = False

    analytic = False

    def energy(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return self.function(q, p, u, theta)

    def by_position(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return _by(self.function, 0, q, p, u, theta)

    def by_momentum(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return _by(self.function, 1, q, p, u, theta)

    def by_parameter(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return _by(self.function, 3, q, p, u, theta)


@dataclass(frozen=True)
class FunctionLagrangian:
    """L(q, v, u; theta), with a part in v that does not depend on u; a `forms.Lagrangian`. ``separable`` is the caller's word."""

    function: Function
    separable: bool = False

    analytic = False

    @cached_property
    def _inverse(self) -> Inverse:
        return Inverse(self.by_velocity)

    def value(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return self.function(q, v, u, theta)

    def by_position(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return _by(self.function, 0, q, v, u, theta)

    def by_velocity(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return _by(self.function, 1, q, v, u, theta)

    def by_parameter(self, q: Numbers, v: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return _by(self.function, 3, q, v, u, theta)

    def velocity(self, q: Numbers, p: Numbers, u: Numbers, theta: Numbers) -> Numbers:
        return self._inverse(q, p, u, theta)
