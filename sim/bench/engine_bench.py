"""cocotb bench of `hw.engine.Engine`: every group of every program, operation by operation, against loops written out in Python."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import cocotb

from loschmidt.hw.engine import row_layout
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
            # Here ``row`` is the block of columns whose sums travel, and all rows are met in each lane before they hop.
            places = [(r, c, (r * rows + row) * lanes + c) for c, r in product(range(lanes), range(rows))]
            found = [{"offset_parameter": a, "operand_row": r, "column": c, "hops": int(r == 0 and c > 0)} for r, c, a in places]
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
    """What the engine's memory must say of a program row."""
    slot = item.slot
    names = ("left", "right", "scale", "consumer", "source")
    numbers = {"parameter": slot.parameter, "accumulator": slot.accumulator, "negate": int(slot.negate), "fresh": int(slot.fresh)}
    flags = {"ends_group": int(item.ends_group), "ends_step": int(item.ends_step), "prologue": int(item.prologue)}
    following = {name: int(getattr(item, name)) for name in ("following", "following_short", "following_wait")}
    loops = {f"loop_{loop.name.lower()}": int(slot.loop is loop) for loop in Loop}
    places = {f"place_{place.name.lower()}": int(slot.place is place) for place in Place}
    return {**{name: getattr(slot, name).value for name in names}, **numbers, **flags, **following, **loops, **places}


async def walk(dut: Any, chance: float, seed: int) -> None:
    """All groups in random order, each started as the one before it ends; an operation is issued with this chance in a cycle."""
    part, choice = shape(), random.Random(seed)
    rows, _ = assemble(part)
    slots = fields(row_layout(part, rows))
    pins = await Pins.start(dut, start=0, advance=0)
    await pins.cycle()
    assert pins.get("free"), "the engine is not free after reset"
    assert not pins.get("valid"), "the engine offers an operation after reset"
    queue = list(groups(rows))
    choice.shuffle(queue)
    way = choice.randrange(part.ways)
    await pins.cycle(start=1, row_i=queue[0][0], way_i=way)
    for index, (_, group) in enumerate(queue):
        following = queue[index + 1][0] if index + 1 < len(queue) else None
        next_way = choice.randrange(part.ways)
        for item, expected in operations(group, part):
            ends = bool(expected["group_ends"])
            while choice.random() >= chance:
                await pins.cycle(start=0, advance=0)
                compare(pins, way, item, expected, slots)
                assert not pins.get("free"), "the engine says it is free in the middle of a group"
            starts = int(ends and following is not None)
            await pins.cycle(start=starts, advance=1, row_i=following or 0, way_i=next_way)
            compare(pins, way, item, expected, slots)
            assert pins.get("free") == ends, f"free is {pins.get('free')} at {item.slot}"
        way = next_way
    await pins.cycle(start=0, advance=0)
    assert not pins.get("valid"), "the engine goes on after its last group"


def compare(pins: Pins, way: int, item: Row, expected: Expected, slots: dict[str, tuple[int, int]]) -> None:
    assert pins.get("valid"), f"no operation is offered at {item.slot}"
    assert pins.get("way") == way, f"way is {pins.get('way')} instead of {way}"
    for port, value in expected.items():
        found = pins.get(port)
        assert found == value, f"{port} is {found} instead of {value} at {expected} of {item.slot}"
    found_slot, wanted = unpack(pins.get("slot"), slots), stored(item)
    wrong = {name for name, value in wanted.items() if found_slot[name] != value}
    assert not wrong, f"the program says { ({name: found_slot[name] for name in wrong}) } of {item.slot}"


@cocotb.test()
async def without_pause(dut: Any) -> None:
    """One operation a cycle, from one group to the next too."""
    await walk(dut, 1.0, 1)


@cocotb.test()
async def with_pauses(dut: Any) -> None:
    """An operation that is not issued is offered again, unchanged."""
    await walk(dut, 0.5, 2)
