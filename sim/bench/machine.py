"""What operations mean: lanes in a ring that execute one at a time, each wholly before the next, in Python integers.

The gateware overlaps operations; `hazards` says when that makes no difference. What an operation's fields are for is said in
`hw.operation`, the arithmetic in `spec`; nothing here is taken from how the gateware does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loschmidt.hw.operation import Consumer, Left, Right, Scale, Source
from loschmidt.spec import layout
from loschmidt.spec.fixed import round_half_even, saturate, wrap
from loschmidt.spec.layout import Bank
from loschmidt.spec.region import Region, entry_shape, has_entries
from loschmidt.spec.shape import Shape

from .operations import Operation

Array = np.ndarray[Any, np.dtype[np.int64]]

#: Operand files: one word per way and row.
FILES = ("x", "p", "z", "y", "pair", "potential")


class Machine:
    """All that the lanes of an array remember.

    Members
    -------
    memory : by bank, then lane (one for `layout.SHARED` banks), then address
    file : by name, then lane, then way * R + row
    ring, total, scratch : by lane
    overflow, clip : ways whose flag is up
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.memory = {bank: [[0] * layout.depth(bank, shape) for _ in range(layout.lanes(bank, shape))] for bank in Bank}
        self.file = {name: [[0] * (shape.ways * shape.rows) for _ in range(shape.lanes)] for name in FILES}
        self.ring, self.total, self.scratch = ([0] * shape.lanes for _ in range(3))
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
        lanes, width = range(self.shape.lanes), self.shape.sum_width
        if op["ring_move"]:
            x = self.file["x"]
            self.ring = [x[lane][op["ring_file"]] if op["ring_load"] else self.ring[self._next(lane)] for lane in lanes]
        terms = [wrap(self._term(op, lane, word), width) for lane in lanes]
        if op["sum_add"]:
            self.total = self._summed(self.total, terms, fresh=op["sum_first"], hop=op["sum_hop"])
        if op["scratch_add"]:
            self.scratch = self._summed(self.scratch, terms, fresh=op["scratch_first"], hop=0)
        if op["accumulate"]:
            for memory, term in zip(self.memory[Bank.ACCUMULATOR], terms, strict=True):
                memory[op["accumulator"]] = wrap(memory[op["accumulator"]] + (term << op["shift"]), self.shape.formats.accumulator)
        for lane in lanes:
            self._consume(op, lane)

    def _next(self, lane: int) -> int:
        return (lane + 1) % self.shape.lanes

    def _summed(self, old: Sequence[int], terms: Sequence[int], fresh: int, hop: int) -> list[int]:
        start = [0 if fresh else old[self._next(lane)] if hop else old[lane] for lane in range(self.shape.lanes)]
        return [wrap(a + b, self.shape.sum_width) for a, b in zip(start, terms, strict=True)]

    def _term(self, op: Operation, lane: int, word: int) -> int:
        """The product, aligned and signed."""
        f = self.shape.formats
        digit = f.multiplier - 1
        file = {name: values[lane][op["file"]] for name, values in self.file.items()}
        segment, offset = (file["z"] >> digit) + f.segments // 2, file["z"] % (1 << digit)
        momentum = self.memory[Bank.MOMENTUM][lane][op["state"]]
        left: Mapping[Left, int] = {
            Left.PARAMETER: self.memory[Bank.PARAMETER][lane][op["parameter"]],
            Left.RISE: self.memory[Bank.TABLE_RISE][0][segment],
            Left.X: file["x"],
            Left.Y: file["y"],
            Left.PAIR: file["pair"],
            Left.P: file["p"],
            Left.POTENTIAL_LOW: file["potential"] % (1 << digit),
            Left.POTENTIAL_HIGH: file["potential"] >> digit,
        }
        right: Mapping[Right, int] = {
            Right.MOMENTUM_LOW: momentum % (1 << digit),
            Right.MOMENTUM_HIGH: 0 if momentum == f.state.lowest else momentum >> digit,
            Right.INPUT: word,
            Right.X: file["x"],
            Right.RING: self.ring[lane],
            Right.Y: file["y"],
            Right.OFFSET: offset,
            Right.ONE: 1,
            Right.P: file["p"],
        }
        shift: Mapping[Scale, int] = {
            Scale.NONE: 0,
            Scale.OPERAND: f.align_shift,
            Scale.ACTIVATION: f.activation.fraction,
            Scale.WEIGHT: f.weight.fraction,
            Scale.DIGIT: digit,
        }
        product = left[Left(op["left"])] * right[Right(op["right"])] << shift[Scale(op["scale"])]
        return -product if op["negate"] else product

    def _consume(self, op: Operation, lane: int) -> None:
        f, out = self.shape.formats, op["out_file"]
        sums = {Source.SUM: self.total[lane], Source.NEIGHBOUR: self.total[self._next(lane)], Source.SCRATCH: self.scratch[lane]}
        consumer = Consumer(op["consumer"])
        if consumer is Consumer.NONE:
            return
        result = round_half_even(sums[Source(op["source"])], op["amount"])
        segment = (self.file["z"][lane][op["file"]] >> (f.multiplier - 1)) + f.segments // 2
        match consumer:
            case Consumer.Z:
                self.file["z"][lane][out] = saturate(result, f.table_width)
            case Consumer.Y:
                # What pads the last row does not move, whatever the table says of zero.
                if lane + self.shape.lanes * (out % self.shape.rows) < self.shape.oscillators:
                    value = self.memory[Bank.TABLE_VALUE][0][segment]
                    y = wrap(value + result, f.multiplier)
                    self.file["y"][lane][out], self.file["pair"][lane][out] = y, wrap(value + y, f.multiplier)
            case Consumer.POTENTIAL:
                integral = self.memory[Bank.TABLE_INTEGRAL][0][segment]
                self.file["potential"][lane][out] = wrap(integral + result, f.potential.width)
            case Consumer.KICK:
                self._kick(op, lane, result)
            case Consumer.DRIFT:
                self._drift(op, lane, result)
        if op["store_p"]:
            momentum = self.memory[Bank.MOMENTUM][lane][op["state"]]
            self.file["p"][lane][out] = self._operand(momentum, op["way"], op["check_p"])

    def _kick(self, op: Operation, lane: int, change: int) -> None:
        """pi - change, and the nudge."""
        momenta, nudge = self.memory[Bank.MOMENTUM][lane], self.memory[Bank.NUDGE][lane][op["nudge_address"]]
        addend = 0 if not op["nudge"] else -nudge if op["nudge_negate"] else nudge
        momenta[op["state"]] = self._state(momenta[op["state"]] - change + addend, op["way"])

    def _drift(self, op: Operation, lane: int, change: int) -> None:
        """phi + change, once or twice."""
        positions = self.memory[Bank.POSITION][lane]
        position = self._state(positions[op["state"]] + change, op["way"])
        if op["double"]:
            position = self._state(position + change, op["way"])
        positions[op["state"]] = position
        self.file["x"][lane][op["out_file"]] = self._operand(position, op["way"], op["check_x"])
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
