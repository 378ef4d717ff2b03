"""cocotb bench of `hw.command.CommandPort`: requests, right and wrong, under stalls; answers and memory against `command_model`."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import cocotb

from loschmidt.hw.host_access import READ_LATENCY
from loschmidt.spec import layout, protocol
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.layout import READ_ONLY, Bank
from loschmidt.spec.protocol import WORD, Error, Header, Opcode
from loschmidt.spec.run import STEP_LIMIT, Nudge
from loschmidt.spec.shape import Shape

from .command_model import CommandModel, Refused, Tallies, run_fields, run_of
from .command_port import Memories, Runs
from .pins import Pins, shape
from .stimulus import Malformed, malformed
from .streams import PATTERNS, bursts

#: Cycles of silence after which the bench gives up.
PATIENCE = 20_000

#: Requests of each pattern of stalls.
REQUESTS = 20

#: Most cycles from a run's header to its being presented, if nothing makes it wait.
RUN_CYCLES = 60

#: The same for each word that a WRITE brings.
WRITE_CYCLES = 6


class Board:
    """A command port with all it needs, and the model that says what it should do."""

    def __init__(self, pins: Pins, part: Shape, pattern: str, seed: int) -> None:
        self.pins, self.part, self.model = pins, part, CommandModel(part)
        self.memories = Memories(pins, part, seed)
        self.runs = Runs(pins, part, seed + 1, self._due)
        self._pauses = bursts(PATTERNS[pattern].idle, seed), bursts(PATTERNS[pattern].back_pressure, seed + 1)
        self._request: list[int] = []
        self._tag = 0
        self._refused = False  # a request, since the last RESET_STATUS
        self.cycles = 0
        self.taken_at = self.presented_at = 0  # the cycle in which a request's header was taken, and a run presented
        self._inputs: dict[str, int] = {}

    @classmethod
    async def start(cls, dut: Any, pattern: str = "none", seed: int = 1) -> Board:
        quiet = {"i_valid": 0, "o_ready": 0, "run_ready": 0, "idle": 1, "done": 0, "issued": 0}
        pins = await Pins.start(dut, **quiet)
        return cls(pins, shape(), pattern, seed)

    def _due(self) -> dict[str, int]:
        header = Header.parse(self._request[0])
        assert header.code == Opcode.RUN, f"a run is presented in answer to {header}"
        try:
            return run_fields(run_of(self._request[1:], self.part), self.part)
        except Refused as refused:
            raise AssertionError(f"a run is presented that should be refused with {refused.error.name}") from refused

    async def exchange(self, words: Sequence[int]) -> list[int]:
        """Send a request; returns its response."""
        self._request, runs = list(words), self.runs.taken
        waiting, answer = deque(words), list[int]()
        word, ready, held, silence = None, False, None, 0
        self.taken_at = self.presented_at = 0
        while not answer or len(answer) <= Header.parse(answer[0]).length:
            if word is None and waiting and not next(self._pauses[0]):
                word = waiting.popleft()
            ready = not next(self._pauses[1])
            self._inputs |= {"i_valid": word is not None, "i_payload": word or 0, "o_ready": ready}
            await self._cycle()
            silence += 1
            if word is not None and self.pins.get("i_ready"):
                word, silence = None, 0
                self.taken_at = self.taken_at or self.cycles
            if self.pins.get("run_valid"):
                self.presented_at = self.presented_at or self.cycles
            valid = self.pins.get("o_valid")
            shown = self.pins.get("o_payload") if valid else None
            assert held is None or shown == held, f"word {held:#x} was presented, not taken, and became {shown}"
            held = shown
            if valid and ready:
                assert shown is not None
                answer.append(shown)
                held, silence = None, 0
            assert silence < PATIENCE, f"no word for {PATIENCE} cycles, after {len(answer)} of the answer to {words[:6]}"
        missing = len(waiting) + (word is not None)
        assert not missing, f"answered before {missing} words of the request had come"
        started = Header.parse(words[0]).code == Opcode.RUN and Header.parse(answer[0]).code == Error.OK
        assert self.runs.taken == runs + started, f"{self.runs.taken - runs} runs in answer to {words[:6]}"
        return answer

    async def _cycle(self) -> None:
        await self.pins.cycle(**self._inputs)
        self.cycles += 1
        self._inputs = self.memories.cycle(self.runs.running) | self.runs.cycle()
        assert not self.pins.get("o_valid") or self._request, "a word comes unasked"

    async def ask(self, code: int, payload: Sequence[int] = (), error: Error | None = None) -> None:
        """A request is answered as the model answers it, with ``error`` if that is said."""
        self._tag = (self._tag + 37) & 0xFF
        words = [Header(code, self._tag, len(payload)).word(), *payload]
        found = await self.exchange(words)
        if code == Opcode.RESET_STATUS and not payload:
            self.runs.tallies, self._refused = Tallies(), False
        self.model.tallies = self.runs.tallies
        expected = self.model.answer(words)
        assert found == expected, f"{[hex(word) for word in words[:6]]} was answered with {show(found)} instead of {show(expected)}"
        code_found = Header.parse(found[0]).code
        assert error is None or code_found == error, f"{words[:6]} should be refused with {error}"
        self._refused |= code_found != Error.OK
        if self._refused or code == Opcode.STATUS:  # no run is under way behind a STATUS: all flags are up
            fault = self._refused or bool(self.model.tallies.overflow | self.model.tallies.clip)
            assert self.pins.get("fault") == fault, f"fault is {not fault} after {[hex(word) for word in words[:6]]}"
        if self.model.configuration is not None:
            assert (self.pins.get("hamiltonian"), self.pins.get("s")) == self.model.configuration

    def compare(self) -> None:
        """All memory."""
        for bank in Bank:
            for address, (found, expected) in enumerate(zip(self.memories.words[bank], self.model.memory[bank], strict=True)):
                assert found == expected, f"{bank.name} {address} holds {found} instead of {expected}"

    def fill(self, choice: random.Random) -> None:
        """Anything at all in every bank; a request could not reach those that are read only."""
        for bank in Bank:
            half = 1 << (layout.width(bank, self.part) - 1)
            for found, expected in zip(self.memories.words[bank], self.model.memory[bank], strict=True):
                found[:] = expected[:] = [choice.randrange(-half, half) for _ in found]


def show(words: Sequence[int]) -> str:
    return f"{Header.parse(words[0])} {[hex(word) for word in words[1:9]]}"


def values(choice: random.Random, part: Shape, bank: Bank, addresses: int) -> list[int]:
    """Words to write; what is past a value's width may be anything."""
    return [choice.getrandbits(WORD) for _ in range(addresses * layout.lanes(bank, part) * protocol.words_per_value(bank, part))]


