"""The activation table: a piecewise linear odd-or-not function, and its exact integral.

Segment i covers ``z_i = (i - S/2) h`` to ``z_i + h``, ``h = 2**(table_range + 1) / S``. Its row holds the knot's value
``y_i``, the rise ``y_{i+1} - y_i`` and the integral ``q_i`` from 0 to ``z_i`` in units of activation lsb x h/2, where the
trapezoid rule is exact. Within a segment, offset t in [0, 1):

    y(z) = y_i + rise * t                     q(z) = q_i + t * (y_i + y(z))

The table *is* the physics: force and gradient read the same rows, so a coarse table costs no exactness.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .errors import SpecError
from .formats import Formats


class Row(NamedTuple):
    """One segment, integers: value and rise in the activation format, integral in `Formats.potential`."""

    value: int
    rise: int
    integral: int


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
    integral = [0] * (formats.segments + 1)
    for i in range(half, formats.segments):
        integral[i + 1] = integral[i] + knots[i] + knots[i + 1]
    for i in range(half, 0, -1):
        integral[i - 1] = integral[i] - knots[i] - knots[i - 1]
    return [Row(knots[i], knots[i + 1] - knots[i], integral[i]) for i in range(formats.segments)]


def table(formats: Formats, function: Callable[[float], float] = math.tanh) -> list[Row]:
    """Rows for a real function (values beyond the knot limit are clipped to it)."""
    limit = knot_limit(formats)
    step = 2.0 ** (formats.table_range + 1) / formats.segments
    codes = (
        round(math.ldexp(function((i - formats.segments // 2) * step), formats.activation.fraction)) for i in range(formats.segments + 1)
    )
    return rows_from_knots([max(-limit, min(limit, code)) for code in codes], formats)
