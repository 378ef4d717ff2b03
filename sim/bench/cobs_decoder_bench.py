"""cocotb bench of `hw.link.cobs.Decoder`: frames, whole and broken."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.triggers import Timer

from loschmidt.hw.link.cobs import ITEM

from .link_line import PERIOD, clocked, stuffed, unstuffed
from .pins import stream
from .streams import PATTERNS, StreamDriver, StreamMonitor, bursts


def item(value: int, name: str) -> int:
    field = ITEM[name]
    found: int = value >> field.offset & (1 << field.width) - 1
    return found


@cocotb.test()
@cocotb.parametrize(pattern=list(PATTERNS))
async def any_frames(dut: Any, pattern: str) -> None:
    """Every byte of a good frame comes, then its end; a frame whose stuffing is wrong ends so; an empty one is nothing."""
    pauses = PATTERNS[pattern]
    await clocked(dut)
    driver = StreamDriver(stream(dut, "i"), bursts(pauses.idle, 1))
    monitor = StreamMonitor(stream(dut, "o"), bursts(pauses.back_pressure, 2))
    choice = random.Random(3)
    frames = [b"", b"\0", b"\0\0\0", b"\1", b"\0\1", b"\1\0", bytes(range(240))]
    frames += [bytes(choice.choice((0, 1, 2, 255)) for _ in range(choice.randrange(40))) for _ in range(40)]
    wires = [stuffed(frame) for frame in frames]
    wires += [wire[: choice.randrange(len(wire))] for wire in wires if len(wire) > 1]
    wires += [b"", *(bytes(choice.choice((1, 2, 3, 9)) for _ in range(9)) for _ in range(20))]
    choice.shuffle(wires)
    driver.send(b"".join(wire + b"\0" for wire in wires))
    await Timer(20 * sum(map(len, wires)) * PERIOD, "ns")
    items = await monitor.receive(monitor.waiting)
    ends, contents, content = [], [], bytearray()
    for value in items:
        if item(value, "end"):
            ends.append(bool(item(value, "good")))
            contents.append(bytes(content))
            content.clear()
        else:
            content.append(item(value, "data"))
    plain = [unstuffed(wire) for wire in wires if wire]
    assert ends == [right is not None for right in plain]
    assert [found for found, right in zip(contents, plain, strict=True) if right is not None] == [
        right for right in plain if right is not None
    ]
