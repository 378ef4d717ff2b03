"""Random contents, runs and malformed requests for the array's bench, from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec import layout, protocol
from loschmidt.spec.activation import rows_from_knots, table
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.layout import READ_ONLY, Bank
from loschmidt.spec.protocol import Error, Opcode
from loschmidt.spec.region import Buffer, Region, State, Table, entries, entry_shape, has_entries, widths
from loschmidt.spec.run import SHIFT_LIMIT, Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

Ints = NDArray[np.int64]

WRITABLE: tuple[Region, ...] = (*Parameter, *State, Buffer.INPUT, Buffer.NUDGE, *Table)

#: Steps of the longest run: enough for every address to count up and down.
LONGEST = 8


def contents(rng: np.random.Generator, region: Region, shape: Shape, extreme: bool) -> Ints:
    """Codes for all of a region: from a sixteenth of the range, or any at all with its ends among them."""
    size = ((entries(region, shape),) if has_entries(region) else ()) + entry_shape(region, shape)
    if region is Table.ACTIVATION:
        segments, limit = shape.formats.segments, (1 << (shape.formats.activation.width - 2)) - 1
        if not extreme:
            return np.array(table(shape.formats), np.int64)
        return np.array(rows_from_knots([int(knot) for knot in rng.integers(-limit, limit + 1, segments + 1)], shape.formats), np.int64)
    (width,) = widths(region, shape)
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
    if not extreme:
        return rng.integers(low >> 4, (high >> 4) + 1, size)
    ends = rng.choice(np.array([low, low + 1, -1, 0, 1, high]), size)
    return np.where(rng.random(size) < 0.5, ends, rng.integers(low, high + 1, size))


def run(rng: np.random.Generator, shape: Shape, context: int, steps: int | None = None, trace: bool = True) -> Run:
    """Any run of a context; traces of different contexts keep apart if they stay in `window`."""
    steps = steps or int(rng.integers(1, min(shape.input_depth, LONGEST) + 1))
    nudge = Nudge(int(rng.choice([n for n in Nudge if n is not Nudge.STREAM or steps <= shape.nudge_depth])))
    start, size = window(shape, context)
    traced = trace and steps <= size and bool(rng.integers(2))
    return Run(
        context=context,
        steps=steps,
        input_base=int(rng.integers(0, shape.input_depth - steps + 1)),
        direction=Direction(int(rng.integers(2))),
        accumulate=Accumulate(int(rng.integers(3))),
        shift=int(rng.integers(0, SHIFT_LIMIT + 1)) if rng.integers(2) else 0,
        nudge=nudge,
        nudge_base=int(rng.integers(0, shape.nudge_depth - (steps if nudge is Nudge.STREAM else 1) + 1)),
        negate=bool(rng.integers(2)),
        trace=traced,
        trace_base=start + int(rng.integers(0, size - steps + 1)) if traced else 0,
    )


def window(shape: Shape, context: int) -> tuple[int, int]:
    """First entry and length of the part of the trace that is left to a context."""
    size = shape.trace_depth // shape.contexts
    return context * size, size


class Malformed(NamedTuple):
    """A request that must be refused with ``error``."""

    error: Error
    opcode: int
    payload: list[int]


def malformed(shape: Shape) -> Iterator[Malformed]:
    """Every way that `spec.protocol` knows to get a request wrong."""
    contexts, top = shape.contexts, (1 << protocol.WORD) - 1
    lengths = {
        Opcode.IDENTIFY: (1, 2),
        Opcode.CONFIGURE: (0, 2),
        Opcode.WRITE: (0, 1, 2),
        Opcode.READ: (0, 2, 4),
        Opcode.RUN: (0, 4, 6),
        Opcode.COPY: (0, 2),
        Opcode.FLIP: (0, 2),
        Opcode.CLEAR: (1,),
        Opcode.STATUS: (1,),
        Opcode.RESET_STATUS: (1,),
    }
    for opcode in (0, max(Opcode) + 1, 0x7F, 0xFF):
        for length in (0, 1, 5):
            yield Malformed(Error.OPCODE, opcode, [1] * length)
    for known, counts in lengths.items():
        for length in counts:
            yield Malformed(Error.LENGTH, known, [0] * length)

    for bank in Bank:
        per_address = layout.lanes(bank, shape) * protocol.words_per_value(bank, shape)
        depth = layout.depth(bank, shape)
        if bank not in READ_ONLY:
            if per_address > 1:
                yield Malformed(Error.LENGTH, Opcode.WRITE, [bank, 0] + [1] * (per_address - 1))
                yield Malformed(Error.LENGTH, Opcode.WRITE, [bank, 0] + [1] * (per_address + 1))
            yield Malformed(Error.ADDRESS, Opcode.WRITE, [bank, depth] + [1] * per_address)
            yield Malformed(Error.ADDRESS, Opcode.WRITE, [bank, depth - 1] + [1] * (2 * per_address))
            yield Malformed(Error.ADDRESS, Opcode.WRITE, [bank, top] + [1] * (2 * per_address))
        else:
            yield Malformed(Error.BANK, Opcode.WRITE, [bank, 0] + [1] * per_address)
        yield Malformed(Error.ADDRESS, Opcode.READ, [bank, depth, 1])
        yield Malformed(Error.ADDRESS, Opcode.READ, [bank, depth - 1, 2])
        yield Malformed(Error.ADDRESS, Opcode.READ, [bank, top, 1])
        yield Malformed(Error.LENGTH, Opcode.READ, [bank, 0, 0])
        yield Malformed(Error.LENGTH, Opcode.READ, [bank, 0, 0x10000 // per_address + 1])
        yield Malformed(Error.LENGTH, Opcode.READ, [bank, 0, top])
    for bank_code in (max(Bank) + 1, 0x10 | Bank.POSITION, 0x100 | Bank.POSITION, top):
        yield Malformed(Error.BANK, Opcode.WRITE, [bank_code, 0, *[1] * shape.lanes])
        yield Malformed(Error.BANK, Opcode.READ, [bank_code, 0, 1])

    yield Malformed(Error.CONTEXT, Opcode.RUN, [contexts, 1, 0, 0, 0])
    yield Malformed(Error.CONTEXT, Opcode.RUN, [0xFFFF, 1, 0, 0, 0])
    yield Malformed(Error.CONTEXT, Opcode.FLIP, [contexts])
    yield Malformed(Error.CONTEXT, Opcode.FLIP, [top])
    yield Malformed(Error.CONTEXT, Opcode.COPY, [contexts])
    yield Malformed(Error.CONTEXT, Opcode.COPY, [contexts << 16])

    nudged = {nudge: nudge << protocol.RUN_NUDGE for nudge in Nudge}
    traced = 1 << protocol.RUN_TRACE
    yield Malformed(Error.RANGE, Opcode.RUN, [0, 0, 0, 0, 0])
    yield Malformed(Error.RANGE, Opcode.RUN, [0, 1, shape.input_depth, 0, 0])
    yield Malformed(Error.RANGE, Opcode.RUN, [0, shape.input_depth + 1, 0, 0, 0])
    yield Malformed(Error.RANGE, Opcode.RUN, [0, 2, shape.input_depth - 1, 0, 0])
    yield Malformed(Error.RANGE, Opcode.RUN, [0, top, 1, 0, 0])
    yield Malformed(Error.RANGE, Opcode.RUN, [0, 1, top, 0, 0])
    for nudge in (Nudge.HOLD, Nudge.IMPULSE, Nudge.STREAM):
        yield Malformed(Error.RANGE, Opcode.RUN, [nudged[nudge], 1, 0, shape.nudge_depth, 0])
        yield Malformed(Error.RANGE, Opcode.RUN, [nudged[nudge], 1, 0, top, 0])
    if shape.nudge_depth <= shape.input_depth:
        yield Malformed(Error.RANGE, Opcode.RUN, [nudged[Nudge.STREAM], shape.nudge_depth, 0, 1, 0])
    yield Malformed(Error.RANGE, Opcode.RUN, [traced, 1, 0, 0, shape.trace_depth])
    yield Malformed(Error.RANGE, Opcode.RUN, [traced, 1, 0, 0, top])

    yield Malformed(Error.VALUE, Opcode.CONFIGURE, [len(Hamiltonian)])
    yield Malformed(Error.VALUE, Opcode.CONFIGURE, [16 << 8])
    yield Malformed(Error.VALUE, Opcode.CONFIGURE, [1 << 16])
    yield Malformed(Error.VALUE, Opcode.CONFIGURE, [top])
    yield Malformed(Error.VALUE, Opcode.RUN, [3 << protocol.RUN_ACCUMULATE, 1, 0, 0, 0])
    for bit in range(protocol.RUN_TRACE + 1, protocol.WORD):
        yield Malformed(Error.VALUE, Opcode.RUN, [1 << bit, 1, 0, 0, 0])
