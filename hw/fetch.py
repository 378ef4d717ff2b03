"""The outer loops of a program: for every row of a group its slots, one after another, ready before they are needed."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Array, Const, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .index import index
from .operation import Consumer, Left, Right
from .program import Loop, Place, Row
from .store import rom_style


def row_layout(shape: Shape, rows: Sequence[Row]) -> data.StructLayout:
    """A `program.Row` as it stands in the sequencer's memory."""
    return data.StructLayout(
        {
            **{f"loop_{loop.name.lower()}": 1 for loop in Loop},
            "place_sum": 1,
            "place_accumulator": 1,
            "left": Left,
            "right": Right,
            "parameter": range(layout.depth(Bank.PARAMETER, shape)),
            "accumulator": range(layout.depth(Bank.ACCUMULATOR, shape)),
            "aligned": 1,
            "negate": 1,
            "fresh": 1,
            "lonely": 1,
            "consumer": Consumer,
            "ends_group": 1,
            "ends_step": 1,
            "prologue": 1,
            "following": range(len(rows)),
            "following_ends": 1,
            "following_wait": 6,
        }
    )


def row_fields(row: Row) -> dict[str, object]:
    """Values for `row_layout`."""
    slot = row.slot
    flags = {name: int(getattr(slot, name)) for name in ("aligned", "negate", "fresh", "lonely")}
    return {
        **{name: getattr(slot, name) for name in ("left", "right", "parameter", "accumulator", "consumer")},
        **{f"loop_{loop.name.lower()}": int(slot.loop is loop) for loop in Loop},
        **{f"place_{place.name.lower()}": int(slot.place is place) for place in (Place.SUM, Place.ACCUMULATOR)},
        **flags,
        "ends_group": int(row.ends_group),
        "ends_step": int(row.ends_step),
        "prologue": int(row.prologue),
        "following": row.following,
        "following_ends": int(row.following_ends),
        "following_wait": row.following_wait,
    }


def item_layout(shape: Shape, rows: Sequence[Row]) -> data.StructLayout:
    """A slot of one row: whose, which row, whether it is the first of its group (all loops begin anew) or the last."""
    return data.StructLayout({"slot": row_layout(shape, rows), "way": index(shape.ways), "row": index(shape.rows), "first": 1, "last": 1})


#: Rows of a part of the program: as many as one table of four inputs holds.
PART = 16


class Fetch(wiring.Component):
    """Walks one group at a time. An item is offered two cycles after ``start``, and one a cycle then.

    With several tiles the row at each place of all parts of the program is read, and chosen from on its way out.

    Members
    -------
    start, way, row : In, begin a group at this row of the program for a way; only while ``free``
    ends : In(1), that row is the group's last, too
    free : Out(1), the last group's items have all been read
    item, valid, ready : Out, Out(1), In(1), the items; one is taken when both are high
    """

    def __init__(self, shape: Shape, rows: Sequence[Row]) -> None:
        self.array, self.rows = shape, rows
        super().__init__(
            {
                "start": In(1),
                "way": In(index(shape.ways)),
                "row": In(range(len(rows))),
                "ends": In(1),
                "free": Out(1),
                "item": Out(item_layout(shape, rows)),
                "valid": Out(1),
                "ready": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, item = self.array, self.item
        # A row becomes the item's register as it is read.
        depth = PART if shape.tiles > 1 else len(self.rows)
        fields = [row_fields(row) for row in self.rows]
        parts = [fields[first : first + depth] for first in range(0, len(fields), depth)]
        places = [[part[place] if place < len(part) else {} for part in parts] for place in range(depth)]
        program = Memory(
            shape=data.ArrayLayout(row_layout(shape, self.rows), len(parts)), depth=depth, init=places, attrs=rom_style(platform)
        )
        m.submodules.program = program
        read = program.read_port()
        # Whether the row after each is the last of its group: found out a row before, as it decides where to go on.
        ends_after = Array(Const(int(row.ends_group), 1) for row in (*self.rows[1:], self.rows[0]))
        ends, ends_first = Signal(), Signal()
        busy, begins = Signal(), Signal()
        way, row = Signal.like(self.way), Signal.like(item.row)
        counter, origin = Signal.like(self.row), Signal.like(self.row)
        last, reads, part = Signal(), Signal(), Signal(index(len(parts)))
        m.d.comb += [
            reads.eq(busy & (self.ready | ~self.valid)),
            read.addr.eq(counter[: len(read.addr)]),
            read.en.eq(reads),
            item.slot.eq(read.data[part] if len(parts) > 1 else read.data[0]),
            self.free.eq(~busy),
            last.eq(ends & (row == shape.rows - 1)),
        ]

        with m.If(self.ready):
            m.d.sync += self.valid.eq(0)
        with m.If(reads):
            m.d.sync += [
                self.valid.eq(1),
                part.eq(counter >> len(read.addr)),
                item.way.eq(way),
                item.row.eq(row),
                item.first.eq(begins),
                item.last.eq(last),
                begins.eq(0),
                counter.eq(counter + 1),
                ends.eq(ends_after[counter]),
            ]
            with m.If(ends):
                m.d.sync += [counter.eq(origin), ends.eq(ends_first), row.eq(row + 1)]
            with m.If(last):
                m.d.sync += busy.eq(0)
        with m.If(self.start):
            m.d.sync += [busy.eq(1), begins.eq(1), way.eq(self.way), row.eq(0)]
            m.d.sync += [counter.eq(self.row), origin.eq(self.row), ends.eq(self.ends), ends_first.eq(self.ends)]
        return m
