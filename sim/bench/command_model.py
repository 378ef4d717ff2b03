"""What `spec.protocol` says an array answers and keeps, written from it in plain Python: requests in, responses out, nothing computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from loschmidt.spec import layout, protocol
from loschmidt.spec.errors import SpecError
from loschmidt.spec.layout import READ_ONLY, Bank
from loschmidt.spec.protocol import PAYLOAD_LIMIT, WORD, Error, Header, Opcode
from loschmidt.spec.run import SHIFT_LIMIT, STEP_LIMIT, Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape


class Refused(Exception):
    """A request is answered with this error."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.name)
        self.error = error


def demand(condition: bool, error: Error) -> None:
    if not condition:
        raise Refused(error)


def no_memory(shape: Shape) -> dict[Bank, list[list[int]]]:
    """Every word of every bank, all zero: bank, address, lane."""
    return {bank: [[0] * layout.lanes(bank, shape) for _ in range(layout.depth(bank, shape))] for bank in Bank}


@dataclass
class Tallies:
    """What happened since the last RESET_STATUS."""

    cycles: int = 0
    busy: int = 0
    overflow: set[int] = field(default_factory=set)
    clip: set[int] = field(default_factory=set)


def run_of(payload: Sequence[int], shape: Shape) -> Run:
    """The run that RUN asks for; `Refused` if there is none such."""
    demand(len(payload) == 5, Error.LENGTH)
    first, steps, inputs, nudges, traces = payload
    demand(first & 0xFFFF < shape.contexts, Error.CONTEXT)
    accumulate = first >> protocol.RUN_ACCUMULATE & 3
    demand(first >> protocol.RUN_TRACE + 1 == 0 and accumulate in set(Accumulate), Error.VALUE)
    run = Run(
        context=first & 0xFFFF,
        steps=steps,
        input_base=inputs,
        direction=Direction(first >> protocol.RUN_DIRECTION & 1),
        accumulate=Accumulate(accumulate),
        shift=first >> protocol.RUN_SHIFT & SHIFT_LIMIT,
        nudge=Nudge(first >> protocol.RUN_NUDGE & 3),
        nudge_base=nudges,
        negate=bool(first >> protocol.RUN_NEGATE & 1),
        trace=bool(first >> protocol.RUN_TRACE & 1),
        trace_base=traces,
    )
    try:
        run.validate(shape)
    except SpecError as error:
        raise Refused(Error.RANGE) from error
    return run


def run_fields(run: Run, shape: Shape) -> dict[str, int]:
    """The run as the sequencer must get it; addresses of what it does not take are left out."""
    last = run.steps - 1 if run.direction is Direction.DESCENDING else 0
    names = ("context", "steps", "direction", "accumulate", "shift", "nudge", "negate", "trace")
    found = {name: int(getattr(run, name)) for name in names} | {"input_address": (run.input_base + last) * shape.inputs}
    if run.nudge is not Nudge.NONE:
        found["nudge_address"] = (run.nudge_base + (last if run.nudge is Nudge.STREAM else 0)) * shape.rows
    if run.trace:
        found["trace_address"] = (run.trace_base + last) * shape.rows
    return found


