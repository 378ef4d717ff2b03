"""The activation of a tile: a piecewise linear table and its convex conjugate, one sum a cycle."""

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
from .rounding import NONE, plus_nearest

#: Banks of the table, and the members of `Activation` that show them to the host.
TABLES = {Bank.TABLE_VALUE: "value", Bank.TABLE_RISE: "rise", Bank.TABLE_CONJUGATE: "knot_conjugate"}


class Activation(wiring.Component):
    """The activation y and its convex conjugate c, interpolated within the table's segment of z (`spec.activation`).

        y = value + nearest(rise * offset)          c = knot conjugate + nearest((y - value) * place)

    Throughput one a cycle; stages as in `operation`.

    Members
    -------
    sum : In(signed(sum)), at stage 0
    live : In, at which stages a ticket is
    rests : In(1), at stage 7: y is zero whatever the table says, as what only pads a row must not move
    y : Out(activation), at stage 8
    conjugate : Out(conjugate), at stage 12
    host : the table is written through it; value, rise, knot_conjugate : Out, read at ``host.address``, `approach` and two cycles later
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
                "conjugate": Out(signed(shape.formats.conjugate.width)),
                "host": In(HostWithin(shape)),
                **{name: Out(signed(layout.width(bank, shape))) for bank, name in TABLES.items()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        f, host = self.array.formats, near(m, self.host, self.array)
        unit, bits = f.multiplier - 1, f.segment_bits

        # Stage 0 to 2: the code of z.
        m.submodules.narrow = narrow = Narrow(self.array.sum_width, f.table_shift, f.table_width)
        m.d.comb += narrow.value.eq(self.sum)
        z = narrow.code

        # Stage 2 to 4: its row of the table; the index counts from the lowest segment.
        segment = Cat(z[unit:-1], ~z[-1])
        m.submodules.lines = lines = BlockRam(2 * f.multiplier, f.segments, parts=2)
        m.submodules.conjugates = conjugates = BlockRam(f.conjugate.width, f.segments)
        line = Cat(self.value, self.rise)
        for memory, banks, word in (
            (lines, (Bank.TABLE_VALUE, Bank.TABLE_RISE), line),
            (conjugates, (Bank.TABLE_CONJUGATE,), self.knot_conjugate),
        ):
            written = host.data[: layout.width(banks[0], self.array)]
            m.d.comb += [
                memory.address.eq(Mux(host.active, host.address, segment)),
                memory.write_address.eq(host.address),
                memory.data.eq(Cat(*[written] * len(banks))),
                memory.write.eq(Cat(host.writes[bank] for bank in banks)),
                word.eq(memory.word),
            ]
        # Twice the segment's number, counted from zero, and the offset within it: without the bits that the multiplier has no room for.
        lower, upper = z[:bits], Cat(z[bits:unit], NONE, z[unit:])
        place = carried(m, upper, "place", self.live, 2, 4, self.array)
        offset = Cat(carried(m, lower, "offset", self.live, 2, 4, self.array), place[: unit - bits])

        # Stage 4 to 8: y.
        m.submodules.slope = slope = Multiplier(f.multiplier)
        m.d.comb += [slope.left.eq(self.rise), slope.right.eq(offset)]
        value = carried(m, self.value, "value", self.live, 4, 7, self.array)
        m.d.sync += self.y.eq(Mux(self.rests, 0, plus_nearest(value, slope.product, unit, len(self.y))))

        # Stage 8 to 12: the conjugate, from that of the knot and what y has risen since.
        m.submodules.area = area = Multiplier(f.multiplier)
        m.d.comb += [
            area.left.eq(self.y - carried(m, value, "value", self.live, 7, 8, self.array)),
            area.right.eq(carried(m, place, "place", self.live, 4, 8, self.array).as_signed()),
        ]
        knot = carried(m, self.knot_conjugate, "knot", self.live, 4, 11, self.array)
        m.d.sync += self.conjugate.eq(plus_nearest(knot, area.product, f.conjugate_shift, len(self.conjugate)))
        return m
