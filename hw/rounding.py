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


def extended(value: Value, width: int) -> Value:
    """A signed number in ``width`` bits: its sign repeated, or its lowest bits. Combinational."""
    short = width - len(value)
    return (Cat(value, value[-1].replicate(short)) if short > 0 else value[:width]).as_signed()


def plus(left: Value, right: Value, carry: Value) -> Value:
    """``left + right + carry``, carry one bit, by one chain of carries: it enters below the lowest bit. Combinational."""
    total = Cat(ONE, left).as_signed() + Cat(carry, right).as_signed()
    return (total >> 1).as_signed()


def plus_nearest(value: Value, product: Value, shift: int, width: int) -> Value:
    """``value + product / 2**shift`` to the nearest integer, ties to even, modulo 2^width. Combinational.

    A product with a half less one unit added reaches the next integer if more than half is left, and with one more if it is odd at a tie.
    """
    below = Const((1 << (shift - 1)) - 1, shift)
    total = plus(Cat(below, extended(value, width)).as_signed(), extended(product, shift + width), product[shift])
    return total[shift:].as_signed()


def sum_of_three(first: Value, second: Value, third: Value, carry: Value, other: Value) -> Value:
    """The sum of three numbers of one width and two carries, modulo 2^width: no chain of carries but one. Combinational."""
    partial = first ^ second ^ third
    carries = (first & second) | (second & third) | (third & first)
    return plus(partial.as_signed(), Cat(other, carries[:-1]).as_signed(), carry)


def saturated(value: Value, width: int) -> Value:
    """The nearest symmetric ``width``-bit code. Combinational."""
    value = extended(value, max(width, len(value)))
    negative, upper, lower = value[-1], value[width - 1 : -1], value[: width - 1]
    # It does not fit if its upper bits are not all copies of the sign, or if it is the one code without a negative, one below the limit.
    beyond = Mux(negative, ~upper.all(), upper.any()) if len(upper) else NONE
    lowest = negative & ~lower.any()
    limit = Cat(1, (~negative).replicate(width - 2), negative)  # 0111...1, or 1000...01
    result = Mux(beyond, limit, Cat(lower[0] | lowest, lower[1:], negative))
    return result.as_signed()


class NearestShift(wiring.Component):
    """Round ``value / 2**(base + amount)`` to the nearest integer, ties to even, for an amount chosen at run time.

    Half a unit is added before the shift, so no bit that falls out has to be carried along; a tie, of which nothing is left below, then
    came to the integer above, which is the even one or has its lowest bit to lose. Latency 2 cycles, throughput one a cycle.

    Members
    -------
    value, other : In(signed(width)); their sum is rounded, which must fit ``width`` bits. ``other`` only if there are two
    amount : In(range(limit + 1)), at most ``width - base - 1``; static: set a cycle before the first value, for as long as values come
    enable : In(1), with the result a cycle later; or it is zero
    result : Out(signed(width - base + 1))
    """

    def __init__(self, width: int, base: int, limit: int, two: bool = False) -> None:
        self.width, self.base, self.two = width, base, two
        super().__init__(
            {
                "value": In(signed(width)),
                **({"other": In(signed(width))} if two else {}),
                "amount": In(range(limit + 1)),
                "enable": In(1),
                "result": Out(signed(width - base + 1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width, base = self.width, self.base
        # Ones wherever bits fall out; a register here, as the amount goes to all of the shift.
        amount = Signal.like(self.amount)
        m.d.sync += amount.eq(self.amount)
        below = Signal(min(width - 1, base + (1 << len(self.amount)) - 1))
        for bit in range(len(below)):
            m.d.sync += below[bit].eq(self.amount > bit - base)
        one, half = (below[0], below[1:]) if len(below) else (NONE, NONE)

        raised = Signal(signed(width + 1))
        value = extended(self.value, width + 1)
        if self.two:
            m.d.sync += raised.eq(
                sum_of_three(value, extended(self.other, width + 1), Cat(half, Const(0, width + 1 - len(half))), one, NONE)
            )
        else:
            m.d.sync += raised.eq(plus(value, Cat(half, Const(0, 1)).as_signed(), one))

        shifted: Value = raised >> base
        for bit in range(len(self.amount)):
            distance, stage = min(1 << bit, len(shifted) - 1), Signal(signed(width - base + 1), name=f"shifted_{bit}")
            m.d.comb += stage.eq(Mux(amount[bit], shifted >> distance, shifted))
            shifted = stage
        rounded, tie = Signal(signed(width - base + 1)), Signal()
        m.d.sync += [rounded.eq(Mux(self.enable, shifted, 0)), tie.eq(one & ~(raised & below).any())]
        m.d.comb += self.result.eq(Cat(rounded[0] & ~tie, rounded[1:]))
        return m
