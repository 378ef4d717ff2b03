"""cocotb bench of the whole array: every request goes to the array and to the golden model; whatever can be read is compared with ``==``.

The shape comes from the environment, as JSON.
"""

from __future__ import annotations

import json
import os
from typing import Any

import cocotb
import numpy as np

from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.spec import protocol
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Product
from loschmidt.spec.protocol import Opcode
from loschmidt.spec.region import Buffer, Region, State, entries
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

from .array_port import ArrayPort
from .stimulus import LONGEST, WRITABLE, contents, malformed, run, window
from .streams import PATTERNS

#: Name of the variable that holds the shape.
SHAPE = "LOSCHMIDT_BENCH_SHAPE"

#: How often a reset comes within runs, each time some cycles later.
RESETS = 3

#: Hamiltonians, each with streams that never pause and with such that do on both sides; the one that is most with all of them.
PAUSED = [(h, pattern) for h in Hamiltonian for pattern in PATTERNS if h is Hamiltonian.DENSE or pattern in ("none", "both")]

READABLE: tuple[Region, ...] = (*WRITABLE, *Product, Buffer.TRACE)


class Scoreboard:
    """The array and the golden model, given the same to do."""

    def __init__(self, port: ArrayPort, golden: GoldenDevice) -> None:
        self._port, self._golden = port, golden

    @classmethod
    async def start(cls, dut: Any, pattern: str, seed: int, extreme: bool) -> Scoreboard:
        """Both freshly reset and filled from a seed."""
        shape = Shape.from_json(json.loads(os.environ[SHAPE]))
        board = cls(await ArrayPort.start(dut, shape, PATTERNS[pattern], seed), GoldenDevice(shape))
        await board.fill(np.random.default_rng(seed), extreme)
        return board

    async def fill(self, rng: np.random.Generator, extreme: bool) -> None:
        """Reset clears no memory: all is written, products are cleared and the trace is written over."""
        shape = self.shape
        for region in WRITABLE:
            await self.write(region, contents(rng, region, shape, extreme))
        await self.configure(Hamiltonian.SPRINGS, 0)
        await self.clear()
        for context in range(shape.contexts):
            start, size = window(shape, context)
            for base in range(start, start + size, shape.input_depth):
                steps = min(shape.input_depth, start + size - base)
                await self.run([Run(context, steps, trace=True, trace_base=base)])
        await self.write(State.POSITION, contents(rng, State.POSITION, shape, extreme))
        await self.write(State.MOMENTUM, contents(rng, State.MOMENTUM, shape, extreme))
        await self.reset_status()

    async def restart(self, after: int) -> None:
        """A reset, so many cycles from now; nothing is known of the memory then."""
        await self._port.wait(after)
        await self._port.reset()
        self._golden = GoldenDevice(self.shape)
        status = protocol.parse_status(await self._port.ask(Opcode.STATUS), self.shape)
        assert status == self._golden.status(), f"after a reset, the status is {status}"

    @property
    def shape(self) -> Shape:
        return self._golden.shape

    async def configure(self, hamiltonian: Hamiltonian, s: int) -> None:
        self._golden.configure(hamiltonian, s)
        await self._port.ask(Opcode.CONFIGURE, protocol.configure(hamiltonian, s))

    async def write(self, region: Region, values: np.ndarray[Any, np.dtype[np.int64]], entry: int = 0) -> None:
        self._golden.write(region, values, entry)
        await self._port.write(region, values, entry)

    async def run(self, runs: list[Run]) -> None:
        self._golden.run(runs)
        for item in runs:
            await self._port.ask(Opcode.RUN, protocol.run(item))

    async def flip(self, context: int) -> None:
        self._golden.flip(context)
        await self._port.ask(Opcode.FLIP, [context])

    async def copy(self, destination: int, source: int) -> None:
        self._golden.copy(destination, source)
        await self._port.ask(Opcode.COPY, [destination | source << 16])

    async def clear(self) -> None:
        self._golden.clear()
        await self._port.ask(Opcode.CLEAR)

    async def reset_status(self) -> None:
        self._golden.reset_status()
        await self._port.ask(Opcode.RESET_STATUS)

    async def refused(self) -> None:
        """Every malformed request is answered with its error, and with nothing else."""
        for error, opcode, payload in malformed(self.shape):
            answered, answer = await self._port.request(opcode, payload)
            assert answered is error, f"opcode {opcode} with {payload[:5]} was answered with {answered.name}, not {error.name}"
            assert not answer, f"opcode {opcode} was refused with {len(answer)} words"

    async def found(self, region: Region) -> np.ndarray[Any, np.dtype[np.int64]]:
        """All of a region, from the array."""
        return await self._port.read(region, 0, entries(region, self.shape))

    async def compare(self, region: Region, entry: int | None = None) -> None:
        first, count = (0, entries(region, self.shape)) if entry is None else (entry, 1)
        found = await self._port.read(region, first, count)
        expected = self._golden.read(region, first, count)
        assert np.array_equal(found, expected), (
            f"{region.value} differs at {np.argwhere(found != expected)[0].tolist()}: {found[found != expected][0]} "
            f"instead of {expected[found != expected][0]}"
        )

    async def compare_all(self) -> None:
        """All memory, the flags, and that no word came unasked."""
        for region in READABLE:
            await self.compare(region)
        status = protocol.parse_status(await self._port.ask(Opcode.STATUS), self.shape)
        expected = self._golden.status()
        assert status.overflow == expected.overflow, f"overflow flags {set(status.overflow)} instead of {set(expected.overflow)}"
        assert status.clip == expected.clip, f"clip flags {set(status.clip)} instead of {set(expected.clip)}"
        self._port.check_silence()


