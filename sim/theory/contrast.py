"""The derivative by the nudge, from a few nudged runs: what all methods that compare runs have in common.

    two-sided   (f(b) - f(-b)) / 2b                error of order b^2
    one-sided   (f(b) - f(0)) / b                  error of order b

A second pair at 2b removes the leading error (Richardson): order b^4, and b^2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .derivatives import Floats
from .errors import TheoryError


@dataclass(frozen=True)
class Contrast:
    """eps: the nudge; None chooses it, see `slope`. sides: 1 or 2. extrapolate: see above."""

    eps: float | None = None
    sides: int = 2
    extrapolate: bool = True

    def __post_init__(self) -> None:
        if self.sides not in (1, 2):
            raise TheoryError(f"sides must be 1 or 2, not {self.sides}")
        if self.eps is not None and not self.eps > 0:
            raise TheoryError(f"eps must be positive, not {self.eps}")

    @property
    def runs(self) -> int:
        """Runs that are compared."""
        return (2 if self.extrapolate else 1) * self.sides + (self.sides == 1)

    def slope(self, function: Callable[[Floats], Floats], push: float, state: int = 0) -> Floats:
        """df/dbeta at beta = 0, (n,), of a function (K,) -> (K, n).

        Unless eps is given, it is such that all nudges of a run together change the momentum by 2^-9; ``push`` is what they do at
        eps = 1. If the last ``state`` values of f, where a run ends, turn out to have moved by more than 2^-7, the system amplifies:
        then once more, so that they move by 2^-9.
        """
        if self.eps is not None:
            return self._slope(self._values(function, self.eps), self.eps)
        eps = 2.0**-9 / max(push, 1e-6)
        values = self._values(function, eps)
        moved = float(np.max(np.ptp(values[:2, -state:], axis=0))) / self.sides if state else 0.0
        if moved > 2.0**-7:
            eps *= 2.0**-9 / moved
            values = self._values(function, eps)
        return self._slope(values, eps)

    def _values(self, function: Callable[[Floats], Floats], eps: float) -> Floats:
        widths = (eps, 2 * eps) if self.extrapolate else (eps,)
        signed = [sign * width for width in widths for sign in (1, -1)]
        return function(np.array(signed if self.sides == 2 else [0.0, *widths]))

    def _slope(self, values: Floats, eps: float) -> Floats:
        if self.sides == 2:
            slopes = [(values[i] - values[i + 1]) / (eps * (i + 2)) for i in range(0, len(values), 2)]
        else:
            slopes = [(values[i] - values[0]) / (eps * i) for i in range(1, len(values))]
        if not self.extrapolate:
            return np.asarray(slopes[0])
        order = 2**self.sides
        return np.asarray((order * slopes[0] - slopes[1]) / (order - 1))
