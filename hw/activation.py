"""The activation of one lane: a piecewise linear table and its integral, by the lane's own multiplier."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .host_access import HostAccess
from .operation import Consumer, aged_layout
from .rounding import saturated
from .store import store


class Activation(wiring.Component):
    """Keeps, per way and row, the table input z, the activation y and the potential q.

    y = value + nearest(rise * offset), q = integral + nearest((value + y) * offset): the products are made outside.

    Members
    -------
    operation : In, at every age
    result : In(signed(sum)), rounded, at age 8
    padded : In(1), static: the last row holds no oscillator. Its activation stays zero, whatever the table says of z = 0: it must not move
    rise, offset, y, pair, potential_low, potential_high : Out(signed(multiplier)), at age 1; pair = value + y
    host, host_value, host_rise, host_integral : the table's memories, read a cycle after ``host.address``
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        word = signed(shape.formats.multiplier)
        outputs = ("rise", "offset", "y", "pair", "potential_low", "potential_high", "host_value", "host_rise")
        super().__init__(
            {
                "operation": In(aged_layout(shape)),
                "result": In(signed(shape.sum_width)),
                "padded": In(1),
                "host": In(HostAccess(shape)),
                **{name: Out(word) for name in outputs},
                "host_integral": Out(signed(shape.formats.potential.width)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        f, op, host = self.array.formats, self.operation, self.host
        unit, files = f.multiplier - 1, self.array.ways * self.array.rows
        m.submodules.z = z = store(f.table_width, files)
        m.submodules.y = y = store(f.multiplier, files)
        m.submodules.pair = pair = store(f.multiplier, files)
        m.submodules.potential = potential = store(f.potential.width, files)

        def segment(code: Value) -> Value:
            """Unsigned index: the top bits, counted from the lowest segment."""
            top = code[unit:]
            return Cat(top[:-1], ~top[-1])

        tables = {}
        for bank, now in ((Bank.TABLE_VALUE, 5), (Bank.TABLE_RISE, 0), (Bank.TABLE_INTEGRAL, 5)):
            m.submodules[bank.name.lower()] = memory = store(layout.width(bank, self.array), f.segments)
            code, read, write = z.read_port(domain="comb"), memory.read_port(), memory.write_port()
            m.d.comb += [
                code.addr.eq(getattr(op, f"age_{now}").file),
                read.addr.eq(Mux(host.active, host.address, segment(code.data))),
                write.addr.eq(host.address),
                write.data.eq(host.data[: layout.width(bank, self.array)].as_signed()),
                write.en.eq(host.active & host.write & (host.bank == bank)),
            ]
            if now == 0:
                m.d.sync += self.offset.eq(code.data[:unit])
            tables[bank] = read.data
        m.d.comb += [
            self.rise.eq(tables[Bank.TABLE_RISE]),
            self.host_rise.eq(tables[Bank.TABLE_RISE]),
            self.host_value.eq(tables[Bank.TABLE_VALUE]),
            self.host_integral.eq(tables[Bank.TABLE_INTEGRAL]),
        ]

        # Read at age 5, the row is at hand at 6 and needed at 8.
        value = [tables[Bank.TABLE_VALUE], *(Signal(signed(f.multiplier), name=f"value_{age}") for age in (7, 8))]
        integral = [tables[Bank.TABLE_INTEGRAL], *(Signal(signed(f.potential.width), name=f"integral_{age}") for age in (7, 8))]
        for chain in (value, integral):
            m.d.sync += [chain[1].eq(chain[0]), chain[2].eq(chain[1])]

        code, _ = saturated(self.result, f.table_width)
        value_of_z = Signal(signed(f.multiplier))
        m.d.comb += value_of_z.eq(value[2] + self.result)
        last_rows = [way * self.array.rows + self.array.rows - 1 for way in range(self.array.ways)]
        there = ~(self.padded & Cat(op.age_8.out_file == file for file in last_rows).any())
        for memory, word, consumer, enable in (
            (z, code, Consumer.Z, 1),
            (y, value_of_z, Consumer.Y, there),
            (pair, value[2] + value_of_z, Consumer.Y, there),
            (potential, integral[2] + self.result, Consumer.POTENTIAL, 1),
        ):
            write = memory.write_port()
            m.d.comb += [
                write.addr.eq(op.age_8.out_file),
                write.data.eq(word),
                write.en.eq(op.age_8.valid & (op.age_8.consumer == consumer) & enable),
            ]
        for memory, outputs in ((y, (self.y,)), (pair, (self.pair,)), (potential, (self.potential_low, self.potential_high))):
            read = memory.read_port(domain="comb")
            m.d.comb += read.addr.eq(op.age_0.file)
            for index, output in enumerate(outputs):
                last = index == len(outputs) - 1
                m.d.sync += output.eq(read.data >> unit * index if last else read.data[:unit])
        return m
