"""cocotb bench of `hw.operand.OperandFile`: rounding, symmetric saturation and its flag, storage, independent reads."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb

from loschmidt.spec.fixed import round_half_even, saturate
from loschmidt.spec.shape import Shape

from .pins import Pins, setting, shape


def operand(value: int, part: Shape) -> tuple[int, bool]:
    """The operand of a state value, and whether it was clipped."""
    rounded = round_half_even(value, part.formats.operand_shift)
    clipped = saturate(rounded, part.formats.operand.width)
    return clipped, clipped != rounded


@cocotb.test()
async def every_value(dut: Any) -> None:
    """Values one a cycle (all of them, if the state is narrow), each read back in the first cycle that may; flags as they pass."""
    part, choice = shape(), random.Random(1)
    state, depth = part.formats.state, part.ways * part.rows
    if state.width <= 12:
        values = list(range(state.lowest, state.highest + 1))
    else:
        edge = part.formats.operand.highest << part.formats.operand_shift
        tie = 1 << (part.formats.operand_shift - 1)
        near = [sign * (edge + offset) for sign in (1, -1) for offset in (-tie - 1, -tie, -1, 0, 1, tie - 1, tie, tie + 1)]
        values = [state.lowest, state.highest, *near, *(choice.randint(state.lowest, state.highest) for _ in range(1000))]
    pins = await Pins.start(dut, value=0, write=0)
    # Presented at 0, written at 1, addressed at 2, read at 3: three values are under way at any time.
    pipeline: deque[tuple[int, int] | None] = deque([None] * 4, maxlen=4)
    for index in range(len(values) + 3):
        pipeline.appendleft((values[index], index % depth) if index < len(values) else None)
        written, addressed, read = pipeline[1], pipeline[2], pipeline[3]
        await pins.cycle(
            value=pipeline[0][0] if pipeline[0] else choice.randint(state.lowest, state.highest),
            write=int(written is not None),
            address=written[1] if written else 0,
            read_address_0=addressed[1] if addressed else 0,
        )
        flag = written is not None and operand(written[0], part)[1]
        assert pins.get("clip") == flag, f"{written} raised clip {pins.get('clip')} instead of {int(flag)}"
        if read is not None:
            expected = operand(read[0], part)[0]
            assert pins.signed("read_0") == expected, f"{read[0]} became {pins.signed('read_0')} instead of {expected}"


@cocotb.test()
async def storage(dut: Any) -> None:
    """Random writes and reads: each port sees what was last written where it looks; nothing is stored or flagged without ``write``."""
    part, choice = shape(), random.Random(2)
    state, depth, ports = part.formats.state, part.ways * part.rows, setting("ports")
    pins = await Pins.start(dut, value=0, write=0)
    content: dict[int, int] = {}
    presented = 0
    shown: list[int | None] = [None] * ports
    for _ in range(600):
        value, write, address = choice.randint(state.lowest, state.highest), choice.random() < 0.5, choice.randrange(depth)
        wanted = [choice.randrange(depth) for _ in range(ports)]
        reads = {f"read_address_{port}": place for port, place in enumerate(wanted)}
        await pins.cycle(value=value, write=int(write), address=address, **reads)
        for port, expected in enumerate(shown):
            found = pins.signed(f"read_{port}")
            assert expected is None or found == expected, f"port {port} read {found} instead of {expected}"
        result, clipped = operand(presented, part)
        assert pins.get("clip") == (write and clipped), f"{presented} raised clip {pins.get('clip')}"
        # A read in the cycle of a write sees the old word.
        presented, shown = value, [content.get(place) for place in wanted]
        if write:
            content[address] = result
