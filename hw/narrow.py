"""A number rounded and clipped to fewer bits: a state to what the multiplier takes, a sum to what the table does."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .rounding import NONE, extended, in_groups, plus, split

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
        raised, limit, tie = Signal(width), Signal(width), Signal()

        def unlike(bits: Value) -> Value:
            """Ones where a bit is not the sign's."""
            return bits ^ negative.replicate(len(bits))

        # Group by group: whether the floor is beyond a code; whether it is the highest one, or one below the lowest.
        beyond = Signal(len(in_groups(upper)))
        edge, leaves = Signal(len(in_groups(field))), Signal()
        m.d.sync += [
            raised.eq(plus(floor[:width].as_signed(), NONE, half)),
            limit.eq(Cat(1, (~negative).replicate(width - 2), negative)),
            beyond.eq(Cat(unlike(bits).any() for bits in in_groups(upper))),
            edge.eq(Cat(unlike(bits).all() for bits in in_groups(field))),
            # Up from the highest; or not up to the lowest, or just as far as half.
            leaves.eq(Mux(negative, ~half | exact, half)),
            tie.eq(half & exact),
        ]
        differs = beyond.any() | (edge.all() & leaves)
        m.d.sync += [
            self.code.eq(Mux(differs, limit, Cat(raised[0] & ~tie, raised[1:])).as_signed()),
            self.clipped.eq(differs),
        ]
        return m
