"""cocotb bench of `hw.relay.Relay`: the same words, however both sides pause, and no way through it within a cycle."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.triggers import Timer

from .link_line import PERIOD, clocked
from .pins import Pins, setting, stream
from .streams import PATTERNS, StreamDriver, StreamMonitor, bursts

WORDS = 200
#: Cycles that a word takes if nobody pauses.
CYCLES = 3


@cocotb.test()
@cocotb.parametrize(pattern=list(PATTERNS))
async def any_words(dut: Any, pattern: str) -> None:
    """Every word comes once and in order; without pauses, in as few cycles as it should."""
    pauses = PATTERNS[pattern]
    await clocked(dut)
    choice = random.Random(1)
    driver = StreamDriver(stream(dut, "i"), bursts(pauses.idle, 2))
    monitor = StreamMonitor(stream(dut, "o"), bursts(pauses.back_pressure, 3))
    # Some come twice in a row.
    words = [choice.getrandbits(setting("width")) for _ in range(WORDS // 2)] * 2
    words = sorted(words, key=words.index)
    driver.send([])
    await Timer(4 * PERIOD, "ns")
    driver.send(words)
    await Timer((CYCLES * WORDS + 20) * PERIOD, "ns")
    if pattern == "none":
        assert monitor.waiting == WORDS, f"{monitor.waiting} of {WORDS} words came in {CYCLES} cycles each"
    await Timer(20 * WORDS * PERIOD, "ns")
    assert await monitor.receive(monitor.waiting) == words


@cocotb.test()
async def nothing_within_a_cycle(dut: Any) -> None:
    """What one side's handshake does, the other's does a cycle later."""
    pins = await Pins.start(dut, i_valid=0, i_payload=5, o_ready=0)
    for turn in range(40):
        before = pins.get("o_valid"), pins.get("i_ready")
        # A word that was presented stays.
        here = pins.get("o_valid") or pins.get("i_ready") or turn >> 1 & 1
        for valid, ready in ((0, 0), (1, 1), (here, turn & 1)):
            await pins.change(i_valid=valid, o_ready=ready)
            assert (pins.get("o_valid"), pins.get("i_ready")) == before
        await pins.cycle()
