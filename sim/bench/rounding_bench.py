"""cocotb bench of `hw.rounding.NearestShift`: every value of a small width, ties and ends of a wide one; latency 2, one a cycle."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from typing import Any

import cocotb

from loschmidt.spec.fixed import round_half_even

from .pins import Pins, setting

LATENCY = 2


def amounts() -> range:
    """All amounts that the part takes."""
    return range(min(setting("limit"), setting("width") - setting("base") - 1) + 1)


def split(value: int, choice: random.Random) -> dict[str, int]:
    """The part's inputs: the value, or two whose sum it is."""
    width, apart = setting("width"), setting("apart")
    if apart is None:
        return {"value": value}
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
    ends = -(1 << (width - apart - 1)), (1 << (width - apart - 1)) - 1
    other = choice.randint(max(ends[0], -((high - value) >> apart)), min(ends[1], (value - low) >> apart))
    return {"value": value - (other << apart), "other": other}


async def compare(dut: Any, cases: Sequence[tuple[int, int]]) -> None:
    """Values and amounts against the rule: all values of one amount, one a cycle, then those of the next; each result exactly `LATENCY`
    cycles later. Results that are not enabled are zero."""
    pins, base, choice = await Pins.start(dut, enable=0), setting("base"), random.Random(4)
    for amount in amounts():
        await pins.cycle(amount=amount)
        under_way: deque[int] = deque()
        enabled: deque[int] = deque()
        for value in [*(value for value, wanted in cases if wanted == amount), *[0] * LATENCY]:
            under_way.append(value)
            await pins.cycle(**split(value, choice), enable=enabled[-1] if enabled else 0)
            enabled.append(int(choice.random() < 0.9))
            if len(under_way) > LATENCY:
                before, enable = under_way.popleft(), enabled.popleft()
                expected, found = enable * round_half_even(before, base + amount), pins.signed("floor") + pins.get("up")
                assert found == expected, f"{before} / 2^{base + amount} was rounded to {found} instead of {expected}"


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
