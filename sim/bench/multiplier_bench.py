"""cocotb bench of `hw.multiplier.Multiplier`: exact products, latency 3, one a cycle."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from typing import Any

import cocotb

from .pins import Pins, setting

LATENCY = 3


async def compare(dut: Any, cases: Iterable[tuple[int, int]]) -> None:
    """Pairs, one a cycle; each product exactly `LATENCY` cycles later."""
    pins = await Pins.start(dut)
    under_way: deque[tuple[int, int]] = deque()
    for left, right in [*cases, *[(0, 0)] * LATENCY]:
        under_way.append((left, right))
        await pins.cycle(left=left, right=right)
        if len(under_way) > LATENCY:
            a, b = under_way.popleft()
            assert pins.signed("product") == a * b, f"{a} * {b} gave {pins.signed('product')} instead of {a * b}"


@cocotb.test()
async def extremes(dut: Any) -> None:
    """The ends of the range by each other and by every power of two."""
    width = setting("width")
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
    ends = [low, low + 1, -1, 0, 1, high - 1, high]
    others = ends + [sign << bit for bit in range(width - 1) for sign in (1, -1)]
    await compare(dut, [pair for a in ends for b in others for pair in ((a, b), (b, a))])


@cocotb.test()
async def any_pair(dut: Any) -> None:
    """Random pairs, with pauses of zeros that would show a product at the wrong time."""
    width, choice = setting("width"), random.Random(1)
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
    pairs = [(choice.randint(low, high), choice.randint(low, high)) if choice.random() < 0.7 else (0, 0) for _ in range(1000)]
    await compare(dut, pairs)
