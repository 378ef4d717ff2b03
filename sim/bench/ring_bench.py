"""cocotb bench of `hw.ring.Ring` and its tiles: any operations, as close together as their latencies allow, against `machine`."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np

from loschmidt.hw.branch import TILES_OF_A_BRANCH
from loschmidt.hw.host_access import LINGERS, MOVE_AFTER, MOVE_BEFORE, READ_LATENCY
from loschmidt.hw.operation import Consumer, Left, Right, flag_latency, operation_layout
from loschmidt.hw.ring import GATHERED, entry
from loschmidt.spec import layout
from loschmidt.spec.fixed import round_half_even, wrap
from loschmidt.spec.hamiltonian import Parameter
from loschmidt.spec.layout import SHARED, Bank
from loschmidt.spec.region import State
from loschmidt.spec.run import STEP_LIMIT
from loschmidt.spec.shape import Shape

from .hazards import Hazards
from .machine import Machine
from .operations import fields, pack, unpack
from .pins import Pins, shape
from .stimulus import WRITABLE, contents

#: Cycles that control takes, at the end of `READ_LATENCY`, to choose between a word of the ring and an input.
CHOOSES = 1

#: Cycles that a request takes longer to a tile on a branch: three registers on the way there, and one inside.
BRANCH_CYCLES = 4

#: Cycles from an operation at the port to its input word at the port.
INPUT = 1

IDLE = {"host_active": 0, "host_write": 0, "host_move": 0, "host_every": 0}


def any_operation(choice: random.Random, part: Shape, places: dict[str, tuple[int, int]]) -> dict[str, int]:
    """Random fields, within what an operation may be; every other one does nothing but multiply and add."""
    op = unpack(choice.getrandbits(256), places)
    consumer = choice.choice([Consumer.NONE, *Consumer])
    moves = consumer in (Consumer.KICK, Consumer.DRIFT)
    op |= {name: choice.choice(list(kind)).value for name, kind in (("left", Left), ("right", Right))}
    if op["left"] in (Left.CONJUGATE_LOW.value, Left.CONJUGATE_HIGH.value) and op["right"] == Right.P.value:
        op["right"] = Right.RING.value
    if op["sum_add"]:
        op["shift"] = choice.choice((0, part.formats.align_shift))
    op |= {name: choice.randrange(part.ways * part.rows) for name in ("file", "right_file")}
    way, row = choice.randrange(part.ways), choice.randrange(part.rows)
    return op | {
        "valid": 1,
        "ring_move": op["ring_move"] & (op["right"] == Right.RING.value),
        "way": way,
        "row": row,
        "last_row": int(row == part.rows - 1),
        "out_file": way * part.rows + row,
        "state": choice.randrange(part.contexts) * part.rows + row,
        "parameter": choice.randrange(layout.depth(Bank.PARAMETER, part)),
        "accumulator": choice.randrange(layout.depth(Bank.ACCUMULATOR, part)),
        "nudge_address": choice.randrange(layout.depth(Bank.NUDGE, part)),
        "trace_address": choice.randrange(layout.depth(Bank.TRACE, part)),
        "consumer": consumer.value,
        "nudge": op["nudge"] & (consumer is Consumer.KICK),
        "check_p": op["check_p"] & moves,
        "check_x": op["check_x"] & moves,
        "trace": op["trace"] & moves,
    }


class Board:
    """A ring of lanes and the machine that says what it should hold."""

    def __init__(self, pins: Pins, part: Shape, seed: int) -> None:
        self.pins, self.part = pins, part
        self.choice, self.machine, self.hazards = random.Random(seed), Machine(part), Hazards(part)
        self.rng = np.random.default_rng(seed)
        self.cycle = 0
        self.words = [0] * INPUT
        self.fields = fields(operation_layout(part))

    @classmethod
    async def start(cls, dut: Any, seed: int) -> Board:
        """Memories filled alike."""
        part = shape()
        pins = await Pins.start(dut, operation=0, restart=(1 << part.ways) - 1, s=0, **IDLE)
        board = cls(pins, part, seed)
        for region in WRITABLE:
            board.machine.load(region, contents(board.rng, region, part, extreme=True))
        await board.clear()
        await board.write(*(bank for bank in Bank if bank not in (Bank.INPUT, Bank.TRACE, Bank.ACCUMULATOR)))
        await pins.cycle(restart=0)
        await board.settle()
        return board

    async def leave(self) -> None:
        """The host asks no more; operations may follow."""
        for _ in range(1 + LINGERS):
            await self.pins.cycle(**IDLE)

    async def clear(self) -> None:
        """Accumulators to zero, one a cycle."""
        for address in range(layout.depth(Bank.ACCUMULATOR, self.part)):
            await self.pins.cycle(host_active=1, host_bank=Bank.ACCUMULATOR, host_address=address, host_write=1, host_every=1, host_data=0)
        await self.leave()

    async def write(self, *banks: Bank) -> None:
        """What the machine holds, to the lanes, one word a cycle."""
        for bank in banks:
            for lane, words in enumerate(self.machine.memory[bank]):
                for address, value in enumerate(words):
                    where = {"host_bank": bank, "host_lane": lane, "host_address": address, "host_every": int(bank in SHARED)}
                    await self.pins.cycle(host_active=1, host_write=1, host_data=value, **where)
        await self.leave()

    async def step(self, s: int) -> None:
        """Another time step, once nothing is under way."""
        await self.settle()
        self.machine.s = s
        await self.pins.cycle(s=s)
        await self.settle()

    async def move(self, destination: int, source: int, flip: bool) -> None:
        """A context's state to another, row by row and lane by lane of every tile; the sign of the momentum changed or not."""
        rows, memory = self.part.rows, self.machine.memory
        for row in range(rows):
            for lane in range(self.part.tile):
                there = {"host_lane": lane, "host_address": source * rows + row, "host_destination": destination * rows + row}
                for move in (*[0] * MOVE_BEFORE, 1, *[0] * (MOVE_AFTER - 1)):
                    await self.pins.cycle(host_active=1, host_flip=int(flip), host_move=move, **there)
            for position, momentum in zip(memory[Bank.POSITION], memory[Bank.MOMENTUM], strict=True):
                value = momentum[source * rows + row]
                position[destination * rows + row] = position[source * rows + row]
                momentum[destination * rows + row] = wrap(-value, self.part.formats.state.width) if flip else value
        await self.leave()

    async def issue(self, op: dict[str, int] | None) -> None:
        """A cycle. What the operation reads as input comes a cycle later; what is not an operation is anything."""
        operand = self.part.formats.operand
        self.words.append(self.choice.randint(operand.lowest, operand.highest))
        given = op or {**unpack(self.choice.getrandbits(256), self.fields), "valid": 0}
        await self.pins.cycle(operation=pack(given, self.fields), input=self.words[self.cycle])
        if op is not None:
            self.hazards.issue(op, self.cycle)
            self.machine.execute(op, self.words[self.cycle + INPUT])
        self.cycle += 1

    async def issue_any(self) -> None:
        """An operation that is not too early, if one is found."""
        for _ in range(12):
            op = any_operation(self.choice, self.part, self.fields)
            faults = (self.hazards.early(op, self.cycle), self.hazards.meets(op, self.cycle), self.hazards.stolen(op))
            if faults == (None, None, None):
                await self.issue(op)
                return
        await self.issue(None)

    async def drift_to_the_end(self) -> None:
        """Drift twice half a drift, all lanes to the very end of the range, but one, perhaps, a unit beyond."""
        part, state, memory = self.part, self.part.formats.state, self.machine.memory
        op = any_operation(self.choice, part, self.fields)
        op |= {"consumer": Consumer.DRIFT.value, "double": 1, "nudge": 0, "accumulate": 0, "sum_add": 0, "ring_move": 0}
        astray = self.choice.choice([None, *range(part.lanes)])
        address = layout.base(Parameter.INVERSE_MASS, part) + op["row"]
        for lane, (positions, momenta) in enumerate(zip(memory[Bank.POSITION], memory[Bank.MOMENTUM], strict=True)):
            momentum = momenta[op["state"]] = self.choice.randint(state.lowest + 1, state.highest) >> 3
            half = round_half_even(memory[Bank.PARAMETER][lane][address] * momentum, part.formats.drift_shift(self.machine.s))
            beyond = int(lane == astray and half != 0)
            positions[op["state"]] = state.lowest - 2 * half - beyond if half < 0 else state.highest - 2 * half + beyond
        await self.write(Bank.POSITION, Bank.MOMENTUM)
        await self.issue(op)

    async def kick_vastly(self) -> None:
        """Kick by a multiple of what three bits more than a state's hold, which leaves those bits as they are, but wraps."""
        part, f = self.part, self.part.formats
        op = any_operation(self.choice, part, self.fields)
        op |= {"left": Left.PARAMETER.value, "right": Right.DIGIT_UNIT.value, "shift": f.align_shift}
        op |= {"sum_add": 1, "sum_hop": 0, "accumulate": 0, "ring_move": 0, "nudge": 0}
        for words in self.machine.memory[Bank.PARAMETER]:
            words[op["parameter"]] = f.weight.lowest
        await self.write(Bank.PARAMETER)
        term = -f.weight.lowest << (f.multiplier - 1 + f.align_shift)
        terms, rest = divmod(1 << (f.state.width + 3 + f.kick_shift(self.machine.s)), term)
        assert rest == 0
        for number in range(terms):
            last = number == terms - 1
            await self.issue(op | {"sum_first": int(number == 0), "consumer": (Consumer.KICK if last else Consumer.NONE).value})

    async def settle(self) -> None:
        for _ in range(entry(self.part) + flag_latency(self.part) + GATHERED):
            await self.issue(None)

    async def restart(self, ways: int) -> None:
        """Let ways begin anew: their flags go down."""
        await self.pins.cycle(restart=ways)
        await self.pins.cycle(restart=0)
        await self.settle()
        for flags in (self.machine.overflow, self.machine.clip):
            flags -= {way for way in range(self.part.ways) if ways >> way & 1}
        self.compare_flags()

    def compare_flags(self) -> None:
        for name, expected in (("overflow", self.machine.overflow), ("clip", self.machine.clip)):
            found = {way for way in range(self.part.ways) if self.pins.get(name) >> way & 1}
            assert found == expected, f"{name} of ways {found} instead of {expected}"

    async def compare(self) -> None:
        """The flags, and every word of every bank, each as soon as it must be there: with the most tiles, gathering takes `GATHERED`; with
        those that hang on no branches, requests come `BRANCH_CYCLES` cycles sooner."""
        self.compare_flags()
        gathers = (self.part.tiles - 1).bit_length() + 1 >> 1
        sooner = 0 if self.part.tiles > TILES_OF_A_BRANCH else BRANCH_CYCLES
        wait = READ_LATENCY - CHOOSES - (GATHERED - gathers) - sooner
        for bank, lanes in self.machine.memory.items():
            if bank is Bank.INPUT:
                continue
            for lane, words in enumerate(lanes):
                for address, wanted in enumerate(words):
                    where = {"host_bank": bank, "host_lane": lane, "host_address": address}
                    for _ in range(wait + 1):
                        await self.pins.cycle(host_active=1, **where)
                    word = self.pins.signed("host_answer")
                    assert word == wanted, f"{bank.name.lower()} {address} of lane {lane} is {word} instead of {wanted}"
        await self.leave()


