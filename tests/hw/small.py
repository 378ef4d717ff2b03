"""Gateware for the flow's tests: as little as takes a multiplier and a block RAM."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.hw.multiplier import Multiplier


class Small(wiring.Component):
    """What comes in at ``rx`` is kept, multiplied, and goes out at ``tx``."""

    def __init__(self) -> None:
        super().__init__({"rx": In(1), "tx": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.multiplier = multiplier = Multiplier(16)
        m.submodules.memory = memory = Memory(shape=16, depth=256, init=[])
        read, write = memory.read_port(), memory.write_port()
        taken, sent, word = Signal(32), Signal(32), Signal(16)
        m.d.sync += [taken.eq(Cat(self.rx, taken)), word.eq(read.data), sent.eq(Mux(taken[0], multiplier.product, sent >> 1))]
        m.d.comb += [
            read.addr.eq(taken[:8]),
            write.addr.eq(taken[8:16]),
            write.data.eq(taken[16:]),
            write.en.eq(taken[0]),
            multiplier.left.eq(word),
            multiplier.right.eq(taken[16:]),
            self.tx.eq(sent[0]),
        ]
        return m
