"""A stream with registers on the way: neither what is offered nor, with two of them, whether it is taken goes further within a cycle."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


class Skid(wiring.Component):
    """Hands words on, one a cycle, a cycle later. What comes while the word before is not taken waits in a second register, or outside.

    Parameters
    ----------
    shape : of a word
    spare : there is a second register

    Members
    -------
    i, o : streams of words; all of ``o`` are flip-flops, and with a second register ``i.ready``
    """

    def __init__(self, shape: Any, spare: bool) -> None:
        self.spare = spare
        words = stream.Signature(shape)
        super().__init__({"i": In(words), "o": Out(words)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if not self.spare:
            m.d.comb += self.i.ready.eq(self.o.ready | ~self.o.valid)
            with m.If(self.i.ready):
                m.d.sync += [self.o.valid.eq(self.i.valid), self.o.payload.eq(self.i.payload)]
            return m
        spare, waits = Signal.like(self.i.payload, reset_less=True), Signal()
        m.d.comb += self.i.ready.eq(~waits)
        with m.If(~waits):
            m.d.sync += spare.eq(self.i.payload)
        with m.If(self.o.ready | ~self.o.valid):
            m.d.sync += [self.o.valid.eq(self.i.valid | waits), waits.eq(0)]
            with m.If(waits):
                m.d.sync += self.o.payload.eq(spare)
            with m.Else():
                m.d.sync += self.o.payload.eq(self.i.payload)
        with m.Elif(~waits):
            m.d.sync += waits.eq(self.i.valid)
        return m
