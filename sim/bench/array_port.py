"""A whole array on the bench: requests in, responses out, regions as arrays. It shares no packing code with the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, with_timeout
from numpy.typing import NDArray

from loschmidt.hw.resetless import RESET
from loschmidt.spec import layout, protocol
from loschmidt.spec.layout import Bank
from loschmidt.spec.protocol import PAYLOAD_LIMIT, Error, Header, Opcode
from loschmidt.spec.region import Region, entry_shape, has_entries
from loschmidt.spec.shape import Shape

from . import deadline
from .streams import PATIENCE, Pauses, Stream, StreamDriver, StreamMonitor, bursts

Ints = NDArray[np.int64]
PERIOD = 2


class ArrayPort:
    """The array behind its two streams, out of reset."""

    def __init__(self, dut: Any, shape: Shape, pauses: Pauses, seed: int) -> None:
        self._dut, self._shape, self._tag = dut, shape, seed & 0xFF
        self._driver = StreamDriver(Stream.of(dut, "i", dut.clk), bursts(pauses.idle, seed))
        self._monitor = StreamMonitor(Stream.of(dut, "o", dut.clk), bursts(pauses.back_pressure, seed + 1))

    @classmethod
    async def start(cls, dut: Any, shape: Shape, pauses: Pauses, seed: int) -> ArrayPort:
        """Clock and reset the array."""
        deadline.begin()
        Clock(dut.clk, PERIOD, unit="ns").start()
        dut.rst.value = 1
        port = cls(dut, shape, pauses, seed)
        await port.reset()
        return port

    async def reset(self) -> None:
        """As short as a reset may be."""
        self._dut.rst.value = 1
        await self.wait(RESET)
        self._dut.rst.value = 0

    async def wait(self, cycles: int) -> None:
        for _ in range(cycles):
            await RisingEdge(self._dut.clk)

    async def request(self, opcode: int, payload: Sequence[int] = (), stated: int | None = None) -> tuple[Error, list[int]]:
        """Send one request, its length ``stated`` in the header if that is not the payload's; returns error code and payload."""
        self._tag = (self._tag + 1) & 0xFF
        length = len(payload) if stated is None else stated
        self._driver.send([Header(opcode, self._tag, length).word(), *payload])
        header = Header.parse((await self._words(1))[0])
        assert header.tag == self._tag, f"response has tag {header.tag}, the request had {self._tag}"
        return Error(header.code), await self._words(header.length)

    async def ask(self, opcode: Opcode, payload: Sequence[int] = ()) -> list[int]:
        """A request that must succeed."""
        error, answer = await self.request(opcode, payload)
        assert error is Error.OK, f"{opcode.name} {list(payload)[:5]} was answered with {error.name}"
        return answer

    async def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        rows = np.asarray(values).reshape(len(values) if has_entries(region) else 1, -1).tolist()
        order, start = layout.order(region, self._shape), self._start(region, entry)
        for column, bank in enumerate(layout.banks(region)):
            wire = [row[column + index] if index >= 0 else 0 for row in rows for index in order]
            await self.ask(Opcode.WRITE, [bank, start, *protocol.pack(wire, protocol.words_per_value(bank, self._shape))])

    async def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        order, start = layout.order(region, self._shape), self._start(region, entry)
        shape = entry_shape(region, self._shape)
        entries = np.zeros((count, *shape), np.int64).reshape(count, -1)
        for column, bank in enumerate(layout.banks(region)):
            words = protocol.words_per_value(bank, self._shape)
            addresses = layout.span(region, self._shape) * count
            assert addresses * layout.lanes(bank, self._shape) * words <= PAYLOAD_LIMIT
            wire = protocol.unpack(await self.ask(Opcode.READ, [bank, start, addresses]), words)
            for position, value in enumerate(wire):
                index = order[position % len(order)]
                if index >= 0:
                    entries[position // len(order), column + index] = value
        return entries.reshape((count, *shape) if has_entries(region) else shape)

    async def barrier(self) -> None:
        """Until no run is under way."""
        await self.ask(Opcode.READ, [Bank.INPUT, 0, 1])

    def check_silence(self) -> None:
        """Nothing may have come that was not asked for."""
        assert not self._monitor.waiting, f"{self._monitor.waiting} words came that nobody asked for"

    async def _words(self, count: int) -> list[int]:
        return await with_timeout(self._monitor.receive(count), PATIENCE * PERIOD, "ns")

    def _start(self, region: Region, entry: int) -> int:
        return layout.base(region, self._shape) + entry * layout.span(region, self._shape)
