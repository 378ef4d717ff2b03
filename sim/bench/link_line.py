"""The host's end of a line on the bench: frames to bytes and back. It shares no stuffing code with the host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge, Timer
from cocotb.utils import get_sim_time

from loschmidt.hw.resetless import RESET
from loschmidt.spec import link
from loschmidt.spec.link import Frame

from . import deadline
from .pins import port, stream
from .streams import PATIENCE, Pauses, StreamDriver, StreamMonitor, bursts

PERIOD = 2
#: Cycles after which no frame is on its way any more: it takes 1000 to make the longest.
QUIET = 1200


def stuffed(content: bytes) -> bytes:
    """COBS, without the zero that ends a frame."""
    return b"".join(bytes([len(block) + 1]) + block for block in content.split(b"\0"))


def unstuffed(wire: bytes) -> bytes | None:
    """The inverse of `stuffed` for blocks shorter than 254; None if there is none."""
    blocks = []
    while wire:
        code, wire = wire[0], wire[1:]
        if len(wire) < code - 1:
            return None
        blocks.append(wire[: code - 1])
        wire = wire[code - 1 :]
    return b"\0".join(blocks)


def wire(frame: Frame) -> bytes:
    """A frame as it crosses the line, to its end."""
    return stuffed(link.body(frame)) + b"\0"


def parsed(content: bytes) -> Frame | None:
    """What came between two zeros, as a frame."""
    plain = unstuffed(content)
    return None if plain is None else link.parse(plain)


async def clocked(dut: Any, period: int = PERIOD) -> None:
    """Clock and reset the part; the period is in ns."""
    deadline.begin()
    Clock(port(dut, "clk"), period, unit="ns").start()
    port(dut, "rst").value = 1
    await Timer(4 * period, "ns")
    port(dut, "rst").value = 0


class Feed(StreamDriver):
    """A driver that says what it still has."""

    @property
    def left(self) -> list[int]:
        """Words that were not taken."""
        stream = self._stream
        return [*([int(stream.payload.value)] if stream.valid.value else []), *self._words]


class Line:
    """A `hw.link.link.Link`, its four streams driven and watched.

    Members
    -------
    frames : what came from it, None where it was no frame; the bench takes out what it has looked at
    bytes : how many have come from it
    words : handed to the array so far; responses are offered by `respond`
    resets : how often the array was reset
    """

    def __init__(self, dut: Any, pauses: Pauses, seed: int, blocked: bool) -> None:
        self._reset, self.damaged, self.open = (port(dut, name) for name in ("reset", "damaged", "open"))
        self._rx = Feed(stream(dut, "rx"), bursts(pauses.idle, seed))
        self._tx = StreamMonitor(stream(dut, "tx"), bursts(pauses.back_pressure, seed + 1))
        self._i = Feed(stream(dut, "i"), bursts(pauses.idle, seed + 2))
        self.blocked = blocked
        self._o, self._pauses = stream(dut, "o"), bursts(pauses.back_pressure, seed + 3)
        self.frames: list[Frame | None] = []
        self.bytes = 0
        self.words: list[int] = []
        self.resets = 0
        self._busy = False
        for task in (self._frames, self._words, self._resets):
            cocotb.start_soon(task())

    @classmethod
    async def start(cls, dut: Any, pauses: Pauses, seed: int, blocked: bool = False) -> Line:
        """With ``blocked``, no word goes to the array until the member of that name is cleared."""
        await clocked(dut)
        return cls(dut, pauses, seed, blocked)

    def send(self, data: bytes) -> None:
        self._rx.send(data)

    def respond(self, words: Iterable[int]) -> None:
        self._i.send(words)

    async def quiet(self) -> None:
        """Until nothing moves any more."""
        while True:
            self._busy = bool(self._rx.left)
            await Timer(QUIET * PERIOD, "ns")
            if not self._busy:
                return

    async def more(self, count: int) -> None:
        """Until so many bytes more have come."""
        begin = self.bytes
        for _ in range(PATIENCE):
            if self.bytes >= begin + count:
                return
            await Timer(PERIOD, "ns")
        raise AssertionError(f"{self.bytes - begin} bytes came, not {count}")

    @property
    def unsent(self) -> list[int]:
        """Responses that the link has not taken."""
        return self._i.left

    async def _frames(self) -> None:
        content = bytearray()
        while True:
            byte = (await self._tx.receive(1))[0]
            self._busy = True
            self.bytes += 1
            if byte:
                content.append(byte)
            elif content:
                self.frames.append(parsed(bytes(content)))
                content.clear()

    async def _words(self) -> None:
        """Takes words as a `StreamMonitor` does, but that a reset may take back one that was presented."""
        o, edge = self._o, RisingEdge(self._o.clock)
        held: int | None = None
        ready = False
        while True:
            if self.blocked and not ready:
                # A reset is longer than this.
                await Timer(8 * PERIOD, "ns")
            if ready and held is None and not o.valid.value:
                await RisingEdge(o.valid)
            await edge
            valid = bool(o.valid.value)
            word = int(o.payload.value) if valid else None
            if self._reset.value:
                assert not valid, "a word was presented to an array in reset"
            else:
                assert held is None or word == held, f"word {held:#x} was presented, not taken, and became {word}"
            held = word
            if word is not None and ready:
                self.words.append(word)
                self._busy = True
                held = None
            ready = not (self.blocked or next(self._pauses))
            o.ready.value = ready

    async def _resets(self) -> None:
        while True:
            await RisingEdge(self._reset)
            self.resets += 1
            began = get_sim_time("ns")
            await FallingEdge(self._reset)
            cycles = (get_sim_time("ns") - began) / PERIOD
            assert cycles >= RESET, f"the array was held in reset for {cycles:.0f} cycles, {RESET} are the least"
