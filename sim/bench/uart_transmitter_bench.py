"""cocotb bench of `hw.link.uart.UartTransmitter`: bits of the right length, read by receivers whose clocks are not ours."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, Timer
from cocotb.utils import get_sim_time

from .link_line import clocked
from .pins import port, setting, stream
from .streams import PATTERNS, StreamDriver, bursts

#: In ns; long enough that the simulator's resolution does not round a receiver's bits.
PERIOD = 200


class Reader:
    """Samples the line in the middle of bits that it takes for ``error`` thousandths longer than they should be."""

    def __init__(self, dut: Any, error: int) -> None:
        self._line = port(dut, "tx")
        self._bit = setting("divisor") * PERIOD * (1000 + error) // 1000
        self.falls: list[int] = []
        self.bytes: list[int] = []
        cocotb.start_soon(self._read())

    async def _read(self) -> None:
        while True:
            await FallingEdge(self._line)
            self.falls.append(round(get_sim_time("ns")))
            await Timer(self._bit // 2, "ns")
            levels = [bool(self._line.value)]
            for _ in range(9):
                await Timer(self._bit, "ns")
                levels.append(bool(self._line.value))
            assert not levels[0], "no start bit"
            assert levels[9], "no stop bit"
            self.bytes.append(sum(level << place for place, level in enumerate(levels[1:9])))


@cocotb.test()
@cocotb.parametrize(error=[-20, 0, 20], pattern=["none", "idle"])
async def any_bytes(dut: Any, error: int, pattern: str) -> None:
    """Bytes come out as they went in; without pauses, one cycle lies between them."""
    line = port(dut, "tx")
    await clocked(dut, PERIOD)
    assert line.value, "the line is not at rest"
    reader = Reader(dut, error)
    driver = StreamDriver(stream(dut, "i"), bursts(PATTERNS[pattern].idle, 1))
    choice = random.Random(error)
    sent = [0, 255, 0x55, 0xAA, 1, 128, *(choice.randrange(256) for _ in range(40))]
    driver.send(sent)
    length = 10 * setting("divisor") + 1
    await Timer(len(sent) * (length + 7) * PERIOD, "ns")
    assert reader.bytes == sent
    gaps = [later - earlier for earlier, later in zip(reader.falls, reader.falls[1:], strict=False)]
    assert min(gaps) == length * PERIOD
    assert pattern == "idle" or max(gaps) == min(gaps)
