"""A number rounded and clipped to fewer bits: a state to what the multiplier takes, a sum to what the table does."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .rounding import NONE, extended, plus, split

#: Cycles from a value to its code.
NARROW_LATENCY = 2


class Narrow(wiring.Component):
    """``value / 2**shift`` to the nearest code of so many bits, ties to even. Latency `NARROW_LATENCY`, throughput one a cycle.

    Whether the rounded value fits is told from the value itself, so neither waits for the other.

    Members
    -------
    value : In(signed(before))
    code : Out(signed(width)), symmetric
    clipped : Out(1), the rounded value did not fit
    """

    def __init__(self, before: int, shift: int, width: int) -> None:
        self.shift, self.width = shift, width
        super().__init__({"value": In(signed(before)), "code": Out(signed(width)), "clipped": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.width
        floor, half, rest = split(self.value, self.shift)
        floor = extended(floor, max(width, len(floor)))
        field = floor[: width - 1]
        upper = floor[width - 1 : -1]  # beside the sign; copies of it, if the floor fits

        negative, exact = floor[-1], ~rest
        raised, limit = Signal(width), Signal(width)
        beyond, top, bottom, tie = (Signal(name=n) for n in ("beyond", "top", "bottom", "tie"))
        m.d.sync += [
            raised.eq(plus(floor[:width].as_signed(), NONE, half)),
            limit.eq(Cat(1, (~negative).replicate(width - 2), negative)),
            beyond.eq(Mux(negative, ~upper.all(), upper.any()) if len(upper) else NONE),
            # Up from the highest code; not up from the lowest, which is none, or just up to it, from below.
            top.eq(~negative & field.all() & half),
            bottom.eq(negative & ~field.any() & (~half | exact)),
            tie.eq(half & exact),
        ]
        differs = beyond | top | bottom
        m.d.sync += [
            self.code.eq(Mux(differs, limit, Cat(raised[0] & ~tie, raised[1:])).as_signed()),
            self.clipped.eq(differs),
        ]
        return m
