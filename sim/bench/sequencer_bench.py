"""cocotb bench of `hw.sequencer.Sequencer`: its operations, executed by `machine`, must do what the golden model does, never too early."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import cocotb
import numpy as np

from loschmidt.hw.operation import Consumer, Right, flag_latency, operand_latency, operation_layout, spacing
from loschmidt.hw.program import Slot, handover, length
from loschmidt.hw.program import step as program
from loschmidt.hw.request import run_layout
from loschmidt.hw.ring import GATHERED, entry
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.spec import layout
from loschmidt.spec.activation import knot_limit, rows_from_knots
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter, Product
from loschmidt.spec.layout import Bank
from loschmidt.spec.region import Buffer, Region, State, Table, entries
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

from .hazards import Hazards
from .machine import Machine
from .operations import fields, pack, unpack
from .pins import Pins, shape
from .stimulus import WRITABLE, contents, run

#: Cycles without an operation after which a run must have been forgotten.
PATIENCE = 200


def longest(runs: Iterable[Run], part: Shape) -> int:
    """Cycles that the runs cannot take, one after another: for each step all matrices twice over, and every wait."""
    step = PATIENCE + 4 * part.rows * (part.padded + part.inputs + 8)
    return sum((item.steps + 2) * step for item in runs)


def requested(item: Run, part: Shape) -> dict[str, int]:
    """A run's fields: of its first step, entries turned into addresses."""
    first = item.steps - 1 if item.direction is Direction.DESCENDING else 0
    nudge = item.nudge_base + (first if item.nudge is Nudge.STREAM else 0)
    same = ("context", "steps", "direction", "accumulate", "shift", "nudge", "negate", "trace")
    addresses = {
        "input_address": (item.input_base + first) * part.inputs,
        "nudge_address": nudge * part.rows,
        "trace_address": (item.trace_base + first) * part.rows,
    }
    return {**{name: int(getattr(item, name)) for name in same}, **addresses}