@cocotb.test()
async def any_operations(dut: Any) -> None:
    """Random operations, then all memory; a few operations again and again, then the flags, which stay up until their way begins anew.

    One test, from power-up on: a reset clears no memory, and the host cannot write operands.
    """
    board = await Board.start(dut, 1)
    # Most of what can be wrong shows soon.
    for operations in (200, 1300):
        for _ in range(operations):
            await board.issue_any()
        await board.settle()
        await board.compare()
    # Few operations, so that no flag is up for another's sake; then more, for what is rare.
    for operations in (*[12] * 150, *[40] * 40):
        await board.restart(board.choice.randrange(1 << board.part.ways))
        await board.step(board.choice.randrange(STEP_LIMIT + 1))
        for region in State:
            board.machine.load(region, contents(board.rng, region, board.part, extreme=True))
        await board.write(Bank.POSITION, Bank.MOMENTUM)
        for _ in range(operations):
            await board.issue_any()
        await board.settle()
        board.compare_flags()
    for _ in range(60):
        await board.restart((1 << board.part.ways) - 1)
        await board.step(board.choice.randrange(2))
        await board.drift_to_the_end()
        await board.settle()
        board.compare_flags()
    await board.step(0)
    for _ in range(4):
        await board.restart((1 << board.part.ways) - 1)
        await board.kick_vastly()
        await board.settle()
        board.compare_flags()
    await board.compare()
    for flip in (False, True):
        for _ in range(4):
            await board.move(board.choice.randrange(board.part.contexts), board.choice.randrange(board.part.contexts), flip)
    await board.compare()
