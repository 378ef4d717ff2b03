"""cocotb bench of `hw.walk.Walk`: every group of every program, operation by operation, against loops written out in Python."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import cocotb

from loschmidt.hw.fetch import item_layout, row_layout
from loschmidt.hw.program import Loop, Place, Row, assemble
from loschmidt.spec.shape import Shape

from .operations import fields, unpack
from .pins import Pins, shape

#: Ports that every operation decides; an address that a loop does not use may be anything, and is None.
Expected = dict[str, int | None]


def turns(loop: Loop, row: int, part: Shape) -> list[Expected]:
    """The inner loop of a slot, in order: `spec.layout` says which address holds what, `spec.hamiltonian` what travels."""
    lanes, inputs, rows = part.lanes, part.inputs, part.rows
    match loop:
        case Loop.SINGLE:
            found: list[Expected] = [{"offset": row, "offset_parameter": row, "operand_row": row, "column": 0}]
        case Loop.INPUT:
            addresses = [row * inputs + m for m in range(inputs)]
            found = [{"offset": a, "offset_parameter": a, "operand_row": row, "column": m} for m, a in enumerate(addresses)]
        case Loop.ROW:
            places = [(s, c, (row * rows + s) * lanes + c) for s, c in product(range(rows), range(lanes))]
            found = [{"offset": a, "offset_parameter": a, "operand_row": row, "block": s, "column": c} for s, c, a in places]
        case Loop.COLUMN:
            # Here ``row`` is the block of columns whose sums travel: all rows are met in each lane before they hop, the last in their own.
            columns = [*range(1, lanes), 0]
            places = [(r, c, (r * rows + row) * lanes + c) for c, r in product(columns, range(rows))]
            found = [{"offset_parameter": a, "operand_row": r, "column": c, "hops": int(r == 0)} for r, c, a in places]
    for index, turn in enumerate(found):
        turn |= {"begins": int(index == 0), "finishes": int(index == len(found) - 1), "hops": turn.get("hops", 0)}
    return found


def operations(group: Sequence[Row], part: Shape) -> Iterator[tuple[Row, Expected]]:
    """All operations of a group."""
    for row in range(part.rows):
        for item in group:
            inner = turns(item.slot.loop, row, part)
            for index, turn in enumerate(inner):
                last = row == part.rows - 1 and item is group[-1] and index == len(inner) - 1
                yield item, {**turn, "row": row, "group_ends": int(last)}


def groups(rows: Sequence[Row]) -> Iterator[tuple[int, list[Row]]]:
    """Every group, and the program row it starts at."""
    start = 0
    for index, row in enumerate(rows):
        if row.ends_group:
            yield start, list(rows[start : index + 1])
            start = index + 1


def stored(item: Row) -> dict[str, int]:
    """What the memory must say of a program row."""
    slot = item.slot
    flags = {name: int(getattr(slot, name)) for name in ("parameter", "accumulator", "aligned", "negate", "fresh", "lonely")}
    ends = {
        name: int(getattr(item, name)) for name in ("ends_group", "ends_step", "prologue", "following", "following_ends", "following_wait")
    }
    loops = {f"loop_{loop.name.lower()}": int(slot.loop is loop) for loop in Loop}
    places = {f"place_{place.name.lower()}": int(slot.place is place) for place in (Place.SUM, Place.ACCUMULATOR)}
    return {**{name: getattr(slot, name).value for name in ("left", "right", "consumer")}, **flags, **ends, **loops, **places}


class Board:
    """A walk, and what it has been asked for."""

    def __init__(self, pins: Pins, part: Shape, seed: int) -> None:
        self.pins, self.part, self.choice = pins, part, random.Random(seed)
        self.rows, _ = assemble(part)
        self.slots, self.items = fields(row_layout(part, self.rows)), fields(item_layout(part, self.rows))
        self.queue = list(groups(self.rows))
        self.choice.shuffle(self.queue)
        self.started: list[tuple[int, list[Row]]] = []

    async def cycle(self, **inputs: int) -> None:
        """A cycle, in which the next group is started if the part is free for it."""
        await self.pins.cycle(start=0, **inputs)
        if self.queue and self.pins.get("free"):
            start, group = self.queue.pop(0)
            way = self.choice.randrange(self.part.ways)
            self.started.append((way, group))
            await self.pins.change(start=1, row=start, ends=int(len(group) == 1), way=way)

    def compare(self, way: int, item: Row, expected: Expected) -> None:
        pins = self.pins
        assert pins.get("valid"), f"no operation is offered at {item.slot}"
        current = unpack(pins.get("current"), self.items)
        assert current["way"] == way, f"way is {current['way']} instead of {way}"
        shown = {"row": current["row"]}
        for port, value in expected.items():
            found = shown[port] if port in shown else pins.get(port)
            assert value is None or found == value, f"{port} is {found} instead of {value} at {expected} of {item.slot}"
        found_slot, wanted = unpack(current["slot"], self.slots), stored(item)
        wrong = {name for name, value in wanted.items() if found_slot[name] != value}
        assert not wrong, f"the program says { ({name: found_slot[name] for name in wrong}) } of {item.slot}"


async def walk(dut: Any, chance: float, seed: int) -> int:
    """All groups in random order, each started as soon as it may be; an operation is taken with this chance in a cycle.

    Returns how many cycles none was offered although a group had been started long enough before.
    """
    board = Board(await Pins.start(dut, start=0, advance=0), shape(), seed)
    await board.cycle(advance=0)
    assert not board.pins.get("valid"), "an operation is offered after reset"
    idle = 0
    for _ in range(len(board.queue) + len(board.started)):
        while not board.started:
            await board.cycle(advance=0)
        way, group = board.started.pop(0)
        for item, expected in operations(group, board.part):
            await board.cycle(advance=0)
            while not board.pins.get("valid"):
                idle += 1
                assert idle < 10 * len(board.rows), "no operation is offered any more"
                await board.cycle(advance=0)
            while board.choice.random() >= chance:
                board.compare(way, item, expected)
                await board.cycle(advance=0)
            board.compare(way, item, expected)
            await board.pins.change(advance=1)
    for _ in range(4):
        await board.cycle(advance=0)
        assert not board.pins.get("valid"), "an operation is offered after the last group"
    return idle


@cocotb.test()
async def without_pause(dut: Any) -> None:
    """One operation a cycle; between short groups a pause, as they take longer to fetch."""
    idle = await walk(dut, 1.0, 1)
    count = len(list(groups(assemble(shape())[0])))
    assert idle <= 3 * count, f"{idle} cycles were lost between {count} groups"


@cocotb.test()
async def with_pauses(dut: Any) -> None:
    """An operation that is not taken is offered again, unchanged."""
    await walk(dut, 0.5, 2)
