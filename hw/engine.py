"""An engine walks one group of a program: for every row its slots, for every slot its inner loop."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .index import index
from .operation import Consumer, Left, Right, Scale, Source
from .program import Loop, Place, Row


def row_layout(shape: Shape, rows: Sequence[Row]) -> data.StructLayout:
    """A `program.Row` as it stands in the sequencer's memory."""
    return data.StructLayout(
        {
            **{f"loop_{loop.name.lower()}": 1 for loop in Loop},
            **{f"place_{place.name.lower()}": 1 for place in Place},
            "left": Left,
            "right": Right,
            "scale": Scale,
            "parameter": range(layout.depth(Bank.PARAMETER, shape)),
            "accumulator": range(layout.depth(Bank.ACCUMULATOR, shape)),
            "negate": 1,
            "fresh": 1,
            "consumer": Consumer,
            "source": Source,
            "ends_group": 1,
            "ends_step": 1,
            "prologue": 1,
            "following": range(len(rows)),
            "following_short": 1,
            "following_wait": 6,
        }
    )


def row_fields(row: Row) -> dict[str, object]:
    """Values for `row_layout`."""
    slot = row.slot
    same = {name: getattr(slot, name) for name in ("left", "right", "scale", "parameter", "accumulator", "consumer", "source")}
    return {
        **same,
        **{f"loop_{loop.name.lower()}": int(slot.loop is loop) for loop in Loop},
        **{f"place_{place.name.lower()}": int(slot.place is place) for place in Place},
        "negate": int(slot.negate),
        "fresh": int(slot.fresh),
        "ends_group": int(row.ends_group),
        "ends_step": int(row.ends_step),
        "prologue": int(row.prologue),
        "following": row.following,
        "following_short": int(row.following_short),
        "following_wait": row.following_wait,
    }


class Engine(wiring.Component):
    """Counts through a group, one operation for each ``advance``.

    Members
    -------
    start, way_i, row_i : begin the group at program row ``row_i`` for a way; only while ``free``
    free : the engine is idle, or about to be
    valid, advance : an operation is offered; it has been issued
    way, slot : whose, and the program row
    row : r of the group; operand_row, block, column : row of the operands, s and c (or m) of the inner loops
    offset, offset_parameter : what is added to the slot's base addresses
    begins, finishes, hops : first and last operation of the slot in this row; the sum hops to the next lane
    group_ends : last operation of the group
    """

    def __init__(self, shape: Shape, rows: Sequence[Row]) -> None:
        self.array, self.rows = shape, rows
        pc = range(len(rows))
        row = index(shape.rows)
        inner = index(max(shape.lanes, shape.inputs))
        address = index(layout.depth(Bank.PARAMETER, shape))
        super().__init__(
            {
                "start": In(1),
                "way_i": In(index(shape.ways)),
                "row_i": In(pc),
                "free": Out(1),
                "valid": Out(1),
                "advance": In(1),
                "way": Out(index(shape.ways)),
                "slot": Out(row_layout(shape, rows)),
                "row": Out(row),
                "operand_row": Out(row),
                "block": Out(row),
                "column": Out(inner),
                "offset": Out(address),
                "offset_parameter": Out(address),
                "begins": Out(1),
                "finishes": Out(1),
                "hops": Out(1),
                "group_ends": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, slot = self.array, self.slot
        m.submodules.program = program = Memory(
            shape=row_layout(shape, self.rows), depth=len(self.rows), init=[row_fields(row) for row in self.rows]
        )
        read = program.read_port(domain="comb")
        counter, first = Signal(range(len(self.rows))), Signal(range(len(self.rows)))
        m.d.comb += [read.addr.eq(counter), slot.eq(read.data)]

        inner_row = Signal.like(self.row)  # s of a row pass, row of a column pass
        travelled, fed, carried = (Signal.like(self.offset, name=name) for name in ("travelled", "fed", "carried"))
        stride = Signal.like(self.offset)
        block_ends, column_ends = Signal(), Signal()
        m.d.comb += [
            self.free.eq(~self.valid | (self.advance & self.group_ends)),
            self.begins.eq((self.column == 0) & (inner_row == 0)),
            self.operand_row.eq(Mux(slot.loop_column, inner_row, self.row)),
            self.block.eq(inner_row),
            self.hops.eq(slot.loop_column & (inner_row == 0) & (self.column != 0)),
            column_ends.eq(self.column == Mux(slot.loop_input, shape.inputs - 1, shape.lanes - 1)),
            block_ends.eq(inner_row == shape.rows - 1),
            self.finishes.eq(slot.loop_single | (column_ends & (slot.loop_input | block_ends))),
            self.group_ends.eq(self.finishes & slot.ends_group & (self.row == shape.rows - 1)),
        ]
        with m.If(slot.loop_single):
            m.d.comb += [self.offset.eq(self.row), self.offset_parameter.eq(self.row)]
        with m.Elif(slot.loop_input):
            m.d.comb += [self.offset.eq(fed), self.offset_parameter.eq(fed)]
        with m.Elif(slot.loop_row):
            m.d.comb += [self.offset.eq(travelled), self.offset_parameter.eq(travelled)]
        with m.Else():
            m.d.comb += self.offset_parameter.eq(carried + stride)

        with m.If(self.advance):
            with m.If(slot.loop_input):
                m.d.sync += [fed.eq(fed + 1), self.column.eq(self.column + 1)]
            with m.If(slot.loop_row):
                m.d.sync += [travelled.eq(travelled + 1), self.column.eq(self.column + 1)]
                with m.If(column_ends):
                    m.d.sync += [self.column.eq(0), inner_row.eq(inner_row + 1)]
            with m.If(slot.loop_column):
                m.d.sync += [inner_row.eq(inner_row + 1), stride.eq(stride + shape.padded)]
                with m.If(block_ends):
                    m.d.sync += [inner_row.eq(0), stride.eq(0), carried.eq(carried + 1), self.column.eq(self.column + 1)]
            with m.If(self.finishes):
                m.d.sync += [self.column.eq(0), inner_row.eq(0), counter.eq(counter + 1)]
                with m.If(slot.ends_group):
                    m.d.sync += [counter.eq(first), self.row.eq(self.row + 1)]
            with m.If(self.group_ends):
                m.d.sync += self.valid.eq(0)
        with m.If(self.start):
            m.d.sync += [
                self.valid.eq(1),
                self.way.eq(self.way_i),
                counter.eq(self.row_i),
                first.eq(self.row_i),
                self.row.eq(0),
                self.column.eq(0),
                inner_row.eq(0),
                travelled.eq(0),
                fed.eq(0),
                carried.eq(0),
                stride.eq(0),
            ]
        return m