def window(choice: random.Random, depth: int) -> tuple[int, int]:
    """First and number of a few addresses or entries, most often inside."""
    count = choice.randint(1, min(depth, 6))
    return max(0, choice.choice((0, depth - count, choice.randint(0, depth - count), choice.randint(0, depth)))), count


def request(choice: random.Random, part: Shape) -> tuple[int, list[int]]:
    """Any request; one in a few is wrong."""
    code = choice.choice([*Opcode, *[Opcode.RUN] * 5, Opcode.READ, Opcode.WRITE, Opcode.STATUS, Opcode.STATUS])
    payload: list[int] = []

    def context() -> int:
        return choice.randrange(part.contexts) if choice.random() < 0.9 else choice.getrandbits(16)

    match code:
        case Opcode.CONFIGURE:
            payload = [choice.choice(list(Hamiltonian)) | choice.randint(0, STEP_LIMIT + 1) << 8]
        case Opcode.WRITE | Opcode.READ:
            bank = choice.choice([bank for bank in Bank if code == Opcode.READ or bank not in READ_ONLY])
            address, count = window(choice, layout.depth(bank, part))
            payload = [bank, address, *([count] if code == Opcode.READ else values(choice, part, bank, count))]
        case Opcode.RUN:
            base, steps = window(choice, part.input_depth)
            nudge, traced = choice.choice(list(Nudge)), choice.random() < 0.5
            first = context() | choice.getrandbits(8) << 16 | nudge << protocol.RUN_NUDGE | choice.getrandbits(1) << protocol.RUN_NEGATE
            nudged = [window(choice, part.nudge_depth)[0], choice.getrandbits(WORD)][nudge is Nudge.NONE]
            payload = [first | traced << protocol.RUN_TRACE, steps, base, nudged]
            payload.append(window(choice, part.trace_depth)[0] if traced else choice.getrandbits(WORD))
        case Opcode.COPY:
            payload = [context() | context() << 16]
        case Opcode.FLIP:
            payload = [context()]
    if choice.random() < 0.15:
        code, payload = spoiled(choice, code, payload)
    return code, payload


def spoiled(choice: random.Random, code: int, payload: list[int]) -> tuple[int, list[int]]:
    """The same with a fault in it, or a longer or shorter one."""
    match choice.randrange(4):
        case 0:
            return choice.getrandbits(8), payload
        case 1:
            return code, [*payload, *[choice.getrandbits(WORD)] * choice.randint(1, 3)]
        case 2:
            return code, payload[: choice.randrange(len(payload) + 1)]
    where = choice.randrange(len(payload) + 1)
    return code, [word ^ 1 << choice.randrange(WORD) if k == where else word for k, word in enumerate(payload)]


def longest_values(part: Shape) -> Iterator[tuple[Bank, list[int]]]:
    """For each bank that can be written, a value's words with all bits of one set, and with none."""
    for bank in Bank:
        if bank not in READ_ONLY:
            width, parts = layout.width(bank, part), protocol.words_per_value(bank, part)
            for value in (-1, 0, (1 << width - 1) - 1, -1 << width - 1, 1):
                yield bank, protocol.pack([value] * layout.lanes(bank, part), parts)


