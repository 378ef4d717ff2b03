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
from .store import store


class Accumulator(wiring.Component):
    """Adds ``term << shift`` to a word. Throughput one a cycle, but the same word not within `ACCUMULATOR_LATENCY` cycles.

    Members
    -------
    operation : In, at every age
    term : In(signed(sum)), at age 5
    host, host_total : the memory, read a cycle after ``host.address``
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__(
            {
                "operation": In(aged_layout(shape)),
                "term": In(signed(shape.sum_width)),
                "host": In(HostAccess(shape)),
                "host_total": Out(signed(shape.formats.accumulator)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        op, host = self.operation, self.host
        width = self.array.formats.accumulator
        m.submodules.memory = memory = store(width, layout.depth(Bank.ACCUMULATOR, self.array))
        read, write = memory.read_port(), memory.write_port()
        shifted, term, total = Signal(signed(width)), Signal(signed(width)), Signal(signed(width))
        m.d.sync += [
            shifted.eq((self.term << op.age_5.shift)[:width]),
            term.eq(shifted),
            total.eq(read.data + term),
        ]
        m.d.comb += [
            read.addr.eq(Mux(host.active, host.address, op.age_6.accumulator)),
            self.host_total.eq(read.data),
            write.addr.eq(Mux(host.active, host.address, op.age_8.accumulator)),
            write.data.eq(Mux(host.active, host.data[:width].as_signed(), total)),
            write.en.eq(Mux(host.active, host.write & (host.bank == Bank.ACCUMULATOR), op.age_8.valid & op.age_8.accumulate)),
        ]
        return m
