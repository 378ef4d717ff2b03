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
    """eps: the nudge; None chooses it from the loss's own slope, see `scaled`. sides: 1 or 2. extrapolate: see above."""

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

    def scaled(self, push: float) -> float:
        """eps, or one at which all nudges of a run together change the momentum by 2^-9; ``push`` is what they do at eps = 1."""
        return self.eps if self.eps is not None else 2.0**-9 / max(push, 1e-6)

    def slope(self, function: Callable[[Floats], Floats], eps: float) -> Floats:
        """df/dbeta at beta = 0 of a function (K,) -> (K, n); (n,)."""
        widths = (eps, 2 * eps) if self.extrapolate else (eps,)
        if self.sides == 2:
            values = function(np.array([sign * width for width in widths for sign in (1, -1)]))
            slopes = [(values[2 * i] - values[2 * i + 1]) / (2 * width) for i, width in enumerate(widths)]
        else:
            values = function(np.array([0.0, *widths]))
            slopes = [(values[i + 1] - values[0]) / width for i, width in enumerate(widths)]
        if not self.extrapolate:
            return np.asarray(slopes[0])
        order = 2**self.sides
        return np.asarray((order * slopes[0] - slopes[1]) / (order - 1))
