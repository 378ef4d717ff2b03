"""cocotb bench of `hw.link.cobs.Encoder`: what is put comes stuffed, and an end after it."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.triggers import Timer

from loschmidt.spec import link

from .link_line import PERIOD, clocked, stuffed
from .pins import port, stream
from .streams import PATTERNS, StreamMonitor, bursts

#: Bytes of a frame before it is stuffed, at most.
LONGEST = link.LONGEST_FRAME - 2


@cocotb.test()
@cocotb.parametrize(pattern=list(PATTERNS))
async def any_frames(dut: Any, pattern: str) -> None:
    """Frames of all sorts, put byte by byte with and without pauses, each as soon as there is room, come whole and one after another."""
    pauses = PATTERNS[pattern]
    put, data, finish, room = (port(dut, name) for name in ("put", "data", "finish", "room"))
    put.value = finish.value = 0
    await clocked(dut)
    monitor = StreamMonitor(stream(dut, "o"), bursts(pauses.back_pressure, 1))
    idle, choice = bursts(pauses.idle, 2), random.Random(3)
    frames = [b"", b"\0", b"\0\0\0", b"\1", b"\0\1", b"\1\0", bytes(LONGEST), bytes(range(LONGEST)), b"\2" * LONGEST]
    frames += [bytes(choice.choice((0, 1, 2, 255)) for _ in range(choice.randrange(40))) for _ in range(20)]

    async def cycle() -> None:
        await Timer(PERIOD, "ns")

    for frame in frames:
        while not room.value:
            await cycle()
        for byte in frame:
            while next(idle):
                await cycle()
            put.value, data.value = 1, byte
            await cycle()
            put.value, data.value = 0, choice.randrange(256)
        finish.value = 1
        await cycle()
        finish.value = 0
        # Its end is on its way.
        await cycle()
        await cycle()
    await Timer(20 * LONGEST * PERIOD, "ns")
    wires = bytes(await monitor.receive(monitor.waiting)).split(b"\0")
    assert wires == [*map(stuffed, frames), b""]
