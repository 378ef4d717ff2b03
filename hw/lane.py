"""One lane: a multiplier, a sum, accumulators, and its place in the ring."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.shape import Shape

from .accumulator import Accumulator
from .host_access import HostAccess
from .multiplier import Multiplier
from .operands import Operands, main_layout, side_layout
from .operation import Left, Right, aged_layout
from .rounding import plus


class Lane(wiring.Component):
    """Executes one operation a cycle; see `operation` for what happens at which age.

    Members
    -------
    operation : In, at every age
    input : In(operand), the broadcast input word at age 1
    parameter : In(weight), the word at the operation's address at age 2
    ring_i, ring_o : operand, from the next lane and to the previous one
    sum_i, sum_o : sum, likewise
    starts : In(1), at age 8: the sum is finished. Lane 0 shows it to the integrator; those of the others follow, a cycle each
    behind : In(sum), the next lane's sum in the tile; sent_i, sent_o : sum, from the next lane of the tile and to the one before
    main, main_write, side, side_write : In, what the integrator stores
    host : In(HostAccess); ``word``: Out, of the accumulator it addressed two cycles before
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
                "host": In(HostAccess(shape)),
                "word": Out(signed(shape.formats.accumulator)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        f, op = self.array.formats, self.operation
        m.submodules.operands = operands = Operands(self.array)
        m.submodules.multiplier = multiplier = Multiplier(f.multiplier)
        m.submodules.accumulator = accumulator = Accumulator(self.array)
        m.d.comb += [operands.operation.eq(op), accumulator.operation.eq(op), self.word.eq(accumulator.word)]
        for name in ("main", "main_write", "side", "side_write"):
            m.d.comb += getattr(operands, name).eq(getattr(self, name))
        for name in self.host.signature.members:
            if name != "answer":
                m.d.comb += getattr(accumulator.host, name).eq(getattr(self.host, name))

        # Age 0 to 1: the ring moves, or is loaded with what is read meanwhile.
        ring, held, own = Signal(signed(f.operand.width)), Signal(signed(f.operand.width)), Signal()
        moves = op.age_0.valid & op.age_0.ring_move
        m.d.comb += [ring.eq(Mux(own, operands.right, held)), self.ring_o.eq(ring)]
        m.d.sync += [own.eq(moves & op.age_0.ring_load), held.eq(Mux(moves, self.ring_i, ring))]

        # Age 1 to 2: the operands are selected; the parameter comes in a cycle later than the others.
        units = {
            Right.ONE: 1,
            Right.BIAS_UNIT: -(1 << f.activation.fraction),
            Right.ACTIVATION_UNIT: -(1 << f.weight.fraction),
            Right.DIGIT_UNIT: -(1 << (f.multiplier - 1)),
        }
        choices: dict[Right, Value] = {
            Right.X: operands.right,
            Right.Y: operands.right,
            Right.SAME: operands.left,
            Right.RING: ring,
            Right.INPUT: self.input,
            **{unit: Const(value, signed(f.multiplier)) for unit, value in units.items()},
        }
        left, right = Signal(signed(f.multiplier)), Signal(signed(f.multiplier))
        m.d.sync += left.eq(operands.left)
        with m.Switch(op.age_1.right):
            for choice, word in choices.items():
                with m.Case(choice):
                    m.d.sync += right.eq(word)
        m.d.comb += [multiplier.left.eq(Mux(op.age_2.left == Left.PARAMETER, self.parameter, left)), multiplier.right.eq(right)]

        # Age 5 to 7: the product is shifted in two cycles, and all its bits inverted to change its sign; the missing one is the carry.
        width = max(f.accumulator, self.array.sum_width)
        coarse, term = Signal(signed(min(width, 2 * f.multiplier + 24))), Signal(signed(width))
        m.d.sync += [
            coarse.eq(multiplier.product << (op.age_5.shift & 0x18)),
            term.eq((coarse << op.age_6.shift[:3]) ^ op.age_6.negate.replicate(width).as_signed()),
        ]
        m.d.comb += [accumulator.term.eq(term[: f.accumulator]), accumulator.carry.eq(op.age_7.negate)]

        # Age 7 to 8: the sum.
        total = self.sum_o
        start = Mux(op.age_7.sum_first, 0, Mux(op.age_7.sum_hop, self.sum_i, total))
        with m.If(op.age_7.valid & op.age_7.sum_add):
            m.d.sync += total.eq(plus(start, term[: len(total)], op.age_7.negate))

        # Age 8 on: finished sums on their way.
        m.d.sync += self.sent_o.eq(Mux(self.starts, self.behind, self.sent_i))
        return m
