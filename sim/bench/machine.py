"""What operations mean: lanes in a ring that execute one at a time, each wholly before the next, in Python integers.

The gateware overlaps operations; `hazards` says when that makes no difference. What an operation's fields are for is said in
`hw.operation`, the arithmetic in `spec`; nothing here is taken from how the gateware does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loschmidt.hw.operation import Consumer, Left, Right
from loschmidt.spec import layout
from loschmidt.spec.fixed import round_half_even, saturate, wrap
from loschmidt.spec.hamiltonian import Parameter
from loschmidt.spec.layout import Bank
from loschmidt.spec.region import Region, entry_shape, has_entries
from loschmidt.spec.shape import Shape

from .operations import Operation

Array = np.ndarray[Any, np.dtype[np.int64]]

#: Operands: one word per way and row, of the position two.
FILES = ("x0", "x1", "p", "y", "conjugate")


class Machine:
    """All that the lanes of an array remember.

    Members
    -------
    s : the time step is 2**-s
    memory : by bank, then lane (one for `layout.SHARED` banks), then address
    file : by name, then lane, then way * R + row
    ring, total : by lane
    overflow, clip : ways whose flag is up
    """

    def __init__(self, shape: Shape) -> None:
        self.shape, self.s = shape, 0
        self.memory = {bank: [[0] * layout.depth(bank, shape) for _ in range(layout.lanes(bank, shape))] for bank in Bank}
        self.file = {name: [[0] * (shape.ways * shape.rows) for _ in range(shape.lanes)] for name in FILES}
        self.ring, self.total = ([0] * shape.lanes for _ in range(2))
        self.overflow: set[int] = set()
        self.clip: set[int] = set()

    def load(self, region: Region, values: Array) -> None:
        """Write all of a region."""
        rows = values.reshape(len(values) if has_entries(region) else 1, -1).tolist()
        for column, bank in enumerate(layout.banks(region)):
            for entry, row in enumerate(rows):
                for lane, address, index in self._places(region, bank, entry):
                    self.memory[bank][lane][address] = row[column + index] if index >= 0 else 0

    def read(self, region: Region, count: int = 1) -> Array:
        """The first ``count`` entries of a region, or all of it if it has none."""
        size = entry_shape(region, self.shape)
        flat = np.zeros((count, *size), np.int64).reshape(count, -1)
        for column, bank in enumerate(layout.banks(region)):
            for entry in range(count):
                for lane, address, index in self._places(region, bank, entry):
                    if index >= 0:
                        flat[entry, column + index] = self.memory[bank][lane][address]
        return flat.reshape((count, *size) if has_entries(region) else size)

    def _places(self, region: Region, bank: Bank, entry: int) -> list[tuple[int, int, int]]:
        """Lane, address and logical index of every word of an entry."""
        lanes = layout.lanes(bank, self.shape)
        start = layout.base(region, self.shape) + entry * layout.span(region, self.shape)
        return [(k % lanes, start + k // lanes, index) for k, index in enumerate(layout.order(region, self.shape))]

    def execute(self, op: Operation, word: int) -> None:
        """One operation, ``word`` being the broadcast input."""
        lanes, width, f = range(self.shape.lanes), self.shape.sum_width, self.shape.formats
        if op["ring_move"]:
            x = self.file[f"x{op['buffer']}"]
            self.ring = [x[lane][op["right_file"]] if op["ring_load"] else self.ring[self._next(lane)] for lane in lanes]
        terms = [self._term(op, lane, word) for lane in lanes]
        if op["sum_add"]:
            self.total = [wrap(a + b, width) for a, b in zip(self._start(op), terms, strict=True)]
        if op["accumulate"]:
            for memory, term in zip(self.memory[Bank.ACCUMULATOR], terms, strict=True):
                memory[op["accumulator"]] = wrap(memory[op["accumulator"]] + term, f.accumulator)
        for lane in lanes:
            self._consume(op, lane)

    def _next(self, lane: int) -> int:
        return (lane + 1) % self.shape.lanes

    def _start(self, op: Operation) -> Sequence[int]:
        """What the sums go on from."""
        if op["sum_first"]:
            return [0] * self.shape.lanes
        return [self.total[self._next(lane) if op["sum_hop"] else lane] for lane in range(self.shape.lanes)]

    def _term(self, op: Operation, lane: int, word: int) -> int:
        """The product, shifted and signed."""
        f = self.shape.formats
        digit = f.multiplier - 1
        first = {name: values[lane][op["file"]] for name, values in self.file.items()}
        second = {name: values[lane][op["right_file"]] for name, values in self.file.items()}
        x = f"x{op['buffer']}"
        left: Mapping[Left, int] = {
            Left.PARAMETER: self.memory[Bank.PARAMETER][lane][op["parameter"]],
            Left.X: first[x],
            Left.Y: first["y"],
            Left.P: first["p"],
            Left.CONJUGATE_LOW: first["conjugate"] % (1 << digit),
            Left.CONJUGATE_HIGH: first["conjugate"] >> digit,
        }
        right: Mapping[Right, int] = {
            Right.X: second[x],
            Right.Y: second["y"],
            Right.P: first["p"],
            Right.RING: self.ring[lane],
            Right.INPUT: word,
            Right.ONE: 1,
            Right.BIAS_UNIT: -(1 << f.activation.fraction),
            Right.ACTIVATION_UNIT: -(1 << f.weight.fraction),
            Right.DIGIT_UNIT: -(1 << digit),
        }
        product = left[Left(op["left"])] * right[Right(op["right"])] << op["shift"]
        return -product if op["negate"] else product

    def _consume(self, op: Operation, lane: int) -> None:
        match Consumer(op["consumer"]):
            case Consumer.Z:
                self._activate(op, lane)
            case Consumer.KICK:
                self._kick(op, lane)
                self._drift(op, lane)
            case Consumer.DRIFT:
                self._drift(op, lane)

    def _activate(self, op: Operation, lane: int) -> None:
        """y = table(z), and its conjugate."""
        f, unit = self.shape.formats, self.shape.formats.multiplier - 1
        z = saturate(round_half_even(self.total[lane], f.table_shift), f.table_width)
        segment, offset = (z >> unit) + f.segments // 2, z % (1 << unit)
        value, rise, conjugate = (self.memory[bank][0][segment] for bank in (Bank.TABLE_VALUE, Bank.TABLE_RISE, Bank.TABLE_CONJUGATE))
        # What pads the last row does not move, whatever the table says of zero.
        padding = op["last_row"] and lane + self.shape.lanes * (self.shape.rows - 1) >= self.shape.oscillators
        y = 0 if padding else wrap(value + round_half_even(rise * offset, unit), f.multiplier)
        risen, place = wrap(y - value, f.multiplier), (2 * z - offset) >> f.segment_bits
        self.file["y"][lane][op["out_file"]] = y
        self.file["conjugate"][lane][op["out_file"]] = wrap(
            conjugate + round_half_even(risen * place, f.conjugate_shift), f.conjugate.width
        )

    def _kick(self, op: Operation, lane: int) -> None:
        """pi - change, and the nudge."""
        momenta, nudge = self.memory[Bank.MOMENTUM][lane], self.memory[Bank.NUDGE][lane][op["nudge_address"]]
        addend = 0 if not op["nudge"] else -nudge if op["nudge_negate"] else nudge
        change = round_half_even(self.total[lane], self.shape.formats.kick_shift(self.s))
        momenta[op["state"]] = self._state(momenta[op["state"]] - change + addend, op["way"])

    def _drift(self, op: Operation, lane: int) -> None:
        """phi + D(pi), once or twice."""
        f, positions, momentum = self.shape.formats, self.memory[Bank.POSITION][lane], self.memory[Bank.MOMENTUM][lane][op["state"]]
        mu = self.memory[Bank.PARAMETER][lane][layout.base(Parameter.INVERSE_MASS, self.shape) + op["row"]]
        half = 0 if momentum == f.state.lowest else round_half_even(mu * momentum, f.drift_shift(self.s))
        position = self._state(positions[op["state"]] + half, op["way"])
        if op["double"]:
            position = self._state(position + half, op["way"])
        positions[op["state"]] = position
        self.file[f"x{op['out_buffer']}"][lane][op["out_file"]] = self._operand(position, op["way"], op["check_x"])
        self.file["p"][lane][op["out_file"]] = self._operand(momentum, op["way"], op["check_p"])
        if op["trace"]:
            self.memory[Bank.TRACE][lane][op["trace_address"]] = position

    def _state(self, value: int, way: int) -> int:
        result = wrap(value, self.shape.formats.state.width)
        if result != value:
            self.overflow.add(way)
        return result

    def _operand(self, value: int, way: int, check: int) -> int:
        rounded = round_half_even(value, self.shape.formats.operand_shift)
        result = saturate(rounded, self.shape.formats.operand.width)
        if check and result != rounded:
            self.clip.add(way)
        return result
