"""cocotb bench of `hw.accumulator.Accumulator`: exact sums of shifted terms, modulo 2^width."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from loschmidt.hw.operation import ACCUMULATOR_LATENCY, STAGES
from loschmidt.spec import layout
from loschmidt.spec.fixed import wrap
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import SHIFT_LIMIT

from . import host_port
from .operations import Ages
from .pins import Pins, shape

#: Age at which a term must be at hand.
TERM = 5


@cocotb.test()
async def sums(dut: Any) -> None:
    """Terms of any size to any word, one a cycle, to the same word as soon as it may be; then all words."""
    part, choice = shape(), random.Random(1)
    width, depth = part.formats.accumulator, layout.depth(Bank.ACCUMULATOR, part)
    half = 1 << (part.sum_width - 1)
    ages = Ages(part, 1)
    pins = await Pins.start(dut, operation=ages.issue(), **host_port.IDLE)
    content = [choice.getrandbits(width) - (1 << (width - 1)) for _ in range(depth)]
    for address, value in enumerate(content):
        await host_port.write(pins, Bank.ACCUMULATOR, address, value)
    terms = [choice.randint(-half, half - 1) for _ in range(TERM)]
    recent: list[int] = []
    for cycle in range(1200 + STAGES):
        # In the second half a few words only, so that they are written as often as they may be.
        words = range(depth if cycle < 600 else min(depth, 4))
        free = [address for address in words if address not in recent[-(ACCUMULATOR_LATENCY - 1) :]]
        address, shift = choice.choice(free), choice.choice([0, choice.randint(0, SHIFT_LIMIT)])
        issued, adds = cycle < 1200 and choice.random() < 0.9, choice.random() < 0.8
        terms.append(choice.choice([-half, half - 1, choice.randint(-half, half - 1), choice.randint(-99, 99)]))
        recent.append(address)
        operation = {"accumulator": address, "shift": shift, "accumulate": int(adds)}
        await pins.cycle(operation=ages.issue(operation if issued else None), term=terms[cycle])
        if issued and adds:
            content[address] = wrap(content[address] + (terms[cycle + TERM] << shift), width)
    for address, expected in enumerate(content):
        found = await host_port.read(pins, "host_total", address)
        assert found == expected, f"word {address} holds {found} instead of {expected}"


@cocotb.test()
async def host_writes_its_own_bank(dut: Any) -> None:
    """What the host writes to another bank, or to none, changes nothing."""
    part = shape()
    pins = await Pins.start(dut, operation=Ages(part, 2).issue(), **host_port.IDLE)
    await host_port.write(pins, Bank.ACCUMULATOR, 0, 11)
    for bank in (bank for bank in Bank if bank is not Bank.ACCUMULATOR):
        await host_port.write(pins, bank, 0, 77)
    await pins.cycle(host_bank=Bank.ACCUMULATOR, host_write=1, host_data=77)
    await pins.cycle(**host_port.IDLE)
    assert await host_port.read(pins, "host_total", 0) == 11
