"""The one place where the gateware rounds and saturates."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


def nearest(value: Value, shift: int) -> Value:
    """``value / 2**shift`` to the nearest integer, ties to even: odd, so that a drift can be undone. Combinational."""
    if shift == 0:
        return value
    floor = value >> shift
    half = value[shift - 1]
    rest = value[: shift - 1].any() if shift > 1 else 0
    return floor + (half & (rest | floor[0]))


def saturated(value: Value, width: int) -> tuple[Value, Value]:
    """The nearest symmetric ``width``-bit code, and whether it differs from ``value``. Combinational."""
    highest = (1 << (width - 1)) - 1
    above, below = value > highest, value < -highest
    result = Mux(above, highest, Mux(below, -highest, value[:width].as_signed()))
    return result, above | below


class NearestShift(wiring.Component):
    """Round ``value / 2**amount`` to the nearest integer, ties to even, for an amount chosen at run time.

    Latency 2 cycles, throughput one a cycle.

    Members
    -------
    value : In(signed(width))
    amount : In(6), at most ``width - 1``
    result : Out(signed(width))
    """

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({"value": In(signed(width)), "amount": In(unsigned(6)), "result": Out(signed(width))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        value: Value = self.value
        half: Value = Signal(name="exact")  # last bit that was shifted out
        rest: Value = Signal(name="nothing")  # whether any before it was set
        for bit in range(len(self.amount)):
            distance = min(1 << bit, self.width - 1)
            take = self.amount[bit]
            shifted = Signal(signed(self.width), name=f"shifted_{bit}")
            new_half, new_rest = Signal(name=f"half_{bit}"), Signal(name=f"rest_{bit}")
            lower = value[: distance - 1].any() if distance > 1 else 0
            m.d.comb += [
                shifted.eq(Mux(take, value >> distance, value)),
                new_half.eq(Mux(take, value[distance - 1], half)),
                new_rest.eq(Mux(take, rest | half | lower, rest)),
            ]
            value, half, rest = shifted, new_half, new_rest
        floor, up = Signal(signed(self.width)), Signal()
        m.d.sync += [floor.eq(value), up.eq(half & (rest | value[0]))]
        m.d.sync += self.result.eq(floor + Cat(up, 0).as_signed())
        return m
