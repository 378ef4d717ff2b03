"""The one place where the gateware rounds and saturates."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


NONE, ONE = Const(0, 1), Const(1, 1)


def split(value: Value, shift: int) -> tuple[Value, Value, Value]:
    """``value`` shifted right by a constant; the last bit that fell out; whether any before it was set."""
    if shift == 0:
        return value, NONE, NONE
    return value >> shift, value[shift - 1], value[: shift - 1].any() if shift > 1 else NONE


def nearest(value: Value, shift: int) -> Value:
    """``value / 2**shift`` to the nearest integer, ties to even: odd, so that a drift can be undone. Combinational."""
    floor, half, rest = split(value, shift)
    return floor + (half & (rest | floor[0]))


def extended(value: Value, width: int) -> Value:
    """A signed number in ``width`` bits: its sign repeated, or its lowest bits. Combinational."""
    short = width - len(value)
    return (Cat(value, value[-1].replicate(short)) if short > 0 else value[:width]).as_signed()


def plus(left: Value, right: Value, carry: Value) -> Value:
    """``left + right + carry``, carry one bit, by one chain of carries: it enters below the lowest bit. Combinational."""
    total = Cat(ONE, left).as_signed() + Cat(carry, right).as_signed()
    return (total >> 1).as_signed()


def sum_of_three(first: Value, second: Value, third: Value, carry: Value, other: Value) -> Value:
    """The sum of three numbers of one width and two carries, modulo 2^width: no chain of carries but one. Combinational."""
    partial = first ^ second ^ third
    carries = (first & second) | (second & third) | (third & first)
    return plus(partial.as_signed(), Cat(other, carries[:-1]).as_signed(), carry)


def saturated(value: Value, width: int) -> tuple[Value, Value]:
    """The nearest symmetric ``width``-bit code, and whether it differs from ``value``. Combinational."""
    value = extended(value, max(width, len(value)))
    negative, upper, lower = value[-1], value[width - 1 : -1], value[: width - 1]
    # It does not fit if its upper bits are not all copies of the sign, or if it is the one code without a negative.
    beyond = Mux(negative, ~upper.all(), upper.any()) if len(upper) else NONE
    lowest = negative & ~lower.any()
    differs = beyond | lowest
    highest = Cat(~negative.replicate(width - 1), negative)  # 0111...1, or 1000...0
    result = Mux(differs, highest | Cat(negative), Cat(lower, negative))
    return result.as_signed(), differs


class NearestShift(wiring.Component):
    """Round ``value / 2**(base + amount)`` to the nearest integer, ties to even, for an amount chosen at run time.

    Latency 2 cycles, throughput one a cycle.

    Members
    -------
    value : In(signed(width))
    amount : In(range(limit + 1)), at most ``width - base - 1``
    result : Out(signed(width - base + 1))
    """

    def __init__(self, width: int, base: int, limit: int) -> None:
        self.width, self.base = width, base
        super().__init__({"value": In(signed(width)), "amount": In(range(limit + 1)), "result": Out(signed(width - base + 1))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.width - self.base
        value, half, rest = split(self.value, self.base)  # of ``half`` and ``rest``: the last bit that was shifted out, any before it
        for bit in range(len(self.amount)):
            distance = min(1 << bit, width - 1)
            take = self.amount[bit]
            shifted = Signal(signed(width), name=f"shifted_{bit}")
            new_half, new_rest = Signal(name=f"half_{bit}"), Signal(name=f"rest_{bit}")
            lower = value[: distance - 1].any() if distance > 1 else 0
            m.d.comb += [
                shifted.eq(Mux(take, value >> distance, value)),
                new_half.eq(Mux(take, value[distance - 1], half)),
                new_rest.eq(Mux(take, rest | half | lower, rest)),
            ]
            value, half, rest = shifted, new_half, new_rest
        floor, up = Signal(signed(width)), Signal()
        m.d.sync += [floor.eq(value), up.eq(half & (rest | value[0]))]
        m.d.sync += self.result.eq(floor + Cat(up, 0).as_signed())
        return m
