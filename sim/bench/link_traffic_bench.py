"""cocotb bench of `hw.link.link.Link`: streams that cross a line which damages, loses, doubles, reorders and cuts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import cocotb
from cocotb.triggers import Timer

from loschmidt.spec.link import PAYLOAD_WORDS, POSITIONS, Flag, Frame, Kind, ahead

from .link_line import PERIOD, Line, wire
from .pins import setting
from .streams import PATTERNS

SESSION = 0xBEEF
#: What the array answers to a word.
MASK = 0x5A00FFA5

Answers = list[Frame | None]


class Fate:
    """What becomes of frames on their way: of each kind of fault, one frame in ``rarity``; none at 0."""

    def __init__(self, seed: int, rarity: int) -> None:
        self._choice, self._rarity = random.Random(seed), rarity

    def _strikes(self) -> bool:
        return self._rarity > 0 and self._choice.randrange(self._rarity) == 0

    def forth(self, frames: Sequence[bytes]) -> bytes:
        """Of frames to the array, as bytes of the line."""
        line = []
        for frame in frames:
            hurt = bytearray(frame)
            if self._strikes():
                hurt[self._choice.randrange(len(hurt))] ^= 1 << self._choice.randrange(8)
            if self._strikes():
                hurt = hurt[: self._choice.randrange(len(hurt))]
            line += [bytes(hurt)] * (0 if self._strikes() else 2 if self._strikes() else 1)
        if self._strikes():
            self._choice.shuffle(line)
        return b"".join(line)

    def back(self, frames: Answers) -> Answers:
        """Of frames from the array; one that is damaged is None."""
        came: Answers = []
        for frame in frames:
            came += [None if self._strikes() else frame] * (0 if self._strikes() else 2 if self._strikes() else 1)
        if self._strikes():
            self._choice.shuffle(came)
        return came


class Host:
    """The simplest host that gets everything across: it sends what it may, waits for quiet, and repeats what is missing."""

    def __init__(self, line: Line, requests: Sequence[int], fate: Fate) -> None:
        self._line, self._fate, self._requests = line, fate, requests
        self._acknowledged = self._window = 0
        self._rewind = False
        self.responses: list[int] = []
        cocotb.start_soon(self._array())

    async def _array(self) -> None:
        """Answers each word, in its time."""
        answered = 0
        while True:
            await Timer(60 * PERIOD, "ns")
            words = self._line.words[answered:]
            answered += len(words)
            self._line.respond([word ^ MASK for word in words])

    def _frames(self) -> list[bytes]:
        frames: list[bytes] = []
        place, end = self._acknowledged, min(self._acknowledged + self._window, len(self._requests))
        while place < end or not frames:
            words = self._requests[place : min(place + PAYLOAD_WORDS, end)]
            flags = Flag.REWIND if self._rewind and not frames else Flag.NONE
            received = (setting("first") + len(self.responses)) % POSITIONS
            position = (setting("first") + place) % POSITIONS
            frames.append(wire(Frame(SESSION, Kind.DATA, position, received, setting("buffer"), flags, words)))
            place += len(words)
        return frames

    async def _round(self, frames: Sequence[bytes]) -> Answers:
        # A zero ends whatever was cut before.
        self._line.send(b"\0" + self._fate.forth(frames))
        await self._line.quiet()
        came, self._line.frames[:] = self._line.frames[:], []
        return self._fate.back(came)

    async def run(self) -> None:
        """Open the session, and go on until every word is across and answered."""
        while not any(frame is not None and frame.kind is Kind.OPEN for frame in await self._round([wire(Frame(SESSION, Kind.OPEN))])):
            pass
        rounds = 0
        while len(self.responses) < len(self._requests):
            rounds += 1
            assert rounds < 40 + len(self._requests) // 50, "nothing gets across"
            before = len(self.responses)
            for frame in await self._round(self._frames()):
                if frame is not None:
                    self._take(frame)
            self._rewind = len(self.responses) == before

    def _take(self, frame: Frame) -> None:
        assert frame.session == SESSION
        news = ahead(frame.received, setting("first") + self._acknowledged)
        if news < POSITIONS // 2:
            self._acknowledged += news
            self._window = frame.window
        if ahead(frame.position, setting("first") + len(self.responses)) == 0:
            self.responses += frame.words


async def carry(dut: Any, pattern: str, count: int, rarity: int, seed: int) -> None:
    line = await Line.start(dut, PATTERNS[pattern], seed)
    choice = random.Random(seed)
    requests = [choice.getrandbits(32) & choice.choice((0xFFFFFFFF, 0xFF00FF00, 0)) for _ in range(count)]
    host = Host(line, requests, Fate(seed + 1, rarity))
    await host.run()
    assert line.words == requests, "the array was given other words"
    assert host.responses == [word ^ MASK for word in requests], "the host was given other words"


@cocotb.test()
@cocotb.parametrize(pattern=list(PATTERNS))
async def faults(dut: Any, pattern: str) -> None:
    """Whatever befalls frames, every word comes once and in order; on the way, positions wrap."""
    await carry(dut, pattern, count=500, rarity=8, seed=list(PATTERNS).index(pattern))
