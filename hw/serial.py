"""Arithmetic on numbers that come bit by bit, lowest first: a few cells, and no carry chain, for what may take tens of cycles."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


def serial_sum(m: Module, left: Value, right: Value, clear: Value, carry_in: int | Value = 0) -> Value:
    """The bit of ``left + right`` whose turn it is. ``clear`` is high in the cycle before the lowest bits, and takes ``carry_in``."""
    carry = Signal(name="carry")
    m.d.sync += carry.eq(Mux(clear, carry_in, (left & right) | (carry & (left ^ right))))
    return left ^ right ^ carry


class Times(wiring.Component):
    """``o = factor * i``, a bit a cycle, in the same cycle.

    Parameters
    ----------
    factor : a constant, at least 1

    Members
    -------
    i, o : In(1), Out(1), lowest bit first
    clear : In(1), high in the cycle before the lowest bit
    """

    def __init__(self, factor: int) -> None:
        self.factor = factor
        super().__init__({"i": In(1), "o": Out(1), "clear": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        total: Value = Const(0, 1)
        # Horner's rule: a cycle's delay is a factor of two.
        for digit in bin(self.factor)[2:]:
            if not isinstance(total, Const):
                delayed = Signal(name="delayed")
                m.d.sync += delayed.eq(total & ~self.clear)
                total = delayed
            if digit == "1":
                total = self.i if isinstance(total, Const) else serial_sum(m, self.i, total, self.clear)
        m.d.comb += self.o.eq(total)
        return m
