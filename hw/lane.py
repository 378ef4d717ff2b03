"""One lane: a multiplier, the memories of its oscillators, and its place in the ring."""

from __future__ import annotations

from amaranth.hdl import Array, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .accumulator import Accumulator
from .activation import Activation
from .host_access import HostAccess
from .integrator import Integrator
from .multiplier import Multiplier
from .operand import OperandFile
from .operation import Consumer, Left, Right, Scale, Source, aged_layout
from .rounding import NearestShift
from .store import store


class Lane(wiring.Component):
    """Executes one operation a cycle; see `operation` for what happens at which age.

    Members
    -------
    operation : In, at every age
    input : In(operand), the broadcast input word at age 1
    ring_i, ring_o : operand, from the next lane and to the previous one
    sum_i, sum_o : sum, likewise
    host : In(HostAccess)
    chain_i, chain_o : In, Out(signed(widest)), words on their way out: with ``capture`` the chain takes the word that ``host`` addressed
        the cycle before, with ``chain_move`` the next lane's
    capture, chain_move : In(1)
    overflow, clip : Out(ways), sticky until ``restart``
    restart : In(ways)
    padded : In(1), static: the lane's last row holds no oscillator
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        operand, total = signed(shape.formats.operand.width), signed(shape.sum_width)
        word = HostAccess(shape).members["data"].shape
        super().__init__(
            {
                "operation": In(aged_layout(shape)),
                "input": In(operand),
                "ring_i": In(operand),
                "ring_o": Out(operand),
                "sum_i": In(total),
                "sum_o": Out(total),
                "host": In(HostAccess(shape)),
                "chain_i": In(word),
                "chain_o": Out(word),
                "capture": In(1),
                "chain_move": In(1),
                "overflow": Out(shape.ways),
                "clip": Out(shape.ways),
                "restart": In(shape.ways),
                "padded": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, f, op, host = self.array, self.array.formats, self.operation, self.host

        m.submodules.integrator = integrator = Integrator(shape)
        m.submodules.activation = activation = Activation(shape)
        m.submodules.accumulator = accumulator = Accumulator(shape)
        m.submodules.positions = x = OperandFile(shape, ports=2)
        m.submodules.momenta = p = OperandFile(shape, ports=1)
        m.submodules.multiplier = multiplier = Multiplier(f.multiplier)
        m.submodules.nearest = nearest = NearestShift(shape.sum_width)
        for part in (integrator, activation, accumulator):
            m.d.comb += part.operation.eq(op)
            for name in part.host.signature.members:
                m.d.comb += getattr(part.host, name).eq(getattr(host, name))

        # Memories without a component of their own: parameters, nudges, trace.
        memories = {}
        for bank in (Bank.PARAMETER, Bank.NUDGE, Bank.TRACE):
            m.submodules[bank.name.lower()] = memories[bank] = store(layout.width(bank, shape), layout.depth(bank, shape))
        reads = {bank: memory.read_port() for bank, memory in memories.items()}
        writes = {bank: memory.write_port() for bank, memory in memories.items()}
        m.d.comb += [
            reads[Bank.PARAMETER].addr.eq(Mux(host.active, host.address, op.age_0.parameter)),
            reads[Bank.NUDGE].addr.eq(Mux(host.active, host.address, op.age_7.nudge_address)),
            reads[Bank.TRACE].addr.eq(host.address),
            writes[Bank.TRACE].addr.eq(op.age_10.trace_address),
            writes[Bank.TRACE].data.eq(integrator.position),
            writes[Bank.TRACE].en.eq(op.age_10.valid & op.age_10.trace),
        ]
        for bank in (Bank.PARAMETER, Bank.NUDGE):
            m.d.comb += [
                writes[bank].addr.eq(host.address),
                writes[bank].data.eq(host.data[: layout.width(bank, shape)].as_signed()),
                writes[bank].en.eq(host.active & host.write & (host.bank == bank)),
            ]

        # Age 0 to 1: operands are fetched, the ring moves.
        ring, own, load = Signal(signed(f.operand.width)), Signal(), Signal(signed(f.operand.width))
        m.d.comb += [x.read_address_0.eq(op.age_0.file), x.read_address_1.eq(op.age_0.ring_file), p.read_address_0.eq(op.age_0.file)]
        m.d.comb += load.eq(x.read_1)
        held = Signal(signed(f.operand.width))
        m.d.comb += ring.eq(Mux(own, load, held))
        m.d.comb += self.ring_o.eq(ring)
        with m.If(op.age_0.valid & op.age_0.ring_move):
            m.d.sync += [own.eq(op.age_0.ring_load), held.eq(self.ring_i)]
        with m.Else():
            m.d.sync += [own.eq(0), held.eq(ring)]

        # Age 1: the multiplier's operands.
        left = {
            Left.PARAMETER: reads[Bank.PARAMETER].data,
            Left.RISE: activation.rise,
            Left.X: x.read_0,
            Left.Y: activation.y,
            Left.PAIR: activation.pair,
            Left.P: p.read_0,
            Left.POTENTIAL_LOW: activation.potential_low,
            Left.POTENTIAL_HIGH: activation.potential_high,
        }
        right = {
            Right.MOMENTUM_LOW: integrator.low,
            Right.MOMENTUM_HIGH: integrator.high,
            Right.INPUT: self.input,
            Right.X: x.read_0,
            Right.RING: ring,
            Right.Y: activation.y,
            Right.OFFSET: activation.offset,
            Right.ONE: 1,
            Right.P: p.read_0,
        }
        for selector, choices, target in ((op.age_1.left, left, multiplier.left), (op.age_1.right, right, multiplier.right)):
            with m.Switch(selector):
                for choice, value in choices.items():
                    with m.Case(choice):
                        m.d.comb += target.eq(value)

        # Age 4 to 5: the product is aligned and signed.
        term = Signal(signed(shape.sum_width))
        aligned = Signal(signed(shape.sum_width))
        scales = {
            Scale.NONE: 0,
            Scale.OPERAND: f.align_shift,
            Scale.ACTIVATION: f.activation.fraction,
            Scale.WEIGHT: f.weight.fraction,
            Scale.DIGIT: f.multiplier - 1,
        }
        with m.Switch(op.age_4.scale):
            for scale, shift in scales.items():
                with m.Case(scale):
                    m.d.comb += aligned.eq(multiplier.product << shift)
        m.d.sync += term.eq(Mux(op.age_4.negate, -aligned, aligned))
        m.d.comb += accumulator.term.eq(term)

        # Age 5 to 6: sums.
        total, scratch = Signal(signed(shape.sum_width)), Signal(signed(shape.sum_width))
        with m.If(op.age_5.valid & op.age_5.sum_add):
            m.d.sync += total.eq(Mux(op.age_5.sum_first, 0, Mux(op.age_5.sum_hop, self.sum_i, total)) + term)
        with m.If(op.age_5.valid & op.age_5.scratch_add):
            m.d.sync += scratch.eq(Mux(op.age_5.scratch_first, 0, scratch) + term)
        m.d.comb += self.sum_o.eq(total)

        # Age 6 to 8: a finished sum is rounded and handed on.
        sources = {Source.SUM: total, Source.NEIGHBOUR: self.sum_i, Source.SCRATCH: scratch}
        with m.Switch(op.age_6.source):
            for source, value in sources.items():
                with m.Case(source):
                    m.d.comb += nearest.value.eq(value)
        m.d.comb += [
            nearest.amount.eq(op.age_6.amount),
            integrator.change.eq(nearest.result),
            integrator.nudge.eq(reads[Bank.NUDGE].data),
            activation.result.eq(nearest.result),
            activation.padded.eq(self.padded),
        ]

        # Age 9 to 11: operands of the new state.
        m.d.comb += [
            p.value.eq(integrator.momentum),
            p.address.eq(op.age_10.out_file),
            p.write.eq(op.age_10.valid & op.age_10.store_p),
            x.value.eq(integrator.position),
            x.address.eq(op.age_11.out_file),
            x.write.eq(op.age_11.valid & (op.age_11.consumer == Consumer.DRIFT)),
        ]

        for way in range(shape.ways):
            clips = (op.age_10.check_p & p.clip & (op.age_10.way == way)) | (op.age_11.check_x & x.clip & (op.age_11.way == way))
            m.d.sync += [
                self.overflow[way].eq(~self.restart[way] & (self.overflow[way] | integrator.overflow[way])),
                self.clip[way].eq(~self.restart[way] & (self.clip[way] | clips)),
            ]

        outputs = {
            Bank.PARAMETER: reads[Bank.PARAMETER].data,
            Bank.ACCUMULATOR: accumulator.host_total,
            Bank.POSITION: integrator.host_position,
            Bank.MOMENTUM: integrator.host_momentum,
            Bank.NUDGE: reads[Bank.NUDGE].data,
            Bank.TRACE: reads[Bank.TRACE].data,
            Bank.TABLE_VALUE: activation.host_value,
            Bank.TABLE_RISE: activation.host_rise,
            Bank.TABLE_INTEGRAL: activation.host_integral,
        }
        answer = Array([outputs.get(bank, 0) for bank in sorted(Bank)])[host.bank]
        with m.If(self.capture):
            m.d.sync += self.chain_o.eq(answer)
        with m.Elif(self.chain_move):
            m.d.sync += self.chain_o.eq(self.chain_i)
        return m
