"""One lane: a multiplier, a sum, accumulators, and its place in the ring."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out

from loschmidt.spec.shape import Shape

from .accumulator import Accumulator
from .delay import later
from .host_access import HostWithin
from .lane_sum import LaneSum
from .multiplier import Multiplier
from .operands import Operands, main_layout, side_layout
from .operation import Right, aged_layout
from .rounding import NONE

#: Fields of an operation that a lane is given at their age. All others it is given a cycle before, and registers.
UNREGISTERED = ("accumulator",)

#: Members of `LaneSum` that are fields of an operation.
_SUM = {"valid": "valid", "add": "sum_add", "first": "sum_first", "hop": "sum_hop"}


class Lane(wiring.Component):
    """Executes one operation a cycle; see `operation` for what happens at which age.

    Members
    -------
    operation : In, at every age, or a cycle before it, see `UNREGISTERED`
    input : In(operand), a cycle before age 1, the broadcast input word, or the constant that the operation wants
    parameter : In(weight), the word at the operation's address at age 2
    ring_i, ring_o : operand, from the next lane and to the previous one
    sum_i, sum_o : sum, likewise
    starts : In(1), at age 6: a sum will be finished at age 7. Lane 0 shows it to the integrator; those of the others follow, a cycle each
    behind : In(sum), the next lane's sum in the tile; sent_i, sent_o : sum, from the next lane of the tile and to the one before
    main, main_write, side, side_write : In, what the integrator stores
    host, asked, answer : of `accumulator.Accumulator`
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        operand, total = signed(shape.formats.operand.width), signed(shape.sum_width)
        super().__init__(
            {
                "operation": In(aged_layout(shape)),
                "input": In(operand),
                "parameter": In(operand),
                "ring_i": In(operand),
                "ring_o": Out(operand),
                "sum_i": In(total),
                "sum_o": Out(total),
                "starts": In(1),
                "behind": In(total),
                "sent_i": In(total),
                "sent_o": Out(total),
                "main": In(main_layout(shape)),
                "main_write": In(1),
                "side": In(side_layout(shape)),
                "side_write": In(1),
                "host": In(HostWithin(shape)),
                "asked": In(1),
                "answer": Out(signed(shape.formats.accumulator)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        f, op = self.array.formats, Signal(aged_layout(self.array), name="op")
        for age, fields in aged_layout(self.array):
            for name, _ in fields.shape:
                here, given = op[age][name], self.operation[age][name]
                m.d["comb" if name in UNREGISTERED else "sync"] += here.eq(given)
        m.submodules.operands = operands = Operands(self.array)
        m.submodules.multiplier = multiplier = Multiplier(f.multiplier)
        m.submodules.accumulator = accumulator = Accumulator(self.array)
        m.d.comb += [
            operands.operation.eq(op),
            accumulator.operation.eq(op),
            accumulator.asked.eq(self.asked),
            self.answer.eq(accumulator.answer),
        ]
        for name in ("main", "main_write", "side", "side_write"):
            m.d.comb += getattr(operands, name).eq(getattr(self, name))
        for name in self.host.signature.members:
            m.d.comb += getattr(accumulator.host, name).eq(getattr(self.host, name))

        # Age 0 to 1: the ring moves, or is loaded with what is read meanwhile.
        ring, held, own = Signal(signed(f.operand.width)), Signal(signed(f.operand.width)), Signal()
        moves = op.age_0.valid & op.age_0.ring_move
        m.d.comb += [ring.eq(Mux(own, operands.right, held)), self.ring_o.eq(ring)]
        m.d.sync += [own.eq(moves & op.age_0.ring_load), held.eq(Mux(moves, self.ring_i, ring))]

        # Age 1 to 2: the operands are selected; the parameter comes in a cycle later than the others. The ring's word, if just loaded, is
        # still the one that was read; constants are the tile's to put in the place of inputs.
        left, right = Signal(signed(f.multiplier)), Signal(signed(f.multiplier))
        fed = later(m, self.input, "fed", 1)
        words = {Right.X: operands.right, Right.RING: held, Right.INPUT: fed, Right.P: operands.p}
        code = op.age_1.right.as_value()
        source = Cat(code[1] & ~code[3] & (code[2] | ~own), code[2] | code[3])
        m.d.sync += [left.eq(operands.left), right.eq(Array(words[Right(2 * number)] for number in range(4))[source])]
        stored = op.age_2.left.as_value()[1:].any()  # or else it is a parameter
        m.d.comb += [multiplier.left.eq(Mux(stored, left, self.parameter)), multiplier.right.eq(right)]

        # Age 5 to 8: the product is aligned, and shifted on in two cycles; to change its sign all its bits are inverted, the missing one is
        # the carry. Whatever comes in from below is inverted, too.
        bits = range(len(op.age_5.shift))
        aligns = [bit for bit in bits if f.align_shift >> bit & 1]
        others = [bit for bit in bits if bit not in aligns]
        # Without a reset: what is zero while the host is active would otherwise have one of its own in each lane.
        aligned = Signal(signed(2 * f.multiplier + f.align_shift), reset_less=True)
        shifted, term = (Signal(signed(f.accumulator), name=name, reset_less=True) for name in ("shifted", "term"))
        m.d.sync += [
            aligned.eq(_shifted(multiplier.product, op.age_5, aligns) ^ op.age_5.negate.replicate(len(aligned)).as_signed()),
            shifted.eq(_shifted(aligned, op.age_6, others[:2], op.age_6.negate)),
            term.eq(_shifted(shifted, op.age_7, others[2:], op.age_7.negate)),
        ]
        carry = later(m, op.age_7.negate, "carry", 1)
        with m.If(self.host.active):
            m.d.sync += [term.eq(0), carry.eq(0)]
        m.d.comb += [accumulator.term.eq(term), accumulator.carry.eq(carry)]

        # Age 6 to 7: the sum, which is told two cycles before what to do.
        m.submodules.sum = summed = LaneSum(len(self.sum_o))
        told = self.operation.age_5
        m.d.comb += [
            *(getattr(summed, name).eq(told[field]) for name, field in _SUM.items()),
            summed.term.eq(aligned),
            summed.carry.eq(op.age_6.negate),
            summed.neighbour.eq(self.sum_i),
            self.sum_o.eq(summed.total),
        ]

        # Age 7 on: finished sums on their way.
        starts = Signal()
        m.d.sync += [starts.eq(self.starts), self.sent_o.eq(Mux(starts, self.behind, self.sent_i))]
        return m


def _shifted(value: Value, op: View[data.StructLayout], bits: Sequence[int], below: Value = NONE) -> Value:
    """``value`` shifted left by what those bits of ``op.shift`` say; ``below`` comes in."""
    for bit in bits:
        value = Mux(op.shift[bit], Cat(below.replicate(1 << bit), value).as_signed(), value.as_signed())
    return value.as_signed()
