"""State, rounded and clipped to what the multiplier takes."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.formats import Formats

from .rounding import nearest, saturated


class Narrow(wiring.Component):
    """The operand nearest to a state value. Latency 1 cycle, throughput one a cycle.

    Members
    -------
    value : In(state)
    operand : Out(operand), symmetric
    clipped : Out(1), the rounded value did not fit
    """

    def __init__(self, formats: Formats) -> None:
        self.formats = formats
        super().__init__({"value": In(signed(formats.state.width)), "operand": Out(signed(formats.operand.width)), "clipped": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        rounded = Signal(signed(self.formats.state.width - self.formats.operand_shift + 1))
        m.d.comb += rounded.eq(nearest(self.value, self.formats.operand_shift))
        operand, differs = saturated(rounded, self.formats.operand.width)
        m.d.sync += [self.operand.eq(operand), self.clipped.eq(differs)]
        return m
