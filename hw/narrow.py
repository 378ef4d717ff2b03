"""State, rounded and clipped to what the multiplier takes."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.formats import Formats

from .rounding import NONE, extended, plus, split

#: Cycles from a value to its operand.
NARROW_LATENCY = 2


class Narrow(wiring.Component):
    """The operand nearest to a state value, ties to even. Latency `NARROW_LATENCY`, throughput one a cycle.

    Whether the rounded value fits is told from the value itself, so neither waits for the other.

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
        width = self.formats.operand.width
        floor, half, rest = split(self.value, self.formats.operand_shift)
        floor = extended(floor, max(width, len(floor)))
        field = floor[: width - 1]
        upper = floor[width - 1 : -1]  # beside the sign; copies of it, if the floor fits

        raised = Signal(width)
        negative, ones, zeros, beyond, above, exact = (Signal(name=n) for n in ("negative", "ones", "zeros", "beyond", "above", "exact"))
        m.d.sync += [
            raised.eq(plus(floor[:width].as_signed(), NONE, half)),
            negative.eq(floor[-1]),
            ones.eq(field.all()),
            zeros.eq(~field.any()),
            beyond.eq(Mux(floor[-1], ~upper.all(), upper.any()) if len(upper) else NONE),
            above.eq(half),
            exact.eq(~rest),
        ]

        # Up from the highest code; not up from the lowest, which is none, or just up to it, from below.
        differs, even = Signal(), Signal(width)
        m.d.comb += [
            differs.eq(beyond | (~negative & ones & above) | (negative & zeros & (~above | exact))),
            even.eq(Cat(raised[0] & ~(above & exact), raised[1:])),
        ]
        limit = Cat(1, (~negative).replicate(width - 2), negative)
        m.d.sync += [self.operand.eq(Mux(differs, limit, even).as_signed()), self.clipped.eq(differs)]
        return m
