"""The activation table: a piecewise linear function, odd or not, and its convex conjugate.

Segment i covers ``z_i = j h`` to ``z_i + h``, with ``j = i - S/2`` and
``h = 2**(table_range + 1) / S``. Its row holds the value ``y_i`` at the knot ``z_i``, the rise
``y_{i+1} - y_i``, and the conjugate ``c_i = y_i z_i - q(z_i)``, where q is the integral of the
activation from 0. The unit of a conjugate is one activation lsb times h/2, in which the trapezoid
rule is exact. At the offset t h within a segment, 0 <= t < 1,

    y(z) = y_i + rise t                  c(z) = y(z) z - q(z) = c_i + rise t (2 j + t)

Outside the table both keep the value that they have at its end. For y that is the definition. For
c it follows, as ``dc/dz = z dy/dz``. The integral would grow without bound there; a device
therefore accumulates c, and ``q = y z - c`` holds for every z.

The table *is* the physics: force and gradient read the same rows, so a coarse table costs no
exactness.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .errors import SpecError
from .formats import Formats


class Row(NamedTuple):
    """One segment, integers: value and rise in the activation format, conjugate in `Formats.conjugate`."""

    value: int
    rise: int
    conjugate: int


#: Columns of the table region, in this order.
COLUMNS = len(Row._fields)


def knot_limit(formats: Formats) -> int:
    """Largest magnitude of a knot, so that the sum of two fits the multiplier."""
    return (1 << (formats.activation.width - 2)) - 1


def rows_from_knots(knots: Sequence[int], formats: Formats) -> list[Row]:
    """Rows of the piecewise linear function through ``segments + 1`` knots (integers, activation format)."""
    if len(knots) != formats.segments + 1:
        raise SpecError(f"an activation table of {formats.segments} segments has {formats.segments + 1} knots, not {len(knots)}")
    limit = knot_limit(formats)
    for index, knot in enumerate(knots):
        if abs(knot) > limit:
            raise SpecError(f"activation knot {index} must be within +-{limit}, not {knot}")
    half = formats.segments // 2
    conjugate = [0] * (formats.segments + 1)
    for i in range(half, formats.segments):
        conjugate[i + 1] = conjugate[i] + (knots[i + 1] - knots[i]) * (2 * (i - half) + 1)
    for i in range(half, 0, -1):
        conjugate[i - 1] = conjugate[i] - (knots[i] - knots[i - 1]) * (2 * (i - half) - 1)
    return [Row(knots[i], knots[i + 1] - knots[i], conjugate[i]) for i in range(formats.segments)]


def table(formats: Formats, function: Callable[[float], float] = math.tanh) -> list[Row]:
    """Rows for a real function (values beyond the knot limit are clipped to it)."""
    limit = knot_limit(formats)
    step = 2.0 ** (formats.table_range + 1) / formats.segments
    codes = (
        round(math.ldexp(function((i - formats.segments // 2) * step), formats.activation.fraction)) for i in range(formats.segments + 1)
    )
    return rows_from_knots([max(-limit, min(limit, code)) for code in codes], formats)