class CommandModel:
    """Keeps what requests leave behind."""

    def __init__(self, shape: Shape) -> None:
        self.shape, self.memory, self.tallies = shape, no_memory(shape), Tallies()
        self.configuration: tuple[int, int] | None = None

    def answer(self, words: Sequence[int]) -> list[int]:
        """Execute a request; returns its response."""
        header = Header.parse(words[0])
        try:
            found = self._execute(header.code, words[1:])
        except Refused as refused:
            return [Header(refused.error, header.tag, 0).word()]
        return [Header(Error.OK, header.tag, len(found)).word(), *found]

    def _execute(self, code: int, payload: Sequence[int]) -> list[int]:
        demand(code in set(Opcode), Error.OPCODE)
        match Opcode(code):
            case Opcode.WRITE:
                demand(len(payload) > 2, Error.LENGTH)
                self._write(payload[0], payload[1], payload[2:])
                return []
            case Opcode.READ:
                demand(len(payload) == 3, Error.LENGTH)
                return self._read(*payload)
            case Opcode.RUN:
                run_of(payload, self.shape)
                return []
            case Opcode.CONFIGURE:
                demand(len(payload) == 1, Error.LENGTH)
                hamiltonian, s = payload[0] & 0xFF, payload[0] >> 8
                demand(hamiltonian in self.shape.hamiltonians and s <= STEP_LIMIT, Error.VALUE)
                self.configuration = (hamiltonian, s)
                return []
            case Opcode.COPY | Opcode.FLIP:
                demand(len(payload) == 1, Error.LENGTH)
                self._move(payload[0], code == Opcode.FLIP)
                return []
        demand(not payload, Error.LENGTH)
        match Opcode(code):
            case Opcode.IDENTIFY:
                return protocol.identity(self.shape)
            case Opcode.CLEAR:
                for address in self.memory[Bank.ACCUMULATOR]:
                    address[:] = [0] * len(address)
            case Opcode.STATUS:
                return self._status()
            case Opcode.RESET_STATUS:
                self.tallies = Tallies()
        return []

    def _place(self, bank: int, address: int, count: int) -> Bank:
        demand(address + count <= layout.depth(Bank(bank), self.shape), Error.ADDRESS)
        return Bank(bank)

    def _write(self, bank: int, address: int, payload: Sequence[int]) -> None:
        demand(bank in set(Bank) and bank not in READ_ONLY, Error.BANK)
        parts, lanes = protocol.words_per_value(Bank(bank), self.shape), layout.lanes(Bank(bank), self.shape)
        demand(len(payload) % (parts * lanes) == 0, Error.LENGTH)
        place = self._place(bank, address, len(payload) // (parts * lanes))
        values = protocol.unpack(payload, parts)
        half = 1 << (layout.width(place, self.shape) - 1)
        for k, value in enumerate(values):
            self.memory[place][address + k // lanes][k % lanes] = (value + half) % (2 * half) - half

    def _read(self, bank: int, address: int, count: int) -> list[int]:
        demand(bank in set(Bank), Error.BANK)
        parts, lanes = protocol.words_per_value(Bank(bank), self.shape), layout.lanes(Bank(bank), self.shape)
        demand(0 < count * parts * lanes <= PAYLOAD_LIMIT, Error.LENGTH)
        place = self._place(bank, address, count)
        return protocol.pack([value for word in self.memory[place][address : address + count] for value in word], parts)

    def _move(self, contexts: int, flip: bool) -> None:
        target, source = contexts & 0xFFFF, contexts >> 16
        demand(target < self.shape.contexts, Error.CONTEXT)
        demand(source == 0 if flip else source < self.shape.contexts, Error.CONTEXT)
        move(self.memory, self.shape, target, target if flip else source, flip)

    def _status(self) -> list[int]:
        def bits(contexts: set[int]) -> list[int]:
            return [sum(1 << c - first for c in contexts if first <= c < first + WORD) for first in range(0, self.shape.contexts, WORD)]

        found = self.tallies
        counts = [count >> WORD * k & 0xFFFFFFFF for count in (found.cycles, found.busy) for k in (0, 1)]
        return [*counts, *bits(found.overflow), *bits(found.clip)]


def move(memory: dict[Bank, list[list[int]]], shape: Shape, target: int, source: int, flip: bool) -> None:
    """A context's state to another's place, momenta negated if ``flip``; the most negative code is its own negative."""
    for row in range(shape.rows):
        move_word(memory, shape, target * shape.rows + row, source * shape.rows + row, range(shape.lanes), flip)


def move_word(memory: dict[Bank, list[list[int]]], shape: Shape, to: int, origin: int, lanes: Sequence[int], flip: bool) -> None:
    """The same for one address of some lanes."""
    lowest = -1 << (layout.width(Bank.MOMENTUM, shape) - 1)
    for lane in lanes:
        momentum = memory[Bank.MOMENTUM][origin][lane]
        memory[Bank.POSITION][to][lane] = memory[Bank.POSITION][origin][lane]
        memory[Bank.MOMENTUM][to][lane] = -momentum if flip and momentum != lowest else momentum
