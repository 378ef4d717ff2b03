"""A small design behind two streams of words, to try the harness and the bench's parts on."""

from __future__ import annotations

from enum import IntEnum

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


class Fault(IntEnum):
    """The word that makes an adder break a rule of its output stream from then on."""

    WITHDRAW = 0xDEAD0001
    CHANGE = 0xDEAD0002
    HANG = 0xDEAD0003


class Adder(wiring.Component):
    """Answers every word with the next number, until told to misbehave.

    Members
    -------
    i, o : streams of 32-bit words
    """

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(32)), "o": Out(stream.Signature(32))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        full = Signal()
        faults = {fault: Signal(name=fault.name.lower()) for fault in Fault}
        m.d.comb += [self.o.valid.eq(full), self.i.ready.eq((~full | self.o.ready) & ~faults[Fault.HANG])]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += full.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [full.eq(1), self.o.payload.eq(self.i.payload + 1)]
            for fault, present in faults.items():
                with m.If(self.i.payload == fault):
                    m.d.sync += present.eq(1)
        with m.If(self.o.valid & ~self.o.ready):
            with m.If(faults[Fault.WITHDRAW]):
                m.d.sync += full.eq(0)
            with m.If(faults[Fault.CHANGE]):
                m.d.sync += self.o.payload.eq(self.o.payload + 1)
        return m
