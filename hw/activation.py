"""The activation of a tile: a piecewise linear table and its integral, one sum a cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .block_ram import BlockRam
from .delay import carried
from .host_access import HostWithin, near
from .multiplier import Multiplier
from .narrow import Narrow
from .operation import STORE
from .rounding import plus_nearest

#: Banks of the table, and the members of `Activation` that show them to the host.
TABLES = {Bank.TABLE_VALUE: "value", Bank.TABLE_RISE: "rise", Bank.TABLE_INTEGRAL: "integral"}


class Activation(wiring.Component):
    """y = value + nearest(rise * offset), q = integral + nearest((value + y) * offset), with the segment's row of the table.

    Throughput one a cycle; stages as in `operation`.

    Members
    -------
    sum : In(signed(sum)), at stage 0
    live : In, at which stages a ticket is
    rests : In(1), at stage 7: y is zero whatever the table says, as what only pads a row must not move
    y : Out(activation), at stage 8
    potential : Out(potential), at stage 12
    host : the table is written through it; value, rise, integral : Out, read at ``host.address``, `approach` and two cycles later
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        word = signed(shape.formats.multiplier)
        super().__init__(
            {
                "sum": In(signed(shape.sum_width)),
                "live": In(STORE + 1),
                "rests": In(1),
                "y": Out(word),
                "potential": Out(signed(shape.formats.potential.width)),
                "host": In(HostWithin(shape)),
                **{name: Out(signed(layout.width(bank, shape))) for bank, name in TABLES.items()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        f, host = self.array.formats, near(m, self.host, self.array)
        unit = f.multiplier - 1

        # Stage 0 to 2: the code of z.
        m.submodules.narrow = narrow = Narrow(self.array.sum_width, f.table_shift, f.table_width)
        m.d.comb += narrow.value.eq(self.sum)
        z = narrow.code

        # Stage 2 to 4: its row of the table; the index counts from the lowest segment.
        segment = Cat(z[unit:-1], ~z[-1])
        m.submodules.lines = lines = BlockRam(2 * f.multiplier, f.segments, parts=2)
        m.submodules.integrals = integrals = BlockRam(f.potential.width, f.segments)
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
                memory.write.eq(Cat(host.writes[bank] for bank in banks)),
                word.eq(memory.word),
            ]
        offset = carried(m, z[:unit], "offset", self.live, 2, 4, self.array)

        # Stage 4 to 8: y.
        m.submodules.slope = slope = Multiplier(f.multiplier)
        m.d.comb += [slope.left.eq(self.rise), slope.right.eq(offset)]
        value = carried(m, self.value, "value", self.live, 4, 7, self.array)
        m.d.sync += self.y.eq(Mux(self.rests, 0, plus_nearest(value, slope.product, unit, len(self.y))))

        # Stage 8 to 12: the potential, from the knot before and y.
        m.submodules.area = area = Multiplier(f.multiplier)
        m.d.comb += [
            area.left.eq(carried(m, value, "value", self.live, 7, 8, self.array) + self.y),
            area.right.eq(carried(m, offset, "offset", self.live, 4, 8, self.array)),
        ]
        integral = carried(m, self.integral, "integral", self.live, 4, 11, self.array)
        m.d.sync += self.potential.eq(plus_nearest(integral, area.product, unit, len(self.potential)))
        return m
