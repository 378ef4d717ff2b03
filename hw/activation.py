"""The activation of a tile: a piecewise linear table and its integral, one sum a cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .block_ram import BlockRam
from .delay import later
from .host_access import HostAccess
from .multiplier import Multiplier
from .rounding import extended, plus, saturated, split

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

        # Stage 0 to 1: the code of z.
        floor, half, rest = split(self.sum, f.table_shift)
        code, z = Signal(signed(self.array.sum_width - f.table_shift + 1)), Signal(signed(f.table_width))
        m.d.sync += code.eq(floor + (half & (rest | floor[0])))
        m.d.comb += z.eq(saturated(code, f.table_width)[0])

        # Stage 1 to 3: its row of the table; the index counts from the lowest segment.
        segment = Cat(z[unit:-1], ~z[-1])
        m.submodules.lines = lines = BlockRam(2 * f.multiplier, f.segments, parts=2)
        m.submodules.integrals = integrals = BlockRam(f.potential.width, f.segments)
        mine = host.active & host.write
        line = Cat(self.value, self.rise)
        for memory, banks, word in (
            (lines, (Bank.TABLE_VALUE, Bank.TABLE_RISE), line),
            (integrals, (Bank.TABLE_INTEGRAL,), self.integral),
        ):
            written = host.data[: layout.width(banks[0], self.array)]
            m.d.comb += [
                memory.address.eq(Mux(host.active, host.address, segment)),
                memory.write_address.eq(host.address),
                memory.data.eq(Cat(*[written] * len(banks))),
                memory.write.eq(Cat(mine & (host.bank == bank) for bank in banks)),
                word.eq(memory.word),
            ]
        offset = later(m, z[:unit], "offset", 2)

        # Stage 3 to 7: y.
        m.submodules.slope = slope = Multiplier(f.multiplier)
        m.d.comb += [slope.left.eq(self.rise), slope.right.eq(offset)]
        value = later(m, self.value, "value_later", 3)
        floor, half, rest = split(slope.product, unit)
        y = plus(extended(value, f.multiplier), extended(floor, f.multiplier), half & (rest | floor[0]))
        m.d.sync += self.y.eq(Mux(self.rests, 0, y))

        # Stage 7 to 11: the potential, from the knot before and y.
        m.submodules.area = area = Multiplier(f.multiplier)
        m.d.comb += [area.left.eq(later(m, value, "value_latest", 1) + self.y), area.right.eq(later(m, offset, "offset_later", 4))]
        integral = later(m, self.integral, "integral_later", 7)
        floor, half, rest = split(area.product, unit)
        width = len(self.potential)
        m.d.sync += self.potential.eq(plus(extended(integral, width), extended(floor, width), half & (rest | floor[0])))
        return m