def too_wide() -> Iterator[Malformed]:
    """Numbers that are right as far as their lower bits go."""
    for bit in (24, 31):
        yield Malformed(Error.ADDRESS, Opcode.READ, [Bank.POSITION, 1 << bit, 1])
        yield Malformed(Error.ADDRESS, Opcode.WRITE, [Bank.TABLE_VALUE, 1 << bit, 1])
        yield Malformed(Error.LENGTH, Opcode.READ, [Bank.POSITION, 0, 1 | 1 << bit])
        yield Malformed(Error.RANGE, Opcode.RUN, [0, 1 | 1 << bit, 0, 0, 0])
        yield Malformed(Error.RANGE, Opcode.RUN, [0, 1, 1 << bit, 0, 0])
        yield Malformed(Error.RANGE, Opcode.RUN, [Nudge.HOLD << protocol.RUN_NUDGE, 1, 0, 1 << bit, 0])
        yield Malformed(Error.RANGE, Opcode.RUN, [1 << protocol.RUN_TRACE, 1, 0, 0, 1 << bit])


@cocotb.test()
@cocotb.parametrize(pattern=list(PATTERNS))
async def any_requests(dut: Any, pattern: str) -> None:
    """Requests of all kinds, one after another, most of them right."""
    seed = list(PATTERNS).index(pattern)
    board, choice = await Board.start(dut, pattern, seed), random.Random(seed)
    board.fill(choice)
    await board.ask(Opcode.RESET_STATUS)
    for _ in range(REQUESTS):
        await board.ask(*request(choice, board.part))
        board.compare()
    for context in range(min(board.part.contexts, board.part.ways)):
        await board.ask(Opcode.RUN, [context, 1, 0, 0, 0])
    await board.ask(Opcode.STATUS)


@cocotb.test()
async def wrong_requests(dut: Any) -> None:
    """Every way to get a request wrong is answered with its error, and changes nothing but the fault, which RESET_STATUS takes back."""
    board, choice = await Board.start(dut), random.Random(5)
    board.fill(choice)
    for error, opcode, payload in (*malformed(board.part), *too_wide()):
        await board.ask(opcode, payload, error)
    board.compare()
    await board.ask(Opcode.RESET_STATUS)
    await board.ask(Opcode.STATUS)


@cocotb.test()
async def every_word(dut: Any) -> None:
    """Every word that can be is written, also with the ends of its range; some of every bank are read, and some contexts moved."""
    board, choice = await Board.start(dut, seed=6), random.Random(6)
    board.fill(choice)
    part = board.part
    for bank, words in longest_values(part):
        await board.ask(Opcode.WRITE, [bank, choice.randrange(layout.depth(bank, part)), *words])
    for bank in Bank:
        depth = layout.depth(bank, part)
        if bank not in READ_ONLY:
            await board.ask(Opcode.WRITE, [bank, 0, *values(choice, part, bank, depth)])
        await board.ask(Opcode.READ, [bank, 0, min(depth, 2)])
        await board.ask(Opcode.READ, [bank, depth - 1, 1])
    for context in {0, part.contexts // 2, part.contexts - 1}:
        await board.ask(Opcode.FLIP, [context])
        await board.ask(Opcode.COPY, [choice.randrange(part.contexts) | context << 16])
    board.compare()
    await board.ask(Opcode.CLEAR)
    board.compare()


@cocotb.test()
async def patience(dut: Any) -> None:
    """A run is presented soon; a write takes few cycles a word, a read of a word few more than its memory."""
    board, choice = await Board.start(dut, seed=7), random.Random(7)
    part = board.part
    last = part.contexts - 1 | 1 << protocol.RUN_DIRECTION | Nudge.STREAM << protocol.RUN_NUDGE | 1 << protocol.RUN_TRACE
    steps = min(part.input_depth, part.nudge_depth, part.trace_depth)
    await board.ask(Opcode.RUN, [last, steps, part.input_depth - steps, part.nudge_depth - steps, part.trace_depth - steps])
    taken = board.presented_at - board.taken_at
    assert taken <= RUN_CYCLES, f"a run was presented {taken} cycles after its header"
    depth = layout.depth(Bank.NUDGE, part)
    words = values(choice, part, Bank.NUDGE, depth)
    start = board.cycles
    await board.ask(Opcode.WRITE, [Bank.NUDGE, 0, *words])
    assert board.cycles - start < WRITE_CYCLES * len(words) + 200, f"{len(words)} words were written in {board.cycles - start} cycles"
    start = board.cycles
    await board.ask(Opcode.READ, [Bank.NUDGE, 0, depth])
    assert board.cycles - start < (READ_LATENCY + 8) * len(words) + 200, f"{len(words)} words were read in {board.cycles - start} cycles"
