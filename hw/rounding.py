"""Where the gateware rounds; `narrow` rounds and saturates at once."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

NONE, ONE = Const(0, 1), Const(1, 1)

#: Bits of which one register tells whether any is set: of two values each, as many as two levels of logic take.
GROUP = 8


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


def in_groups(value: Value) -> list[Value]:
    """The bits of ``value``, `GROUP` at a time."""
    return [value[first : first + GROUP] for first in range(0, len(value), GROUP)]


def shifted_right(value: Value, amount: Value, bits: range) -> Value:
    """A signed number shifted right by what those bits of ``amount`` say. Combinational."""
    for bit in reversed(bits):
        value = Mux(amount[bit], value >> min(1 << bit, len(value) - 1), value).as_signed()
    return value


class NearestShift(wiring.Component):
    """``value / 2**(base + amount)`` to the nearest integer, ties to even, for an amount chosen at run time: ``floor + up``.

    The last bit that falls out is shifted along, and whether any did before it is told from the value itself, so nothing is added here:
    ``up`` is a carry to whatever the result goes into. Latency 2 cycles, throughput one a cycle.

    Parameters
    ----------
    width, base, limit : of the value; of the least shift; of the amount
    apart : if there are two values, by how many bits the other is to be shifted left before it is added

    Members
    -------
    value, other : In(signed(width)), In(signed(width - apart)); their sum is rounded, which must fit ``width`` bits
    amount : In(range(limit + 1)), at most ``width - base - 1``; static: set a cycle before the first value, for as long as values come
    enable : In(1), with the result a cycle later; or that is zero
    floor, up : Out(signed(width - base)), Out(1)
    """

    def __init__(self, width: int, base: int, limit: int, apart: int | None = None) -> None:
        self.width, self.base, self.apart = width, base, apart
        super().__init__(
            {
                "value": In(signed(width)),
                **({} if apart is None else {"other": In(signed(width - apart))}),
                "amount": In(range(limit + 1)),
                "enable": In(1),
                "floor": Out(signed(width - base)),
                "up": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width, base, apart = self.width, self.base, self.apart
        # A register here, as the amount goes to all of the shift. Ones where bits fall out before the last that does.
        amount = Signal.like(self.amount)
        m.d.sync += amount.eq(self.amount)
        before = Signal(max(0, min(width, base + (1 << len(self.amount)) - 2)))
        for bit in range(len(before)):
            m.d.sync += before[bit].eq(self.amount > bit + 1 - base)

        # Of one value both cycles take half of the shift; the sum of two is shifted in the second. What fell out is told from the value as
        # it comes in, where nothing is added to it.
        fine = range(len(amount)) if apart is not None else range(len(amount) // 2)
        early = len(before) if apart is None else min(apart, len(before))
        groups = list(zip(in_groups(self.value[:early]), in_groups(before[:early]), strict=True))
        rests, late = Signal(len(groups)), NONE
        m.d.sync += [rest.eq((bits & fallen).any()) for rest, (bits, fallen) in zip(rests, groups, strict=True)]
        if apart is None:
            field = Signal(signed(width - base + 1))
            m.d.sync += field.eq(shifted_right(Cat(NONE, self.value).as_signed() >> base, amount, range(len(fine), len(amount))))
        else:
            total = Signal(signed(width))
            m.d.sync += total.eq(Cat(self.value[:apart], (self.value >> apart) + self.other).as_signed())
            field, late = Cat(NONE, total).as_signed() >> base, (total[early : len(before)] & before[early:]).any()

        quotient = shifted_right(field, amount, fine)
        half, more = Signal(), Signal()
        m.d.sync += [
            self.floor.eq(Mux(self.enable, quotient >> 1, 0)),
            half.eq(self.enable & quotient[0]),
            more.eq(quotient[1] | rests.any() | late),
        ]
        m.d.comb += self.up.eq(half & more)
        return m
