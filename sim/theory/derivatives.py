"""Derivatives of plain functions along a direction, without a library for it.

An analytic function of real arguments can be asked at a complex one,

    f'(x) d = Im f(x + i h d) / h        (Squire & Trapp 1998)

which subtracts nothing, so h may be tiny and the result is exact to rounding. Where a function cannot take complex numbers
(it solves something inside), a central difference of fourth order stands in: about 1e-11 of the scale.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Real, or complex while a derivative is being taken.
Numbers = NDArray[Any]

_TINY = 1e-30
#: Where rounding (1e-16 / h) and the method's error (h^4) are about equal.
_STEP = 1e-3


def along(function: Callable[[Numbers], Numbers], point: Floats, direction: Floats, *, analytic: bool) -> Floats:
    """Derivative of ``function`` at ``point`` along ``direction``; arrays that broadcast against each other."""
    if analytic:
        exact: Floats = np.imag(function(point + 1j * _TINY * direction)) / _TINY
        return exact
    size = np.sqrt(np.sum(direction**2, axis=-1, keepdims=True))
    unit = direction / np.where(size > 0, size, 1.0)
    near = function(point + _STEP * unit) - function(point - _STEP * unit)
    far = function(point + 2 * _STEP * unit) - function(point - 2 * _STEP * unit)
    slope: Floats = (8 * near - far) / (12 * _STEP) * size
    return slope


def gradient(function: Callable[[Numbers], Numbers], point: Numbers) -> Numbers:
    """Gradient of an analytic scalar function, for points (..., n); the function maps (..., n) to (...)."""
    steps = 1j * _TINY * np.eye(point.shape[-1])
    value: Numbers = np.imag(function(point[..., None, :] + steps)) / _TINY
    return value


def jacobian(function: Callable[[Numbers], Numbers], point: Floats, *, analytic: bool) -> Floats:
    """Every derivative at one point (n,): row j is that of the function, (n, ...) -> (n, m), along axis j. Shape (n, m)."""
    return along(function, point, np.eye(point.shape[-1]), analytic=analytic)
