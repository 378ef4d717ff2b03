"""The gradient accumulators of one lane: exact sums of products, modulo 2^width."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .host_access import HostAccess
from .operation import aged_layout
from .rounding import plus
from .store import store


class Accumulator(wiring.Component):
    """Adds a term to a word. Throughput one a cycle, but the same word not within `ACCUMULATOR_LATENCY` cycles.

    Members
    -------
    operation : In, at every age
    term, carry : In(signed(accumulator)), In(1), at age 7; what is added is their sum
    host : the host can only write zeros
    word : Out, what the memory holds at ``host.address``, two cycles later
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        word = signed(shape.formats.accumulator)
        super().__init__(
            {
                "operation": In(aged_layout(shape)),
                "term": In(word),
                "carry": In(1),
                "host": In(HostAccess(shape)),
                "word": Out(word),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        op, host = self.operation, self.host
        width = self.array.formats.accumulator
        m.submodules.memory = memory = store(width, layout.depth(Bank.ACCUMULATOR, self.array))
        read, write = memory.read_port(), memory.write_port()
        total = Signal(signed(width))
        m.d.sync += [self.word.eq(read.data), total.eq(plus(self.word, self.term, self.carry))]
        with m.If(host.active):
            m.d.sync += total.eq(0)
        m.d.comb += [
            read.addr.eq(Mux(host.active, host.address, op.age_5.accumulator)),
            write.addr.eq(Mux(host.active, host.address, op.age_8.accumulator)),
            write.data.eq(total),
            write.en.eq(Mux(host.active, host.write & (host.bank == Bank.ACCUMULATOR), op.age_8.valid & op.age_8.accumulate)),
        ]
        return m
