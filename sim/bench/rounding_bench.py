"""cocotb bench of `hw.rounding.NearestShift`: every value of a small width, ties and ends of a wide one; latency 2, one a cycle."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from typing import Any

import cocotb

from loschmidt.spec.fixed import round_half_even

from .pins import Pins, setting

LATENCY = 2


def amounts() -> range:
    """All amounts that the part takes."""
    return range(min(setting("limit"), setting("width") - setting("base") - 1) + 1)


async def compare(dut: Any, cases: Iterable[tuple[int, int]]) -> None:
    """Values and amounts, one a cycle, against the rule; each result exactly `LATENCY` cycles later."""
    pins, base = await Pins.start(dut), setting("base")
    under_way: deque[tuple[int, int]] = deque()
    for value, amount in [*cases, *[(0, 0)] * LATENCY]:
        under_way.append((value, amount))
        await pins.cycle(value=value, amount=amount)
        if len(under_way) > LATENCY:
            before, shift = under_way.popleft()
            expected, found = round_half_even(before, base + shift), pins.signed("result")
            assert found == expected, f"{before} / 2^{base + shift} was rounded to {found} instead of {expected}"


@cocotb.test()
async def every_value(dut: Any) -> None:
    """All values by all amounts, of a narrow part; in any order, as one must not disturb the next."""
    width = min(setting("width"), 8)
    cases = [(value, amount) for value in range(-(1 << (width - 1)), 1 << (width - 1)) for amount in amounts()]
    random.Random(1).shuffle(cases)
    await compare(dut, cases)


@cocotb.test()
async def ties(dut: Any) -> None:
    """Halves exactly, and one to either side, of even and of odd numbers of either sign; the ends of the range."""
    width, base = setting("width"), setting("base")
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
    choice = random.Random(2)
    cases = [(end, amount) for end in (low, low + 1, -1, 0, 1, high - 1, high) for amount in amounts()]
    for amount in range(max(1, base), base + len(amounts())):
        for quotient in {choice.randint(low >> amount, high >> amount) for _ in range(8)}:
            tie = (quotient << amount) + (1 << (amount - 1))
            cases += [(value, amount - base) for value in (tie - 1, tie, tie + 1) if low <= value <= high]
    await compare(dut, cases)


@cocotb.test()
async def any_value(dut: Any) -> None:
    """Random values of every magnitude."""
    width, choice = setting("width"), random.Random(3)
    values = (choice.getrandbits(width) - (1 << (width - 1)) >> choice.randrange(width) for _ in range(1000))
    await compare(dut, [(value, choice.choice(amounts())) for value in values])
