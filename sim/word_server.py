"""The far end of `spec.protocol` in software: a device in memory, served word by word, as the gateware serves the array."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec import layout, protocol
from loschmidt.spec.errors import SpecError
from loschmidt.spec.hamiltonian import Hamiltonian, Product
from loschmidt.spec.layout import Bank
from loschmidt.spec.protocol import ARGUMENTS, PAYLOAD_LIMIT, Error, Header, Opcode
from loschmidt.spec.region import REGIONS, Buffer, Region, State, Table, entries, entry_shape, has_entries, writable
from loschmidt.spec.run import SHIFT_LIMIT, STEP_LIMIT, Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

from .memory import Memory

Ints = NDArray[np.int64]

#: A RUN's flags that mean nothing.
RUN_UNUSED = ~((1 << (protocol.RUN_TRACE + 1)) - 1) & 0xFFFFFFFF


class _Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, error: Error) -> None:
        self.error = error


class WordServer:
    """Requests in, responses out.

    Parameters
    ----------
    make : gives a device of a shape: `Emulator` or `GoldenDevice`
    shape : of the array
    build : the hash of a build that IDENTIFY tells, 32 bits; 0 is that of no bitstream

    Banks are kept as the wire has them, and copied to the device before anything is computed: a write may be of any addresses,
    while a device knows whole regions. `reset` leaves everything at what it happens to be on a board: not zero.
    """

    def __init__(self, make: Callable[[Shape], Memory], shape: Shape, build: int = 0) -> None:
        self._make, self._shape, self._build = make, shape, build
        self._device: Memory | None = None
        self.reset()

    @property
    def device(self) -> Memory:
        if self._device is None:
            self._device = self._make(self._shape)
        return self._device

    def reset(self) -> None:
        """As after OPEN: memories hold anything, here a pattern of small numbers."""
        if self._device is not None:
            self._device.close()
        self._device = None
        rng = np.random.default_rng(1)
        self._banks = {
            bank: rng.integers(-3, 4, (layout.depth(bank, self._shape), layout.lanes(bank, self._shape)), np.int64) for bank in Bank
        }
        self._stale = {region for region in REGIONS if writable(region)}
        self._pending: list[int] = []
        #: What products and trace hold beside what the device, which begins at zero, has made of them.
        self._leftover = {region: self._values(region) for region in REGIONS if not writable(region)}

    def serve(self, words: Sequence[int]) -> list[int]:
        """Take request words; returns the response words of all requests that are now complete."""
        self._pending += words
        answer: list[int] = []
        while self._pending and len(self._pending) > (length := Header.parse(self._pending[0]).length):
            header, payload = Header.parse(self._pending[0]), self._pending[1 : 1 + length]
            del self._pending[: 1 + length]
            try:
                result, error = self._execute(header.code, payload), Error.OK
            except _Refused as refused:
                result, error = [], refused.error
            except SpecError:  # a table that leads outside its range, which a device in software does not compute with
                result, error = [], Error.VALUE
            answer += [Header(error, header.tag, len(result)).word(), *result]
        return answer

    def _execute(self, code: int, payload: list[int]) -> list[int]:
        if code not in set(Opcode):
            raise _Refused(Error.OPCODE)
        opcode = Opcode(code)
        wanted = ARGUMENTS[opcode]
        if not (len(payload) > wanted if opcode is Opcode.WRITE else len(payload) == wanted):
            raise _Refused(Error.LENGTH)
        match opcode:
            case Opcode.IDENTIFY:
                return protocol.identity(self._shape, self._build)
            case Opcode.CONFIGURE:
                self._configure(payload[0])
            case Opcode.WRITE:
                self._write(payload)
            case Opcode.READ:
                return self._read(*payload)
            case Opcode.RUN:
                self._run(payload)
            case Opcode.COPY:
                self._synchronise()
                self.device.copy(self._context(payload[0] & 0xFFFF), self._context(payload[0] >> 16))
            case Opcode.FLIP:
                self._synchronise()
                self.device.flip(self._context(payload[0]))
            case Opcode.CLEAR:
                self.device.clear()
                for product in Product:
                    self._leftover[product][...] = 0
                self._banks[Bank.ACCUMULATOR][...] = 0  # the padding, too
            case Opcode.STATUS:
                return self._status()
            case Opcode.RESET_STATUS:
                self.device.reset_status()
        return []

    def _context(self, number: int) -> int:
        if number >= self._shape.contexts:
            raise _Refused(Error.CONTEXT)
        return number

    def _configure(self, word: int) -> None:
        if word & 0xFF not in self._shape.hamiltonians or word >> 8 > STEP_LIMIT:
            raise _Refused(Error.VALUE)
        self.device.configure(Hamiltonian(word & 0xFF), word >> 8)

    def _bank(self, code: int) -> Bank:
        if code not in set(Bank):
            raise _Refused(Error.BANK)
        return Bank(code)

    def _write(self, payload: list[int]) -> None:
        bank, address, words = self._bank(payload[0]), payload[1], payload[2:]
        if bank in layout.READ_ONLY:
            raise _Refused(Error.BANK)
        per_value = protocol.words_per_value(bank, self._shape)
        rows, rest = divmod(len(words), per_value * layout.lanes(bank, self._shape))
        if rest:
            raise _Refused(Error.LENGTH)
        if address + rows > layout.depth(bank, self._shape):
            raise _Refused(Error.ADDRESS)
        pad = 64 - layout.width(bank, self._shape)
        values = np.array(protocol.unpack(words, per_value), np.int64) << pad >> pad
        touched = {region for region in REGIONS if writable(region) and bank in layout.banks(region)}
        for region in touched - self._stale:
            if isinstance(region, State):  # the rest of it may have moved since
                self._fetch(region)
        self._banks[bank][address : address + rows] = values.reshape(rows, -1)
        self._stale |= touched

    def _read(self, code: int, address: int, rows: int) -> list[int]:
        bank = self._bank(code)
        per_value = protocol.words_per_value(bank, self._shape)
        if rows == 0 or rows * per_value * layout.lanes(bank, self._shape) > PAYLOAD_LIMIT:
            raise _Refused(Error.LENGTH)
        if address + rows > layout.depth(bank, self._shape):
            raise _Refused(Error.ADDRESS)
        for region in REGIONS:
            if bank in layout.banks(region) and region not in self._stale:
                self._fetch(region)
        return protocol.pack(map(int, self._banks[bank][address : address + rows].ravel()), per_value)

    def _run(self, payload: list[int]) -> None:
        first, steps, input_base, nudge_base, trace_base = payload
        accumulate = first >> protocol.RUN_ACCUMULATE & 3
        self._context(first & 0xFFFF)
        if first & RUN_UNUSED or accumulate not in set(Accumulate):
            raise _Refused(Error.VALUE)
        run = Run(
            context=first & 0xFFFF,
            steps=steps,
            input_base=input_base,
            direction=Direction(first >> protocol.RUN_DIRECTION & 1),
            accumulate=Accumulate(accumulate),
            shift=first >> protocol.RUN_SHIFT & SHIFT_LIMIT,
            nudge=Nudge(first >> protocol.RUN_NUDGE & 3),
            nudge_base=nudge_base,
            negate=bool(first >> protocol.RUN_NEGATE & 1),
            trace=bool(first >> protocol.RUN_TRACE & 1),
            trace_base=trace_base,
        )
        try:
            run.validate(self._shape)
        except SpecError as error:
            raise _Refused(Error.RANGE) from error
        self._synchronise()
        self.device.run([run])
        if run.trace:
            self._leftover[Buffer.TRACE][trace_base : trace_base + steps] = 0

    def _status(self) -> list[int]:
        status = self.device.status()
        count = protocol.status_length(self._shape) // 2 - 2
        flags = [sum(1 << c for c in contexts) for contexts in (status.overflow, status.clip)]
        words = [value >> 32 * k & 0xFFFFFFFF for value in flags for k in range(count)]
        return [*protocol.pack([status.cycles, status.busy], 2), *words]

    def _synchronise(self) -> None:
        """Give the device what was written since it last computed."""
        for region in sorted(self._stale, key=REGIONS.index):
            self.device.write(region, self._values(region))
        self._stale.clear()

    def _values(self, region: Region) -> Ints:
        """A region out of the banks, as its user sees it."""
        if isinstance(region, Table):
            return np.concatenate([self._banks[bank] for bank in layout.banks(region)], axis=1)
        wire, logical = self._places(region)
        rows = self._rows(region)
        block = rows.reshape(entries(region, self._shape), -1)
        flat = np.zeros((len(block), len(wire)), np.int64)
        flat[:, logical] = block[:, wire]
        return flat.reshape(((len(flat),) if has_entries(region) else ()) + entry_shape(region, self._shape))

    def _fetch(self, region: Region) -> None:
        """The device's values of a region, into the banks."""
        if isinstance(region, Table):
            return
        wire, logical = self._places(region)
        count = entries(region, self._shape)
        values = self.device.read(region, 0, count)
        if region in self._leftover:
            values = values + self._leftover[region]
        values = values.reshape(count, -1)
        rows = self._rows(region)
        block = rows.reshape(count, -1).copy()
        block[:, wire] = values[:, logical]
        rows[...] = block.reshape(rows.shape)

    def _places(self, region: Region) -> tuple[Ints, Ints]:
        """Positions on the wire of an entry that are no padding, and the logical index of each."""
        order = np.array(layout.order(region, self._shape), np.int64)
        wire = np.flatnonzero(order >= 0)
        return wire, order[wire]

    def _rows(self, region: Region) -> Ints:
        """The part of the region's bank that holds it."""
        (bank,) = layout.banks(region)
        start = layout.base(region, self._shape)
        count = entries(region, self._shape) if has_entries(region) else 1
        return self._banks[bank][start : start + count * layout.span(region, self._shape)]