class Board:
    """A sequencer, a machine that does what it says, and the golden model that says what should come of it."""

    def __init__(self, pins: Pins, part: Shape) -> None:
        self.pins, self.part = pins, part
        self.machine, self.golden = Machine(part), GoldenDevice(part)
        self.operations = fields(operation_layout(part))
        self.runs = fields(run_layout(part))
        self.overflow: set[int] = set()
        self.clip: set[int] = set()
        self.cycles = 0
        self.issued: list[int] = []

    @classmethod
    async def start(cls, dut: Any, seed: int, extreme: bool) -> Board:
        """Memories filled alike from a seed."""
        board = cls(await Pins.start(dut, run_valid=0), shape())
        rng = np.random.default_rng(seed)
        for region in WRITABLE:
            values = contents(rng, region, board.part, extreme)
            board.machine.load(region, values)
            board.golden.write(region, values)
        return board

    async def run(self, hamiltonian: Hamiltonian, s: int, runs: Iterable[Run], pauses: random.Random | None = None) -> None:
        """Hand over runs as they are taken, or after pauses; until all have ended."""
        waiting = deque(runs)
        self.golden.configure(hamiltonian, s)
        for item in waiting:
            self.golden.run([item])
        hazards, under_way, limit = Hazards(self.part), dict[int, int](), self.cycles + longest(waiting, self.part)
        inputs, address, last, quiet = self.machine.memory[Bank.INPUT][0], 0, [0] * self.part.ways, 0
        await self.pins.cycle(hamiltonian=hamiltonian)
        self.machine.s = s
        offered = False
        while waiting or under_way:
            # A run that is offered stays so until it is taken.
            offered = bool(waiting) and (offered or pauses is None or pauses.random() < 0.1)
            word = pack(requested(waiting[0], self.part), self.runs) if offered else 0
            await self.pins.cycle(run_valid=int(offered), run=word)
            self.cycles += 1
            assert self.cycles < limit, f"ways {sorted(under_way)} do not end"
            assert self.pins.get("idle") == (not under_way), f"idle is {self.pins.get('idle')} with ways {sorted(under_way)} under way"

            op = unpack(self.pins.get("operation"), self.operations)
            quiet = 0 if op["valid"] else quiet + 1
            assert quiet < PATIENCE, f"nothing was issued for {PATIENCE} cycles, with ways {sorted(under_way)} under way"
            if op["valid"]:
                assert op["way"] in under_way, f"way {op['way']} issues without a run"
                last[op["way"]] = self.cycles
                self.issued.append(self.cycles)
                hazards.issue(op, self.cycles)
                for what, bank in (("trace", Bank.TRACE), ("nudge", Bank.NUDGE)):
                    place, depth = op[f"{what}_address"], layout.depth(bank, self.part)
                    assert not op[what] or place < depth, f"{what} {place} of {depth}"
                self.machine.execute(op, inputs[address] if Right(op["right"]) is Right.INPUT else 0)
            address = self.pins.get("input_address")

            for way in range(self.part.ways):
                if self.pins.get("done") >> way & 1:
                    self._ended(way, under_way, self.cycles - last[way])
            restart = self.pins.get("restart")
            taken = offered and bool(self.pins.get("run_ready"))
            assert restart.bit_count() == taken, f"ways {restart:b} restart, and a run was {'' if taken else 'not '}taken"
            if taken:
                way, item, offered = restart.bit_length() - 1, waiting.popleft(), False
                assert way not in under_way, f"way {way} was given a second run"
                assert item.context not in under_way.values(), f"context {item.context} runs twice at a time"
                under_way[way] = item.context
                self.machine.overflow.discard(way)
                self.machine.clip.discard(way)
        await self.pins.cycle(run_valid=0)
        assert self.pins.get("idle"), "the sequencer is not idle after its last run"

    def _ended(self, way: int, under_way: dict[int, int], since: int) -> None:
        context = under_way.pop(way)
        last_flag = entry(self.part) + flag_latency(self.part) + GATHERED
        assert since >= last_flag, f"a run is done {since} cycles after its last operation, whose flags take {last_flag}"
        width = max(1, (self.part.contexts - 1).bit_length())
        named = self.pins.get("done_context") >> way * width & ((1 << width) - 1)
        assert named == context, f"way {way} is done with context {named} instead of {context}"
        if way in self.machine.overflow:
            self.overflow.add(context)
        if way in self.machine.clip:
            self.clip.add(context)

    def compare(self) -> None:
        """State, products and trace that the operations left behind."""
        for region in (*State, *Product, Buffer.TRACE):
            self._compare(region)
        status = self.golden.status()
        assert self.overflow == set(status.overflow), f"overflow of contexts {self.overflow} instead of {set(status.overflow)}"
        assert self.clip == set(status.clip), f"clip of contexts {self.clip} instead of {set(status.clip)}"

    def _compare(self, region: Region) -> None:
        count = entries(region, self.part)
        found, expected = self.machine.read(region, count), self.golden.read(region, 0, count)
        wrong = np.argwhere(found != expected)
        assert not len(wrong), f"{region.value} {wrong[0].tolist()} is {found[tuple(wrong[0])]} instead of {expected[tuple(wrong[0])]}"


@cocotb.test()
@cocotb.parametrize(hamiltonian=list(Hamiltonian), accumulate=list(Accumulate))
async def one_run(dut: Any, hamiltonian: Hamiltonian, accumulate: Accumulate) -> None:
    """One way alone: operations follow one another as closely as ever. The shortest run, and one that repeats its steps."""
    board = await Board.start(dut, 10 + hamiltonian, extreme=False)
    for steps in (1, board.part.input_depth):
        for direction in Direction:
            await board.run(hamiltonian, 2, [Run(0, steps, direction=direction, accumulate=accumulate, shift=3)])
    board.compare()