@cocotb.test()
async def identity(dut: Any) -> None:
    """The array says what it is."""
    shape = Shape.from_json(json.loads(os.environ[SHAPE]))
    port = await ArrayPort.start(dut, shape, PATTERNS["both"], 1)
    assert await port.ask(Opcode.IDENTIFY) == protocol.identity(shape)


@cocotb.test()
@cocotb.parametrize((("hamiltonian", "pattern"), PAUSED))
async def every_step(dut: Any, hamiltonian: Hamiltonian, pattern: str) -> None:
    """Position and momentum after each single step, the products and the trace after the last; all of one context, others untouched."""
    seed = 10 + hamiltonian
    board = await Scoreboard.start(dut, pattern, seed, extreme=bool(hamiltonian & 1) ^ (pattern in ("idle", "both")))
    rng = np.random.default_rng(seed)
    await board.configure(hamiltonian, int(rng.integers(0, 5)))
    context = int(rng.integers(board.shape.contexts))
    for _ in range(6):
        await board.run([run(rng, board.shape, context, steps=1)])
        await board.compare(State.POSITION, context)
        await board.compare(State.MOMENTUM, context)
    await board.compare_all()


@cocotb.test()
@cocotb.parametrize((("hamiltonian", "pattern"), PAUSED))
async def any_program(dut: Any, hamiltonian: Hamiltonian, pattern: str) -> None:
    """Long runs of all contexts at once, flips, copies and rewritten weights in between; then all memory."""
    seed = 30 + hamiltonian
    board = await Scoreboard.start(dut, pattern, seed, extreme=bool(hamiltonian & 1) ^ (pattern in ("none", "both")))
    rng = np.random.default_rng(seed)
    contexts = board.shape.contexts
    await board.configure(hamiltonian, int(rng.integers(0, 5)))
    for round_ in range(3):
        await board.run([run(rng, board.shape, int(context)) for context in rng.permutation(contexts)])
        await board.flip(int(rng.integers(contexts)))
        await board.copy(int(rng.integers(contexts)), int(rng.integers(contexts)))
        if round_ == 1:
            await board.compare_all()
            region = DEFINITIONS[hamiltonian].parameters[int(rng.integers(len(DEFINITIONS[hamiltonian].parameters)))]
            await board.write(region, contents(rng, region, board.shape, extreme=True))
    await board.compare_all()


@cocotb.test()
@cocotb.parametrize(hamiltonian=list(Hamiltonian), nudge=[Nudge.NONE, Nudge.HOLD])
async def there_and_back(dut: Any, hamiltonian: Hamiltonian, nudge: Nudge) -> None:
    """Forward, flip, back, flip: every context is where it started, from any code, wrap-around included, nudged or not."""
    board = await Scoreboard.start(dut, "none", 50 + hamiltonian, extreme=True)
    shape, steps = board.shape, min(board.shape.input_depth, LONGEST)
    rng = np.random.default_rng(50 + hamiltonian)
    await board.configure(hamiltonian, 1)
    start = {region: contents(rng, region, shape, extreme=True) for region in State}
    start[State.MOMENTUM][0, 0] = shape.formats.state.lowest
    for region, values in start.items():
        await board.write(region, values)
    for direction in (Direction.ASCENDING, Direction.DESCENDING):
        await board.run([Run(context, steps, direction=direction, nudge=nudge) for context in range(shape.contexts)])
        for context in range(shape.contexts):
            await board.flip(context)
    for region, values in start.items():
        await board.compare(region)
        assert np.array_equal(await board.found(region), values), f"{region.value} is not where it started"


@cocotb.test()
@cocotb.parametrize(pattern=list(PATTERNS))
async def malformed_requests(dut: Any, pattern: str) -> None:
    """Each is answered with its error code and changes nothing; the array works on, even when one comes in the middle of runs."""
    board = await Scoreboard.start(dut, pattern, 70, extreme=False)
    rng = np.random.default_rng(70)
    await board.configure(Hamiltonian.DENSE, 2)
    await board.run([run(rng, board.shape, context) for context in range(board.shape.contexts)])
    await board.refused()
    await board.compare_all()
    await board.run([Run(0, board.shape.input_depth, accumulate=Accumulate.ADD)])
    await board.compare_all()


@cocotb.test()
async def reset_within_runs(dut: Any) -> None:
    """Of runs that a reset ends, in whichever cycle, nothing is left that what comes after would meet."""
    board = await Scoreboard.start(dut, "none", 90, extreme=False)
    rng = np.random.default_rng(90)
    for turn in range(RESETS):
        await board.configure(Hamiltonian(turn % len(Hamiltonian)), 1)
        contexts = range(min(board.shape.ways, board.shape.contexts))
        await board.run([Run(context, board.shape.input_depth, accumulate=Accumulate.ADD) for context in contexts])
        await board.restart(after=10 * turn + 1)
        await board.fill(rng, extreme=bool(turn % 2))
        await board.run([run(rng, board.shape, context) for context in contexts])
        await board.compare_all()
