"""A wide counter whose bits rotate past one adder, so that its width costs neither logic nor time."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .serial import serial_sum


class Tally(wiring.Component):
    """Counts events modulo ``2**width``; those of one turn are added in the next.

    Parameters
    ----------
    width : bits, and cycles of a turn

    Members
    -------
    event : In(1), counted in every cycle that it is high
    clear : In(1), to zero; a reset alone does not do that
    last : In(1), high in the last cycle of a turn
    o : Out(1), bit k in cycle k of a turn, of the events before that turn
    """

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({"event": In(1), "clear": In(1), "last": In(1), "o": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        recent = Signal(range(self.width + 1), reset_less=True)
        addend, total = Signal.like(recent), Signal(self.width, reset_less=True)
        m.d.sync += [recent.eq(recent + self.event), addend.eq(addend >> 1)]
        with m.If(self.last):
            m.d.sync += [recent.eq(self.event), addend.eq(recent)]
        m.d.comb += self.o.eq(serial_sum(m, total[0], addend[0], self.last))
        m.d.sync += total.eq(Cat(total[1:], self.o))
        with m.If(self.clear):
            m.d.sync += [recent.eq(0), addend.eq(0), total.eq(0)]
        return m