def turns(slot: Slot, part: Shape) -> list[bool]:
    """A slot's operations in one row: whether each is the last."""
    return [number == length(slot, part) - 1 for number in range(length(slot, part))]


@cocotb.test()
@cocotb.parametrize(hamiltonian=list(Hamiltonian))
async def no_cycle_lost(dut: Any, hamiltonian: Hamiltonian) -> None:
    """Of one way alone, operations of a group follow each other at once, and groups after the wait that the program asks for; only those
    that become tickets keep apart."""
    board = await Board.start(dut, 50, extreme=False)
    part, steps = board.part, 3
    await board.run(hamiltonian, 0, [Run(0, steps)])
    # Whether each operation finishes a sum; how long the one before its group keeps it waiting.
    finishes, waits = [True] * part.rows, [0] * part.rows
    for number, group in enumerate(program(hamiltonian, False, part) * steps):
        row = [slot.consumer is not Consumer.NONE and last for slot in group.slots for last in turns(slot, part)]
        waits += [operand_latency(part) - 1 if number == 0 else max(group.wait, handover(part)), *[0] * (len(row) * part.rows - 1)]
        finishes += row * part.rows
    expected, ticket = [-1], -spacing(part)
    for wait, finish in zip(waits, finishes, strict=True):
        expected.append(max(expected[-1] + 1 + wait, ticket + spacing(part) if finish else 0))
        ticket = expected[-1] if finish else ticket
    gaps = [after - before - 1 for before, after in pairwise(expected[1:])]
    found = [after - before - 1 for before, after in pairwise(board.issued)]
    assert found == gaps, f"operations are issued {found} cycles apart instead of {gaps}"


@cocotb.test()
@cocotb.parametrize(nudge=list(Nudge), direction=list(Direction))
async def nudged_and_traced(dut: Any, nudge: Nudge, direction: Direction) -> None:
    """Every mode of nudge, either sign, and the trace, in both directions."""
    board = await Board.start(dut, 20 + nudge, extreme=False)
    steps = min(board.part.input_depth, board.part.nudge_depth, board.part.trace_depth)
    for negate in (False, True):
        await board.run(Hamiltonian.SPRINGS, 1, [Run(0, steps, direction=direction, nudge=nudge, negate=negate, trace=True)])
    board.compare()


@cocotb.test()
async def padding_rests(dut: Any) -> None:
    """With a table that is not zero at z = 0, what only pads the last row would be kicked at every step, and in the end wrap."""
    board = await Board.start(dut, 40, extreme=False)
    part = board.part
    limit, gap = knot_limit(part.formats), part.formats.segments // 4
    knots = [0] * gap + [limit] * (part.formats.segments + 1 - gap)
    zeros = {region: np.zeros_like(board.golden.read(region, 0, entries(region, part))) for region in (*State, *Parameter, Buffer.INPUT)}
    zeros[Parameter.BIAS] += part.formats.weight.lowest
    for region, values in (*zeros.items(), (Table.ACTIVATION, np.array(rows_from_knots(knots, part.formats)))):
        board.machine.load(region, values)
        board.golden.write(region, values)
    await board.run(Hamiltonian.DIAGONAL, 0, [Run(0, part.input_depth) for _ in range(8)])
    board.compare()
    assert not board.overflow


@cocotb.test()
@cocotb.parametrize(hamiltonian=list(Hamiltonian), extreme=[False, True], paused=[False, True])
async def many_runs(dut: Any, hamiltonian: Hamiltonian, extreme: bool, paused: bool) -> None:
    """Any runs of all contexts, one after another and as many at once as there are ways, beginning together or at any time."""
    board = await Board.start(dut, 30 + hamiltonian, extreme)
    rng = np.random.default_rng(30 + hamiltonian)
    contexts = [int(context) for _ in range(2) for context in rng.permutation(board.part.contexts)]
    runs = [run(rng, board.part, context) for context in contexts]
    await board.run(hamiltonian, int(rng.integers(0, 5)), runs, random.Random(1) if paused else None)
    board.compare()
