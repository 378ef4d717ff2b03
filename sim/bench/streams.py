"""Drivers and monitors of one `lib.stream`, and the pauses they are put through."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import cocotb
from cocotb.triggers import Event, RisingEdge

#: Cycles of silence after which a bench gives up.
PATIENCE = 200_000


@dataclass(frozen=True)
class Pauses:
    """Whether the sender idles, and whether the receiver pushes back."""

    idle: bool
    back_pressure: bool


#: Every stream is tried under all of these.
PATTERNS = {
    "none": Pauses(False, False),
    "idle": Pauses(True, False),
    "back_pressure": Pauses(False, True),
    "both": Pauses(True, True),
}


def bursts(active: bool, seed: int) -> Iterator[bool]:
    """Cycle by cycle, whether to pause: never, or in random bursts of 1 to 6 cycles."""
    if not active:
        yield from repeat(False)
    choice = random.Random(seed)
    while True:
        yield from repeat(True, choice.randint(0, 6))
        yield from repeat(False, choice.randint(1, 6))


@dataclass(frozen=True)
class Stream:
    """The signals of one stream: of the port ``name`` of a design."""

    clock: Any
    valid: Any
    ready: Any
    payload: Any

    @classmethod
    def of(cls, dut: Any, name: str, clock: Any) -> Stream:
        return cls(clock, *(getattr(dut, f"{name}_{member}") for member in ("valid", "ready", "payload")))


class StreamDriver:
    """Presents words to a stream, in order; a word once presented stays until it is taken."""

    def __init__(self, stream: Stream, pauses: Iterator[bool]) -> None:
        self._stream, self._pauses = stream, pauses
        self._words: deque[int] = deque()
        self._more = Event()
        stream.valid.value = 0
        cocotb.start_soon(self._drive())

    def send(self, words: Iterable[int]) -> None:
        self._words.extend(words)
        self._more.set()

    async def _drive(self) -> None:
        stream, edge = self._stream, RisingEdge(self._stream.clock)
        while True:
            while not self._words:
                self._more.clear()
                await self._more.wait()
                await edge
            while next(self._pauses):
                await edge
            stream.payload.value = self._words.popleft()
            stream.valid.value = 1
            await edge
            while not stream.ready.value:
                await edge
            stream.valid.value = 0


class StreamMonitor:
    """Takes words from a stream; a word that changes or goes away before it is taken is a fault."""

    def __init__(self, stream: Stream, pauses: Iterator[bool]) -> None:
        self._stream, self._pauses = stream, pauses
        self._words: deque[int] = deque()
        self._more = Event()
        stream.ready.value = 0
        cocotb.start_soon(self._watch())

    async def receive(self, count: int) -> list[int]:
        """The next ``count`` words."""
        while len(self._words) < count:
            self._more.clear()
            await self._more.wait()
        return [self._words.popleft() for _ in range(count)]

    @property
    def waiting(self) -> int:
        """Words that came and were not asked for."""
        return len(self._words)

    async def _watch(self) -> None:
        stream, edge = self._stream, RisingEdge(self._stream.clock)
        held: int | None = None
        ready = False
        while True:
            if not stream.valid.value and held is None and ready:
                await RisingEdge(stream.valid)
            await edge
            valid = bool(stream.valid.value)
            word = int(stream.payload.value) if valid else None
            assert held is None or word == held, f"word {held:#x} was presented, not taken, and became {word}"
            if valid and ready:
                assert word is not None
                self._words.append(word)
                self._more.set()
                held = None
            else:
                held = word
            ready = not next(self._pauses)
            stream.ready.value = ready
