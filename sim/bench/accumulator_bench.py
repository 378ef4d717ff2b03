"""cocotb bench of `hw.accumulator.Accumulator`: exact sums of terms, modulo 2^width."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb

from loschmidt.hw.operation import ACCUMULATOR_LATENCY, AGES, aged_layout
from loschmidt.spec import layout
from loschmidt.spec.fixed import wrap
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .operations import fields
from .pins import Pins, shape

#: Age at which a term and its carry must be at hand.
TERM = 8

IDLE = {"host_active": 0, "host_writes": 0}


class Ages:
    """Delays operations: what `issue` returns is the word for the port ``operation``, in the cycle in which the new one has age 0."""

    def __init__(self, part: Shape) -> None:
        aged = aged_layout(part)
        outer = {age: aged[f"age_{age}"] for age in AGES}
        inner = {age: fields(field.shape) for age, field in outer.items()}
        self._places = [(age, name, outer[age].offset + inner[age][name][0]) for age, names in AGES.items() for name in names]
        self._past: deque[dict[str, int]] = deque(({} for _ in AGES), maxlen=max(AGES) + 1)

    def issue(self, operation: dict[str, int] | None = None) -> int:
        self._past.appendleft({} if operation is None else {"valid": 1, **operation})
        past = [*self._past, *({} for _ in range(max(AGES)))]
        return sum(past[age].get(name, 0) << offset for age, name, offset in self._places)


async def read(pins: Pins, address: int) -> int:
    for _ in range(5):
        await pins.cycle(host_active=1, host_address=address, asked=1, term=0, carry=0)
    word = pins.signed("answer")
    await pins.cycle(asked=0)
    await pins.cycle()
    assert pins.signed("answer") == 0, f"{pins.signed('answer')} comes from a lane that is not asked"
    await pins.cycle(**IDLE)
    return word


async def clear(pins: Pins, address: int, bank: Bank = Bank.ACCUMULATOR) -> None:
    await pins.cycle(host_active=1)
    await pins.cycle(host_active=1, host_address=address, host_writes=1 << bank)
    await pins.cycle(**IDLE)


@cocotb.test()
async def sums(dut: Any) -> None:
    """Terms of any size to any word, one a cycle, to the same word as soon as it may be; then all words."""
    part, choice = shape(), random.Random(1)
    width, depth = part.formats.accumulator, layout.depth(Bank.ACCUMULATOR, part)
    half = 1 << (width - 1)
    ages = Ages(part)
    pins = await Pins.start(dut, operation=0, asked=0, **IDLE)
    content = [0] * depth
    for address in range(depth):
        await clear(pins, address)
    terms = [(choice.randint(-half, half - 1), choice.getrandbits(1)) for _ in range(TERM)]
    recent: list[int] = []
    for cycle in range(1200 + TERM + 4):
        # In the second half a few words only, so that they are written as often as they may be.
        words = range(depth if cycle < 600 else min(depth, 5))
        free = [address for address in words if address not in recent[-(ACCUMULATOR_LATENCY - 1) :]]
        address = choice.choice(free) if free else -1
        issued, adds = cycle < 1200 and bool(free) and choice.random() < 0.9, choice.random() < 0.8
        term = choice.choice([-half, half - 1, choice.randint(-half, half - 1), choice.randint(-99, 99)])
        terms.append((term, choice.getrandbits(1)))
        recent.append(address)
        operation = {"accumulator": address, "accumulate": int(adds)}
        now = terms[cycle]
        await pins.cycle(operation=ages.issue(operation if issued else None), term=now[0], carry=now[1])
        if issued and adds:
            content[address] = wrap(content[address] + sum(terms[cycle + TERM]), width)
    for address, expected in enumerate(content):
        found = await read(pins, address)
        assert found == expected, f"word {address} holds {found} instead of {expected}"


@cocotb.test()
async def host_clears_its_own_bank(dut: Any) -> None:
    """What the host writes to another bank changes nothing."""
    part = shape()
    ages = Ages(part)
    pins = await Pins.start(dut, operation=0, asked=0, **IDLE)
    await clear(pins, 0)
    for cycle in range(TERM + 3):
        operation = {"accumulator": 0, "accumulate": 1} if cycle == 0 else None
        await pins.cycle(operation=ages.issue(operation), term=11 if cycle == TERM else 5, carry=0)
    assert await read(pins, 0) == 11
    for bank in (bank for bank in Bank if bank is not Bank.ACCUMULATOR):
        await clear(pins, 0, bank)
    assert await read(pins, 0) == 11
    await clear(pins, 0)
    assert await read(pins, 0) == 0
