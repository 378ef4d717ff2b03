"""cocotb bench of `hw.single_port_ram.SinglePortRam`: whatever was written last is read, two cycles after it is addressed."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb

from .pins import Pins, setting

LATENCY = 2


@cocotb.test()
async def any_words(dut: Any) -> None:
    """Writes and reads in any order, near and far apart, many of them of addresses that differ in one bit."""
    pins, choice = await Pins.start(dut, write=0), random.Random(1)
    width, depth = setting("width"), setting("depth")
    near = {0, 1, depth - 1, depth - 2, *(1 << bit for bit in range((depth - 1).bit_length())), *choice.sample(range(depth), min(depth, 8))}
    places = sorted(near)
    words = dict.fromkeys(places, 0)
    for place in places:
        words[place] = choice.randrange(-1 << width - 1, 1 << width - 1)
        await pins.cycle(write=1, address=place, data=words[place])
    due: deque[int | None] = deque()
    for _ in range(2000):
        place, write, data = choice.choice(places), choice.random() < 0.3, choice.randrange(-1 << width - 1, 1 << width - 1)
        due.append(None if write else words[place])
        if write:
            words[place] = data
        await pins.cycle(write=write, address=place, data=data)
        if len(due) > LATENCY:
            expected, found = due.popleft(), pins.signed("word")
            assert expected in (None, found), f"a word was {found} instead of {expected}"
