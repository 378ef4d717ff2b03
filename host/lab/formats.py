"""Sets of formats for any multiplier width: the presets, and others by the same proportions."""

from __future__ import annotations

from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS, Formats


def formats_of(width: int) -> Formats:
    """Formats of an array with ``width`` x ``width`` multipliers.

    Operands and weights keep 4 bits before the point, activations 2, the state 6 (8 from 18 bits on), with as many after it as a state
    of ``2 width - 1`` bits, or 14 more than the multiplier's, leaves.

    Raises `SpecError` for a width that no array can have.
    """
    if str(width) in PRESETS:
        return PRESETS[str(width)]
    whole = 6 if width < 18 else 8
    state = min(2 * width - 1, width + 14, 40)
    operand = Format(width, width - 4)
    activation = Format(width, width - 2)
    segments = min(128, 1 << (width - 2)) if width < 18 else 512
    return Formats(Format(state, state - whole), operand, operand, activation, min(64, 2 * width + 28), segments)
