"""cocotb bench of `hw.lane_sum.LaneSum`: exact sums modulo 2^width, of what each operation says, two cycles after it says so."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb

from loschmidt.spec.fixed import wrap

from .pins import Pins, setting

#: Cycles from an operation to its term.
TERM = 2

#: How often an operation says what.
OFTEN = {"valid": 0.8, "add": 0.8, "first": 0.2, "hop": 0.3}


@cocotb.test()
async def any_operations(dut: Any) -> None:
    """Sums that grow, begin anew and go to the neighbour's, with pauses in which they stay."""
    width, choice = setting("width"), random.Random(1)
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1

    def word() -> int:
        return choice.choice((low, high, -1, 0, 1)) if choice.random() < 0.3 else choice.randint(low, high)

    pins = await Pins.start(dut, valid=0)
    told: deque[dict[str, int]] = deque({"valid": 0} for _ in range(TERM))
    total = 0
    for _ in range(3000):
        told.append({name: int(choice.random() < chance) for name, chance in OFTEN.items()})
        term, neighbour, carry, now = word(), word(), choice.randrange(2), told.popleft()
        await pins.cycle(**told[-1], term=term, neighbour=neighbour, carry=carry)
        assert pins.signed("total") == total, f"the sum is {pins.signed('total')} instead of {total}"
        if now["valid"] and now["add"]:
            start = 0 if now["first"] else neighbour if now["hop"] else total
            total = wrap(start + term + carry, width)
