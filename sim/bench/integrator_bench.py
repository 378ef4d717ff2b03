"""cocotb bench of `hw.integrator.Integrator`: drift, kick, nudge, flip, wrap-around and its flag, on any state in any context."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import product
from typing import Any

import cocotb

from loschmidt.hw.operation import STAGES, Consumer
from loschmidt.spec import layout
from loschmidt.spec.fixed import wrap
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from . import host_port
from .operations import Ages, Operation
from .pins import Pins, shape

#: Ages: a change and a nudge are at hand, the new momentum is, the new position is.
CHANGE, MOMENTUM, POSITION = 8, 9, 10
#: Cycles after which a shear sees what the one before it did to the same oscillator, and after which a drift's digits do.
AGAIN, DIGITS = 4, 10


class Board:
    """An integrator and what it should hold and say."""

    def __init__(self, pins: Pins, part: Shape, ages: Ages, choice: random.Random) -> None:
        self.pins, self.part, self.choice = pins, part, choice
        self._ages = ages
        self.state = part.formats.state
        depth = layout.depth(Bank.POSITION, part)
        self.position, self.momentum = ([self.any_code() for _ in range(depth)] for _ in range(2))
        self._cycle = 0
        self._inputs: dict[int, tuple[int, int]] = {}
        self._expected: dict[int, dict[str, int]] = defaultdict(dict)
        self._overflow: dict[int, int] = defaultdict(int)

    @classmethod
    async def start(cls, dut: Any, seed: int) -> Board:
        part = shape()
        ages = Ages(part, seed)
        board = cls(await Pins.start(dut, operation=ages.issue(), **host_port.IDLE), part, ages, random.Random(seed))
        for address, (position, momentum) in enumerate(zip(board.position, board.momentum, strict=True)):
            await host_port.write(board.pins, Bank.POSITION, address, position)
            await host_port.write(board.pins, Bank.MOMENTUM, address, momentum)
        return board

    def any_code(self) -> int:
        state, choice = self.state, self.choice
        anywhere = [choice.randint(state.lowest, state.highest) for _ in range(2)]
        return choice.choice([state.lowest, state.lowest + 1, state.highest, 0, *anywhere])

    def any_change(self) -> int:
        """A rounded sum: of any size the sum register has, most often of a size that matters."""
        half = 1 << (self.part.sum_width - 1)
        return self.choice.choice([self.any_code(), self.choice.randint(-9, 9), self.choice.randint(-half, half - 1), -half, half - 1])

    async def issue(self, operation: Operation | None = None, change: int = 0, nudge: int = 0) -> None:
        """A cycle; outputs due in it are compared. Change and nudge reach the part when the operation needs them."""
        if operation is not None:
            self._inputs[self._cycle + CHANGE] = (change, nudge)
            self._apply(operation, change, nudge)
        now, noise = self._cycle, (self.any_change(), self.any_code())
        present_change, present_nudge = self._inputs.pop(now, noise)
        await self.pins.cycle(operation=self._ages.issue(operation), change=present_change, nudge=present_nudge)
        for port, value in self._expected.pop(now, {}).items():
            assert self.pins.signed(port) == value, f"{port} is {self.pins.signed(port)} instead of {value}"
        flags = self._overflow.pop(now, 0)
        assert self.pins.get("overflow") == flags, f"overflow is {self.pins.get('overflow'):b} instead of {flags:b}"
        self._cycle += 1

    def digits(self, address: int) -> None:
        """Expect the momentum's digits a cycle after an operation that is issued next."""
        bits, momentum = self.part.formats.multiplier - 1, self.momentum[address]
        high = 0 if momentum == self.state.lowest else momentum >> bits
        self._expected[self._cycle + 1] |= {"low": momentum % (1 << bits), "high": high}

    def _apply(self, operation: Operation, change: int, nudge: int) -> None:
        address, way = operation["state"], operation["way"]
        before = self.momentum[address]
        match Consumer(operation["consumer"]):
            case Consumer.KICK:
                addend = 0 if not operation["nudge"] else -nudge if operation["nudge_negate"] else nudge
                self.momentum[address] = self._wrapped(before - change + addend, MOMENTUM, way)
                self._expected[self._cycle + MOMENTUM] |= {"momentum": self.momentum[address]}
            case Consumer.DRIFT:
                half = self._wrapped(self.position[address] + change, MOMENTUM, way)
                whole = self._wrapped(half + (change if operation["double"] else 0), POSITION, way)
                self.position[address] = whole
                self._expected[self._cycle + MOMENTUM] |= {"momentum": before}
                self._expected[self._cycle + POSITION] |= {"position": whole}

    def _wrapped(self, value: int, age: int, way: int) -> int:
        result = wrap(value, self.state.width)
        self._overflow[self._cycle + age] |= int(result != value) << way
        return result

    async def compare(self) -> None:
        """Everything the memories hold, once all is written."""
        for _ in range(STAGES):
            await self.issue()
        for address, (position, momentum) in enumerate(zip(self.position, self.momentum, strict=True)):
            for port, expected in (("host_position", position), ("host_momentum", momentum)):
                found = await host_port.read(self.pins, port, address)
                assert found == expected, f"{port} {address} is {found} instead of {expected}"


