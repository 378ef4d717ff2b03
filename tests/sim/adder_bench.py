"""cocotb bench of the bench's own parts: driver, monitor and pauses, on an adder that breaks rules when told to."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles

from loschmidt.sim.bench.streams import PATTERNS, Stream, StreamDriver, StreamMonitor, bursts

from .adder import Fault


async def start(dut: Any, pattern: str) -> tuple[StreamDriver, StreamMonitor]:
    Clock(dut.clk, 2, unit="ns").start()
    dut.rst.value = 1
    pauses = PATTERNS[pattern]
    driver = StreamDriver(Stream.of(dut, "i", dut.clk), bursts(pauses.idle, 1))
    monitor = StreamMonitor(Stream.of(dut, "o", dut.clk), bursts(pauses.back_pressure, 2))
    await ClockCycles(dut.clk, 4)
    dut.rst.value = 0
    return driver, monitor


@cocotb.test()
@cocotb.parametrize(pattern=list(PATTERNS))
async def words_come_back_in_order(dut: Any, pattern: str) -> None:
    driver, monitor = await start(dut, pattern)
    choice = random.Random(3)
    for count in (1, 300, 1, 2):
        words = [choice.randrange((1 << 32) - 1) for _ in range(count)]
        driver.send(words)
        assert await monitor.receive(count) == [word + 1 for word in words]
    await ClockCycles(dut.clk, 20)
    assert monitor.waiting == 0


@cocotb.test(expect_fail=True)
@cocotb.parametrize(fault=[Fault.WITHDRAW, Fault.CHANGE])
async def a_broken_stream_is_found(dut: Any, fault: Fault) -> None:
    driver, _ = await start(dut, "back_pressure")
    driver.send([fault, *range(100)])
    await ClockCycles(dut.clk, 1000)
