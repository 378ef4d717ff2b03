"""cocotb bench of `hw.ring.Ring` and its lanes: any operations, as close together as their latencies allow, against `machine`."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np

from loschmidt.hw.operation import STAGES, Consumer, Left, Right, Scale, Source, operation_layout
from loschmidt.spec import layout
from loschmidt.spec.layout import SHARED, Bank
from loschmidt.spec.region import State
from loschmidt.spec.shape import Shape

from . import host_port
from .hazards import Hazards
from .machine import Machine
from .operations import Ages, fields, unpack
from .pins import Pins, shape
from .stimulus import WRITABLE, contents

#: Age at which the input word must be at hand; cycles from the last age to a flag at the port.
INPUT, FLAGS = 1, 2


def any_operation(choice: random.Random, part: Shape, layout_: dict[str, tuple[int, int]]) -> dict[str, int]:
    """Random fields, within what an operation may be; every other one does nothing but multiply and add."""
    op = unpack(choice.getrandbits(128), layout_)
    consumer = choice.choice([Consumer.NONE, *Consumer])
    shears = consumer in (Consumer.KICK, Consumer.DRIFT)
    op |= {name: choice.choice(list(kind)).value for name, kind in (("left", Left), ("right", Right), ("scale", Scale), ("source", Source))}
    op |= {name: choice.randrange(part.ways * part.rows) for name in ("file", "ring_file", "out_file")}
    op |= {
        "valid": 1,
        "way": choice.randrange(part.ways),
        "state": choice.randrange(layout.depth(Bank.POSITION, part)),
        "parameter": choice.randrange(layout.depth(Bank.PARAMETER, part)),
        "accumulator": choice.randrange(layout.depth(Bank.ACCUMULATOR, part)),
        "nudge_address": choice.randrange(layout.depth(Bank.NUDGE, part)),
        "trace_address": choice.randrange(layout.depth(Bank.TRACE, part)),
        "consumer": consumer.value,
        "amount": choice.randrange(part.sum_width),
        "store_p": op["store_p"] & shears,
        "check_p": op["check_p"] & op["store_p"] & shears,
        "check_x": op["check_x"] & (consumer is Consumer.DRIFT),
        "trace": op["trace"] & (consumer is Consumer.DRIFT),
    }
    return op


class Board:
    """A ring of lanes and the machine that says what it should hold."""

    def __init__(self, pins: Pins, part: Shape, ages: Ages, seed: int) -> None:
        self.pins, self.part, self.ages = pins, part, ages
        self.choice, self.machine, self.hazards = random.Random(seed), Machine(part), Hazards()
        self.rng = np.random.default_rng(seed)
        self.cycle = 0
        self.words = [0] * INPUT
        self.fields = fields(operation_layout(part))

    @classmethod
    async def start(cls, dut: Any, seed: int) -> Board:
        """Memories filled alike."""
        part = shape()
        ages = Ages(part, seed)
        quiet = {**host_port.IDLE, "capture": 0, "chain_move": 0}
        pins = await Pins.start(dut, operation=ages.issue(), restart=(1 << part.ways) - 1, **quiet)
        board = cls(pins, part, ages, seed)
        for region in WRITABLE:
            board.machine.load(region, contents(board.rng, region, part, extreme=True))
        await board.write(*(bank for bank in Bank if bank not in (Bank.INPUT, Bank.TRACE)))
        await pins.cycle(restart=0)
        return board

    async def write(self, *banks: Bank) -> None:
        """What the machine holds, to the lanes."""
        for bank in banks:
            for lane, words in enumerate(self.machine.memory[bank]):
                await self.pins.cycle(every=int(bank in SHARED), lane=lane)
                for address, value in enumerate(words):
                    await host_port.write(self.pins, bank, address, value)

    async def issue(self, op: dict[str, int] | None) -> None:
        """A cycle. What the operation reads as input arrives at age 1."""
        operand = self.part.formats.operand
        word = self.choice.randint(operand.lowest, operand.highest)
        self.words.append(word)
        await self.pins.cycle(operation=self.ages.issue(op), input=self.words[self.cycle])
        if op is not None:
            self.hazards.issue(op, self.cycle)
            self.machine.execute(op, self.words[self.cycle + INPUT])
        self.cycle += 1

    async def issue_any(self) -> None:
        """An operation that is not too early, if one is found."""
        for _ in range(8):
            op = any_operation(self.choice, self.part, self.fields)
            if self.hazards.early(op, self.cycle) is None and self.hazards.stolen(op) is None:
                await self.issue(op)
                return
        await self.issue(None)

    async def settle(self) -> None:
        for _ in range(STAGES + FLAGS):
            await self.issue(None)

    async def restart(self, ways: int) -> None:
        """Let ways begin anew: their flags go down."""
        await self.pins.cycle(restart=ways)
        for _ in range(FLAGS):
            await self.pins.cycle(restart=0)
        for flags in (self.machine.overflow, self.machine.clip):
            flags -= {way for way in range(self.part.ways) if ways >> way & 1}
        self.compare_flags()

    def compare_flags(self) -> None:
        for name, expected in (("overflow", self.machine.overflow), ("clip", self.machine.clip)):
            found = {way for way in range(self.part.ways) if self.pins.get(name) >> way & 1}
            assert found == expected, f"{name} of ways {found} instead of {expected}"

    async def compare(self) -> None:
        """The flags, and every word of every bank, through the chain."""
        self.compare_flags()
        for bank, lanes in self.machine.memory.items():
            if bank is Bank.INPUT:
                continue
            for address in range(len(lanes[0])):
                await self.pins.cycle(host_active=1, host_bank=bank, host_address=address)
                await self.pins.cycle(capture=1)
                for lane in range(self.part.lanes):
                    await self.pins.cycle(capture=0, chain_move=1)
                    word, wanted = self.pins.signed("chain"), lanes[lane % len(lanes)][address]
                    assert word == wanted, f"{bank.name.lower()} {address} of lane {lane} is {word} instead of {wanted}"
                await self.pins.cycle(chain_move=0, **host_port.IDLE)


@cocotb.test()
async def any_operations(dut: Any) -> None:
    """Random operations, then all memory; a few operations again and again, then the flags, which stay up until their way begins anew.

    One test, from power-up on: a reset clears no memory, and the host cannot write operand files.
    """
    board = await Board.start(dut, 1)
    for _ in range(1500):
        await board.issue_any()
    await board.settle()
    await board.compare()
    for _ in range(60):
        await board.restart(board.choice.randrange(1 << board.part.ways))
        for region in State:
            board.machine.load(region, contents(board.rng, region, board.part, extreme=True))
        await board.write(Bank.POSITION, Bank.MOMENTUM)
        for _ in range(8):
            await board.issue_any()
        await board.settle()
        board.compare_flags()
    await board.compare()
