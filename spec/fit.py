"""Whether an array can fit a part at all, counted before anything is synthesised. What passes here may still be too large in logic."""

from __future__ import annotations

from dataclasses import dataclass

from . import layout
from .errors import SpecError
from .layout import Bank
from .part import Part
from .shape import Shape

#: Banks that every lane reads in every cycle, so that each lane has a memory of its own. The others may be shared by several lanes.
_OWN = (Bank.PARAMETER, Bank.ACCUMULATOR)


@dataclass(frozen=True)
class Need:
    """The least that an array takes of a part."""

    block_rams: int
    multipliers: int


def need(shape: Shape, buffer: int, part: Part) -> Need:
    """The least block RAMs and multipliers of an array and its link's two buffers: nothing is counted that could be done without."""
    blocks = 2 * part.blocks(32, buffer)
    for bank in Bank:
        width, depth = layout.width(bank, shape), layout.depth(bank, shape)
        if bank in _OWN:
            blocks += shape.lanes * part.blocks(width, depth)
        elif part.blocks(width, depth):
            blocks += part.blocks(width, depth * layout.lanes(bank, shape))
    return Need(blocks, shape.lanes * part.factors(shape.formats.multiplier))


def check_fit(shape: Shape, buffer: int, part: Part) -> None:
    """`SpecError` if the part has too few block RAMs or multipliers for the array and its link."""
    least = need(shape, buffer, part)
    if least.multipliers > part.multipliers:
        each = part.factors(shape.formats.multiplier)
        raise SpecError(
            f"array.lanes: {shape.lanes} lanes of {shape.formats.multiplier} bits take {least.multipliers} multipliers, {part.name} has "
            f"{part.multipliers}: at most {part.multipliers // each} lanes"
        )
    if least.block_rams > part.block_rams:
        raise SpecError(
            f"array: takes at least {least.block_rams} block RAMs, {part.name} has {part.block_rams}: "
            "fewer oscillators, inputs or lanes, a smaller depth or link.buffer"
        )
