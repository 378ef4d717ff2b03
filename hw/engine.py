"""The inner loop of a slot: one operation for each turn, with the addresses that `spec.layout` gives it."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .fetch import item_layout
from .index import index
from .program import Row


class Engine(wiring.Component):
    """Takes the items of `fetch.Fetch` and offers their operations, one for each ``advance``.

    Members
    -------
    item, item_valid, item_ready : In, In(1), Out(1); an item is taken as the operations of the one before end
    valid, advance : Out(1), In(1), an operation is offered; it has been taken, only while ``valid``
    current : Out, the item whose operation is offered
    operand_row, block, column : Out, row of the operands, s and c (or m) of the inner loops
    offset, offset_parameter : Out, what is added to the slot's base addresses
    begins, finishes, hops : Out(1), first and last operation of the slot in this row; the sum hops to the next lane
    group_ends : Out(1), last operation of the group
    """

    def __init__(self, shape: Shape, rows: Sequence[Row]) -> None:
        self.array = shape
        item, row = item_layout(shape, rows), index(shape.rows)
        address = index(layout.depth(Bank.PARAMETER, shape))
        super().__init__(
            {
                "item": In(item),
                "item_valid": In(1),
                "item_ready": Out(1),
                "valid": Out(1),
                "advance": In(1),
                "current": Out(item),
                "operand_row": Out(row),
                "block": Out(row),
                "column": Out(index(max(shape.lanes, shape.inputs))),
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
        shape, slot = self.array, self.current.slot
        inner_row = Signal.like(self.block)  # s of a row pass, row of a column pass
        travelled, fed, carried, stride = (Signal.like(self.offset, name=name) for name in ("travelled", "fed", "carried", "stride"))
        # Which turn is a loop's last, and which a slot's, is found out a turn before, or walking would wait for it.
        block_ends, column_ends, last_block, last_column = (Signal() for _ in range(4))
        wraps, one = Signal(), shape.rows == 1  # wraps: of a column pass, the column is the one before column 0

        def last_but_one(columns: int) -> Value | bool:
            return self.column == columns - 2 if columns > 1 else False

        m.d.comb += [
            self.operand_row.eq(Mux(slot.loop_column, inner_row, self.current.row)),
            self.block.eq(inner_row),
            self.hops.eq(slot.loop_column & (inner_row == 0)),
            last_column.eq(Mux(slot.loop_column, wraps, Mux(slot.loop_input, last_but_one(shape.inputs), last_but_one(shape.lanes)))),
            last_block.eq(inner_row + 1 == shape.rows - 1),
            self.group_ends.eq(self.finishes & self.current.last),
            self.item_ready.eq(~self.valid | (self.advance & self.finishes)),
        ]
        with m.If(slot.loop_single):
            m.d.comb += [self.offset.eq(self.current.row), self.offset_parameter.eq(self.current.row)]
        with m.Elif(slot.loop_input):
            m.d.comb += [self.offset.eq(fed), self.offset_parameter.eq(fed)]
        with m.Elif(slot.loop_row):
            m.d.comb += [self.offset.eq(travelled), self.offset_parameter.eq(travelled)]
        with m.Else():
            m.d.comb += self.offset_parameter.eq(carried + stride)

        start = 1 % shape.lanes  # of a column pass, so that the last hop brings sums home
        with m.If(self.advance):
            m.d.sync += self.begins.eq(0)
            with m.If(slot.loop_input):
                m.d.sync += [fed.eq(fed + 1), self.column.eq(self.column + 1), self.finishes.eq(last_column)]
            with m.If(slot.loop_row):
                m.d.sync += [travelled.eq(travelled + 1), self.column.eq(self.column + 1)]
                m.d.sync += [column_ends.eq(last_column), self.finishes.eq(last_column & block_ends)]
                with m.If(column_ends):
                    ends = shape.lanes == 1
                    m.d.sync += [self.column.eq(0), column_ends.eq(ends)]
                    m.d.sync += [inner_row.eq(inner_row + 1), block_ends.eq(last_block), self.finishes.eq(ends & last_block)]
            with m.If(slot.loop_column):
                m.d.sync += [inner_row.eq(inner_row + 1), stride.eq(stride + shape.padded)]
                m.d.sync += [block_ends.eq(last_block), self.finishes.eq(last_block & column_ends)]
                with m.If(block_ends):
                    m.d.sync += [inner_row.eq(0), stride.eq(0), carried.eq(carried + 1), self.column.eq(self.column + 1)]
                    m.d.sync += [block_ends.eq(one), column_ends.eq(last_column), self.finishes.eq(one & last_column)]
                    m.d.sync += wraps.eq(last_but_one(shape.lanes))
                    with m.If(wraps):
                        # From the last column of this row to its column 0.
                        m.d.sync += [self.column.eq(0), carried.eq(carried - (shape.lanes - 1))]
                    with m.If(column_ends):
                        m.d.sync += carried.eq(carried + (shape.lanes + start))
            with m.If(self.finishes):
                m.d.sync += self.valid.eq(0)
        with m.If(self.item_ready & self.item_valid):
            m.d.sync += [
                self.valid.eq(1),
                self.current.eq(self.item),
                self.begins.eq(1),
                self.column.eq(Mux(self.item.slot.loop_column, start, 0)),
                wraps.eq(start == shape.lanes - 1),
                inner_row.eq(0),
                column_ends.eq(Mux(self.item.slot.loop_input, shape.inputs == 1, shape.lanes == 1)),
                block_ends.eq(one),
                self.finishes.eq(self.item.slot.loop_single | Mux(self.item.slot.loop_input, shape.inputs == 1, (shape.lanes == 1) & one)),
            ]
            with m.If(self.item.first):
                m.d.sync += [travelled.eq(0), fed.eq(0), carried.eq(start), stride.eq(0)]
        return m
