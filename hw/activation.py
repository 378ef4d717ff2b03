"""The activation of a tile: a piecewise linear table and its integral, one sum a cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .host_access import HostAccess
from .multiplier import Multiplier
from .rounding import extended, plus, saturated, split
from .store import store

#: Banks of the table, and the members of `Activation` that show them to the host.
TABLES = {Bank.TABLE_VALUE: "value", Bank.TABLE_RISE: "rise", Bank.TABLE_INTEGRAL: "integral"}


class Activation(wiring.Component):
    """y = value + nearest(rise * offset), q = integral + nearest((value + y) * offset), with the segment's row of the table.

    Throughput one a cycle; stages as in `operation`.

    Members
    -------
    sum : In(signed(sum)), at stage 0
    rests : In(1), at stage 6: y is zero whatever the table says, as what only pads a row must not move
    y : Out(activation), at stage 7
    potential : Out(potential), at stage 11
    host : the table is written through it; value, rise, integral : Out, read at ``host.address``, two cycles later
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        word = signed(shape.formats.multiplier)
        super().__init__(
            {
                "sum": In(signed(shape.sum_width)),
                "rests": In(1),
                "y": Out(word),
                "potential": Out(signed(shape.formats.potential.width)),
                "host": In(HostAccess(shape)),
                **{name: Out(signed(layout.width(bank, shape))) for bank, name in TABLES.items()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        f, host = self.array.formats, self.host
        unit = f.multiplier - 1

        def later(value: Value, name: str, cycles: int) -> Value:
            for _ in range(cycles):
                delayed = Signal.like(value, name=name)
                m.d.sync += delayed.eq(value)
                value = delayed
            return value

        # Stage 0 to 1: the code of z.
        floor, half, rest = split(self.sum, f.table_shift)
        code, z = Signal(signed(self.array.sum_width - f.table_shift + 1)), Signal(signed(f.table_width))
        m.d.sync += code.eq(floor + (half & (rest | floor[0])))
        m.d.comb += z.eq(saturated(code, f.table_width)[0])

        # Stage 1 to 3: its row of the table; the index counts from the lowest segment.
        segment = Cat(z[unit:-1], ~z[-1])
        for bank, name in TABLES.items():
            m.submodules[bank.name.lower()] = memory = store(layout.width(bank, self.array), f.segments)
            read, write = memory.read_port(), memory.write_port()
            m.d.comb += [
                read.addr.eq(Mux(host.active, host.address, segment)),
                write.addr.eq(host.address),
                write.data.eq(host.data[: layout.width(bank, self.array)].as_signed()),
                write.en.eq(host.active & host.write & (host.bank == bank)),
            ]
            m.d.sync += getattr(self, name).eq(read.data)
        offset = later(z[:unit], "offset", 2)

        # Stage 3 to 7: y.
        m.submodules.slope = slope = Multiplier(f.multiplier)
        m.d.comb += [slope.left.eq(self.rise), slope.right.eq(offset)]
        value = later(self.value, "value_later", 3)
        floor, half, rest = split(slope.product, unit)
        y = plus(extended(value, f.multiplier), extended(floor, f.multiplier), half & (rest | floor[0]))
        m.d.sync += self.y.eq(Mux(self.rests, 0, y))

        # Stage 7 to 11: the potential, from the knot before and y.
        m.submodules.area = area = Multiplier(f.multiplier)
        m.d.comb += [area.left.eq(later(value, "value_latest", 1) + self.y), area.right.eq(later(offset, "offset_later", 4))]
        integral = later(self.integral, "integral_later", 7)
        floor, half, rest = split(area.product, unit)
        width = len(self.potential)
        m.d.sync += self.potential.eq(plus(extended(integral, width), extended(floor, width), half & (rest | floor[0])))
        return m
