"""Whether an array can fit a part at all, counted before anything is synthesised. What passes here may still be too large in logic."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from . import layout
from .errors import SpecError
from .layout import Bank
from .link import BYTES, LONGEST_FRAME
from .part import Family, Part
from .protocol import WORD
from .shape import Shape

#: Multipliers of an integrator, of which each tile of lanes has one: two digits of a drift, activation and conjugate.
INTEGRATOR = 4


@dataclass(frozen=True)
class Need:
    """What an array takes of a part."""

    block_rams: int
    multipliers: int


def need(shape: Shape, buffer: int, part: Part) -> Need:
    """Block RAMs and multipliers of an array, as it is built, and of its link."""
    formats, files = shape.formats, shape.ways * shape.rows

    # iCE40 has large memories beside its block RAMs, of one port, for what only the host writes.
    apart = (Bank.INPUT, Bank.NUDGE) if part.family is Family.ICE40 else ()

    def blocks(bank: Bank, words: int = 1) -> int:
        return 0 if bank in apart else part.blocks(layout.width(bank, shape), words * layout.depth(bank, shape))

    # Two lanes share a memory of parameters; each has accumulators, and operands with two ports and with one.
    pair = 1 << (layout.depth(Bank.PARAMETER, shape) - 1).bit_length()
    parameters = shape.lanes // 2 * part.blocks(formats.weight.width, 2 * pair) + shape.lanes % 2 * blocks(Bank.PARAMETER)
    operands = 2 * part.blocks(formats.multiplier, 4 * files) + part.blocks(2 * formats.multiplier, 2 * files)
    # The lanes of a tile share the rest: states and buffers, the activation's table, inverse masses.
    states = sum(blocks(bank, shape.tile) for bank in (Bank.POSITION, Bank.MOMENTUM, Bank.NUDGE, Bank.TRACE))
    table = part.blocks(2 * formats.multiplier, formats.segments) + blocks(Bank.TABLE_CONJUGATE)
    masses = part.blocks(formats.weight.width, shape.tile * shape.rows)
    # The link keeps words from the host whole, words to it as bytes, and a frame that goes out.
    link = part.blocks(WORD, buffer) + part.blocks(8, BYTES * buffer) + part.blocks(8, LONGEST_FRAME)
    total = link + blocks(Bank.INPUT) + parameters
    total += shape.lanes * (blocks(Bank.ACCUMULATOR) + operands) + shape.tiles * (states + table + masses)
    multipliers = shape.lanes + INTEGRATOR * shape.tiles
    return Need(total, multipliers * part.factors(shape.formats.multiplier))


def most_oscillators(shape: Shape, buffer: int, part: Part, limit: int) -> int:
    """The largest N up to a limit whose array the part has block RAMs for, all else being the same; 0 if there is none."""
    sizes = range(shape.lanes, limit + 1)
    fitting = bisect_right(sizes, part.block_rams, key=lambda n: need(replace(shape, oscillators=n), buffer, part).block_rams)
    return sizes[fitting - 1] if fitting else 0


def check_fit(shape: Shape, buffer: int, part: Part) -> None:
    """`SpecError` if the part has too few block RAMs or multipliers for the array and its link."""
    least = need(shape, buffer, part)
    if least.multipliers > part.multipliers:
        most = max(
            (n for n in range(1, shape.lanes) if need(replace(shape, lanes=n), buffer, part).multipliers <= part.multipliers), default=0
        )
        raise SpecError(
            f"array.lanes: {shape.lanes} lanes of {shape.formats.multiplier} bits take {least.multipliers} multipliers, {part.name} has "
            f"{part.multipliers}: at most {most} lanes"
        )
    if least.block_rams > part.block_rams:
        most = most_oscillators(shape, buffer, part, shape.oscillators)
        fewer = f"at most {most} oscillators" if most else "not one oscillator a lane"
        raise SpecError(
            f"array: takes {least.block_rams} block RAMs, {part.name} has {part.block_rams}: {fewer}, unless there are fewer inputs or "
            "lanes, or a smaller depth or link.buffer"
        )
