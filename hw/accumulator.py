"""The gradient accumulators of one lane: exact sums of products, modulo 2^width."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .block_ram import BlockRam
from .delay import later
from .host_access import HostWithin
from .operation import aged_layout
from .rounding import plus


class Accumulator(wiring.Component):
    """Adds a term to a word. Throughput one a cycle, but the same word not within `ACCUMULATOR_LATENCY` cycles.

    Members
    -------
    operation : In, at every age
    term, carry : In(signed(accumulator)), In(1), at age 8; what is added is their sum. Zero while the host is active
    host : the host can only write zeros
    asked : In(1), the host wants a word
    answer : Out, what the memory holds at ``host.address``, four cycles later; zero if the host is active but did not ask, so that the
        answers of many lanes need no selection
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        word = signed(shape.formats.accumulator)
        super().__init__(
            {
                "operation": In(aged_layout(shape)),
                "term": In(word),
                "carry": In(1),
                "host": In(HostWithin(shape)),
                "asked": In(1),
                "answer": Out(word),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        op, host = self.operation, self.host
        width = self.array.formats.accumulator
        m.submodules.memory = memory = BlockRam(width, layout.depth(Bank.ACCUMULATOR, self.array))
        clears = host.writes[Bank.ACCUMULATOR]
        m.d.sync += self.answer.eq(plus(memory.word, self.term, self.carry))
        with m.If(host.active & (clears | ~self.asked)):
            m.d.sync += self.answer.eq(0)
        # The memory may be many block RAMs: their addresses come from registers. So the zero that the host writes is there, too.
        m.d.sync += [
            memory.address.eq(Mux(host.active, host.address, op.age_5.accumulator)),
            memory.write_address.eq(Mux(clears, host.address, op.age_8.accumulator)),
        ]
        m.d.comb += [
            memory.data.eq(self.answer),
            memory.write.eq(later(m, clears, "cleared", 1) | (op.age_9.valid & op.age_9.accumulate)),
        ]
        return m
