"""cocotb bench of `hw.narrow.Narrow`: rounding, symmetric saturation and its flag; latency 2, one a cycle."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb

from loschmidt.spec.fixed import round_half_even, saturate

from .pins import Pins, shape

LATENCY = 2


@cocotb.test()
async def every_value(dut: Any) -> None:
    """Values one a cycle: all of them, if the state is narrow."""
    formats, choice = shape().formats, random.Random(1)
    state = formats.state
    if state.width <= 12:
        values = list(range(state.lowest, state.highest + 1))
    else:
        edge, tie = formats.operand.highest << formats.operand_shift, 1 << (formats.operand_shift - 1)
        near = [sign * (edge + offset) for sign in (1, -1) for offset in (-tie - 1, -tie, -1, 0, 1, tie - 1, tie, tie + 1)]
        values = [state.lowest, state.highest, *near, *(choice.randint(state.lowest, state.highest) for _ in range(1000))]
    choice.shuffle(values)
    pins = await Pins.start(dut, value=0)
    under_way: deque[int] = deque()
    for value in [*values, *[0] * LATENCY]:
        under_way.append(value)
        await pins.cycle(value=value)
        if len(under_way) > LATENCY:
            before = under_way.popleft()
            rounded = round_half_even(before, formats.operand_shift)
            expected = saturate(rounded, formats.operand.width)
            found, clipped = pins.signed("code"), bool(pins.get("clipped"))
            assert found == expected, f"{before} became {found} instead of {expected}"
            assert clipped == (expected != rounded), f"{before} was {'' if clipped else 'not '}said to be clipped"