def operation(board: Board, consumer: Consumer, state: int, **given: int) -> dict[str, int]:
    bit = board.choice.getrandbits
    flags = {name: bit(1) for name in ("nudge", "nudge_negate", "double")}
    return {"consumer": consumer.value, "state": state, "way": board.choice.randrange(board.part.ways), **flags, **given}


@cocotb.test()
async def digits_of_every_momentum(dut: Any) -> None:
    """The two digits that are multiplied give the momentum back; the most negative code gives zero, so that it does not drift."""
    board = await Board.start(dut, 1)
    state = board.state
    codes = range(state.lowest, state.highest + 1, max(1, 1 << (state.width - 10)))
    for code in (*codes, state.lowest + 1, -1, state.highest):
        address = board.choice.randrange(len(board.momentum))
        board.momentum[address] = code
        await host_port.write(board.pins, Bank.MOMENTUM, address, code)
        board.digits(address)
        await board.issue(operation(board, Consumer.NONE, address))
        await board.issue()
    await board.compare()


async def shears(board: Board, consumers: tuple[Consumer, ...], count: int, **given: int) -> None:
    """Random shears, one a cycle, of each oscillator as often as it may be."""
    last = dict.fromkeys(range(len(board.momentum)), -STAGES)
    for now in range(count):
        free = [address for address, when in last.items() if now - when >= AGAIN]
        if not free or board.choice.random() < 0.1:
            await board.issue()
            continue
        address = board.choice.choice(free)
        if now - last[address] >= DIGITS:
            board.digits(address)
        last[address] = now
        await board.issue(operation(board, board.choice.choice(consumers), address, **given), board.any_change(), board.any_code())
    await board.compare()


@cocotb.test()
async def kicks(dut: Any) -> None:
    """pi - change, no nudge."""
    await shears(await Board.start(dut, 2), (Consumer.KICK,), 300, nudge=0)


@cocotb.test()
async def nudges(dut: Any) -> None:
    """pi - change + n, or - n."""
    await shears(await Board.start(dut, 3), (Consumer.KICK,), 300, nudge=1)


@cocotb.test()
async def drifts(dut: Any) -> None:
    """phi + change."""
    await shears(await Board.start(dut, 4), (Consumer.DRIFT,), 300, double=0)


@cocotb.test()
async def double_drifts(dut: Any) -> None:
    """phi + change + change, each half checked for a wrap of its own."""
    await shears(await Board.start(dut, 5), (Consumer.DRIFT,), 300, double=1)


@cocotb.test()
async def any_shear(dut: Any) -> None:
    """All of them, among results that are not the integrator's."""
    await shears(await Board.start(dut, 6), tuple(Consumer), 800)


@cocotb.test()
async def flip_and_copy(dut: Any) -> None:
    """In place and to another context, with the sign changed or not; the most negative code is its own negative."""
    board = await Board.start(dut, 7)
    depth, state = len(board.momentum), board.state
    for momentum in (state.lowest, state.lowest + 1, -1, 0, 1, state.highest):
        for in_place, flip in product((True, False), (True, False)):
            source, other = board.choice.sample(range(depth), 2)
            destination = source if in_place else other
            board.momentum[source] = momentum
            await host_port.write(board.pins, Bank.MOMENTUM, source, momentum)
            await host_port.move(board.pins, destination, source, flip)
            board.position[destination] = board.position[source]
            board.momentum[destination] = wrap(-momentum, state.width) if flip else momentum
            await board.compare()
