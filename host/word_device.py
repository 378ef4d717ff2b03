"""A device behind a port of 32-bit words: simulated gateware, or a board. It speaks `spec.protocol`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loschmidt.sim.checks import Bounds, check_configuration, check_context, check_runs
from loschmidt.spec import layout, protocol
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.layout import Bank
from loschmidt.spec.pace import run_limit, sweep_limit
from loschmidt.spec.protocol import PAYLOAD_LIMIT, Error, Header, Opcode, ProtocolError
from loschmidt.spec.region import Region, entry_shape, has_entries
from loschmidt.spec.run import Run, Status
from loschmidt.spec.shape import Shape

from . import wire
from .wire import Ints, Words

#: Cycles in which an array of any shape has said what it is.
WAKING = 100_000


class Port(Protocol):
    """Words to a device and back, in order.

    `allow` says how many clock cycles the device may be busy, at the most, before it takes or gives a word, from now on.
    """

    def send(self, words: ArrayLike) -> None: ...

    def receive(self, count: int) -> NDArray[np.uint32]: ...

    def allow(self, cycles: int) -> None: ...

    def close(self) -> None: ...


class _Pending(NamedTuple):
    """A request whose response has not been read: its operation, tag and the payload words it must bring, if that is known."""

    opcode: Opcode
    tag: int
    length: int | None


class WordDevice:
    """`host.device.Device` over words.

    Parameters
    ----------
    port : `Port`, closed with the device
    name : what the device is called on the command line

    The device says its own shape. Requests that belong together are sent at once and their responses collected after, so that a slow
    port costs one journey, not one for each. Raises `SpecError` before anything is sent, and `ProtocolError` for an answer that
    reports a fault or does not fit its request.
    """

    def __init__(self, port: Port, name: str = "rtl") -> None:
        self._port = port
        self._name = name
        self._tag = 0
        self._pending: list[_Pending] = []
        with self._closing_on_error():
            port.allow(WAKING)
            self._shape, self._build = protocol.parse_identity(self._ask(Opcode.IDENTIFY, length=None).tolist())
        self._bounds = Bounds(self._shape)
        port.allow(sweep_limit(self._shape))

    @property
    def name(self) -> str:
        return self._name

    @property
    def shape(self) -> Shape:
        return self._shape

    @property
    def build(self) -> int:
        """The hash of the bitstream's build, 32 bits; 0 if the array is in no bitstream."""
        return self._build

    def configure(self, hamiltonian: Hamiltonian, s: int) -> None:
        check_configuration(hamiltonian, s, self._shape)
        self._ask(Opcode.CONFIGURE, protocol.configure(hamiltonian, s))

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        array = self._bounds.values(region, values, entry)
        entries = array.reshape(len(array) if has_entries(region) else 1, -1)
        start = layout.base(region, self._shape) + entry * layout.span(region, self._shape)
        banks = layout.banks(region)
        columns = [wire.to_wire(region, self._shape, entries)] if len(banks) == 1 else list(entries.T)
        for bank, column in zip(banks, columns, strict=True):
            per_address = self._words_per_address(bank)
            words = wire.pack(column, protocol.words_per_value(bank, self._shape)).reshape(-1, per_address)
            for address, count in self._blocks(len(words), (PAYLOAD_LIMIT - 2) // per_address):
                head = np.array([bank, start + address], np.uint32)
                self._send(Opcode.WRITE, np.concatenate((head, words[address : address + count].ravel())))
        self._collect()

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        if has_entries(region):
            self._bounds.window(region, entry, count)
        else:
            entry, count = 0, 1
        span = layout.span(region, self._shape)
        if not span:
            return np.zeros(entry_shape(region, self._shape), np.int64)
        start = layout.base(region, self._shape) + entry * span
        banks = layout.banks(region)
        requests = [list(self._blocks(count * span, PAYLOAD_LIMIT // self._words_per_address(bank))) for bank in banks]
        for bank, blocks in zip(banks, requests, strict=True):
            for address, addresses in blocks:
                self._send(Opcode.READ, [bank, start + address, addresses], addresses * self._words_per_address(bank))
        answers = iter(self._collect())
        columns = [
            wire.unpack(np.concatenate([next(answers) for _ in blocks]), protocol.words_per_value(bank, self._shape))
            for bank, blocks in zip(banks, requests, strict=True)
        ]
        values = wire.from_wire(region, self._shape, columns[0]) if len(columns) == 1 else np.stack(columns, axis=1)
        return values.reshape(((count,) if has_entries(region) else ()) + entry_shape(region, self._shape))

    def run(self, runs: Sequence[Run]) -> None:
        check_runs(runs, self._shape)
        if not runs:
            return
        self._port.allow(run_limit((run.steps for run in runs), self._shape) + sweep_limit(self._shape))
        for run in runs:
            self._send(Opcode.RUN, protocol.run(run))
        # RUN is answered when it starts; a read is answered when all are done.
        self._send(Opcode.READ, [Bank.INPUT, 0, 1], self._words_per_address(Bank.INPUT))
        self._collect()
        self._port.allow(sweep_limit(self._shape))

    def copy(self, destination: int, source: int) -> None:
        for context in (destination, source):
            check_context(context, self._shape)
        self._ask(Opcode.COPY, [destination | source << 16])

    def flip(self, context: int) -> None:
        check_context(context, self._shape)
        self._ask(Opcode.FLIP, [context])

    def clear(self) -> None:
        self._ask(Opcode.CLEAR)

    def status(self) -> Status:
        words = self._ask(Opcode.STATUS, length=protocol.status_length(self._shape))
        return protocol.parse_status(words.tolist(), self._shape)

    def reset_status(self) -> None:
        self._ask(Opcode.RESET_STATUS)

    def close(self) -> None:
        self._port.close()

    def _words_per_address(self, bank: Bank) -> int:
        return layout.lanes(bank, self._shape) * protocol.words_per_value(bank, self._shape)

    @staticmethod
    def _blocks(total: int, limit: int) -> Iterator[tuple[int, int]]:
        """(first, count) of blocks of at most ``limit`` that make up ``total``."""
        return ((first, min(limit, total - first)) for first in range(0, total, limit))

    def _ask(self, opcode: Opcode, payload: ArrayLike = (), length: int | None = 0) -> Words:
        self._send(opcode, payload, length)
        return self._collect()[0]

    def _send(self, opcode: Opcode, payload: ArrayLike = (), length: int | None = 0) -> None:
        words = np.asarray(payload, np.uint32)
        self._tag = (self._tag + 1) & 0xFF
        self._port.send(np.concatenate((np.array([Header(opcode, self._tag, words.size).word()], np.uint32), words)))
        self._pending.append(_Pending(opcode, self._tag, length))

    def _collect(self) -> list[Words]:
        """Payloads of all pending responses. All are read before a fault of any is raised, so that the port stays in step."""
        pending, self._pending = self._pending, []
        answers = [self._answer(request) for request in pending]
        for request, (error, payload) in zip(pending, answers, strict=True):
            if error != Error.OK:
                known = Error(error).name if error in set(Error) else str(error)
                raise ProtocolError(
                    f"the device answered {request.opcode.name} with error {known}: it and this host disagree on what is allowed"
                )
            if request.length is not None and payload.size != request.length:
                raise ProtocolError(f"the device answered {request.opcode.name} with {payload.size} words instead of {request.length}")
        return [payload for _, payload in answers]

    def _answer(self, request: _Pending) -> tuple[int, Words]:
        header = Header.parse(int(self._port.receive(1)[0]))
        if header.tag != request.tag:
            wrong = f"tag {header.tag} instead of {request.tag}"
            raise ProtocolError(f"the device answered {request.opcode.name} with {wrong}: restart it and the host")
        return header.code, self._port.receive(header.length)

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._port.close()
            raise
