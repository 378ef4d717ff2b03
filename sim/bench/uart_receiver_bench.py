"""cocotb bench of `hw.link.uart.UartReceiver`: bytes from senders whose clocks are not ours."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.triggers import Timer

from .link_line import clocked
from .pins import port, setting, stream
from .streams import PATTERNS, StreamMonitor, bursts

#: In ns; long enough that the simulator's resolution does not round a sender's bits.
PERIOD = 200

#: Of the sender's bits, in thousandths.
ERRORS = (-25, -20, 0, 20, 25)


class Sender:
    """A line driven by another clock, whose bits are ``error`` thousandths too long."""

    def __init__(self, dut: Any, error: int = 0) -> None:
        self._line = port(dut, "rx")
        self.bit = setting("divisor") * PERIOD * (1000 + error) // 1000
        self._line.value = 1

    async def hold(self, level: int, bits: float = 1) -> None:
        self._line.value = level
        await Timer(round(self.bit * bits), "ns")

    async def byte(self, value: int, stop: int = 1) -> None:
        await self.hold(0)
        for place in range(8):
            await self.hold(value >> place & 1)
        await self.hold(stop)


async def start(dut: Any, pattern: str, error: int = 0) -> tuple[Sender, StreamMonitor]:
    sender = Sender(dut, error)
    await clocked(dut, PERIOD)
    monitor = StreamMonitor(stream(dut, "o"), bursts(PATTERNS[pattern].back_pressure, 1))
    await sender.hold(1, 3)
    return sender, monitor


@cocotb.test()
@cocotb.parametrize(error=list(ERRORS), pattern=["none", "back_pressure"])
async def any_bytes(dut: Any, error: int, pattern: str) -> None:
    """Bytes without a pause and with pauses of any length, from a sender that is too slow or too fast."""
    sender, monitor = await start(dut, pattern, error)
    choice = random.Random(error)
    sent = [0, 255, 0x55, 0xAA, 1, 128, *(choice.randrange(256) for _ in range(60))]
    for value in sent:
        await sender.byte(value)
        if choice.random() < 0.3:
            await sender.hold(1, 3 * choice.random())
    await sender.hold(1, 3)
    assert await monitor.receive(monitor.waiting) == sent


@cocotb.test()
async def no_stop_bit(dut: Any) -> None:
    """A byte without its stop bit is dropped, and the next one after a rest is not."""
    sender, monitor = await start(dut, "none")
    for value in (0x00, 0x5A, 0xFF):
        await sender.byte(value, stop=0)
        await sender.hold(1, 12)
        while monitor.waiting:
            # The line fell, so a byte may have been seen that began at the stop bit; it was not this one.
            assert (await monitor.receive(1)) == [0xFF]
        await sender.byte(0x3C)
        await sender.hold(1, 2)
        assert await monitor.receive(monitor.waiting) == [0x3C]


@cocotb.test()
async def glitch(dut: Any) -> None:
    """A low that is over before the middle of a start bit is none."""
    sender, monitor = await start(dut, "none")
    for _ in range(5):
        await sender.hold(0, 0.2)
        await sender.hold(1, 12)
    assert not monitor.waiting
    await sender.byte(0x81)
    await sender.hold(1, 2)
    assert await monitor.receive(monitor.waiting) == [0x81]
