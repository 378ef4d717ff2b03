"""cocotb bench of `hw.narrow.Narrow`: rounding, symmetric saturation and its flag; latency 2, one a cycle."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb

from loschmidt.spec.fixed import round_half_even, saturate

from .pins import Pins, setting

LATENCY = 2


@cocotb.test()
async def every_value(dut: Any) -> None:
    """Values one a cycle: all of them, if there are few."""
    before, shift, width, choice = setting("before"), setting("shift"), setting("width"), random.Random(1)
    low, high = -(1 << (before - 1)), (1 << (before - 1)) - 1
    if before <= 12:
        values = list(range(low, high + 1))
    else:
        edge, tie = (1 << (width - 1)) - 1 << shift, 1 << (shift - 1)
        near = [sign * (edge + offset) for sign in (1, -1) for offset in (-tie - 1, -tie, -1, 0, 1, tie - 1, tie, tie + 1)]
        values = [low, high, *near, *(choice.randint(low, high) >> choice.randrange(before) for _ in range(1000))]
    choice.shuffle(values)
    pins = await Pins.start(dut, value=0)
    under_way: deque[int] = deque()
    for value in [*values, *[0] * LATENCY]:
        under_way.append(value)
        await pins.cycle(value=value)
        if len(under_way) > LATENCY:
            given = under_way.popleft()
            rounded = round_half_even(given, shift)
            expected = saturate(rounded, width)
            found, clipped = pins.signed("code"), bool(pins.get("clipped"))
            assert found == expected, f"{given} became {found} instead of {expected}"
            assert clipped == (expected != rounded), f"{given} was {'' if clipped else 'not '}said to be clipped"
