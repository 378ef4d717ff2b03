"""A board at the end of a serial line, both simulated, in a time of their own: what takes minutes on a desk is over in seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf
from random import Random

from .end import DeviceEnd
from .faults import CLEAN, FaultyLine, Rates

#: Bits of a byte on the line, with start and stop.
BITS = 10

#: Seconds that pass whenever somebody waits: a time that rounding made a little too short is over all the same.
INSTANT = 1e-9

#: Times that a host may wait in a row without anything being said.
IDLE = 10_000


class StuckError(RuntimeError):
    """The two ends wait for each other."""


@dataclass(frozen=True)
class Pace:
    """How fast things are.

    Members
    -------
    baud : bits per second, each way
    latency : seconds that a byte takes to arrive after it was sent
    depth : bytes that wait before the line says that it is full
    words : that the server takes in a second
    naps, nap : how often in a hundred times that it gets words the server is busy with something else first, and how long, in seconds
    """

    baud: int = 3_000_000
    latency: float = 0.001
    depth: int = 512
    words: float = 1e6
    naps: float = 0.0
    nap: float = 0.0


class Rehearsal:
    """A line (`host.link.port.Line`) to a `DeviceEnd`.

    Parameters
    ----------
    end : the board
    rates, seed : of the faults, in both directions
    pace : `Pace`
    limit : seconds after which it cannot still be right

    Members
    -------
    frames : that were sent, both ways

    Raises `StuckError` when the limit has passed, and when nobody will ever say anything again.
    """

    def __init__(self, end: DeviceEnd, rates: Rates = CLEAN, seed: int = 0, pace: Pace | None = None, limit: float = inf) -> None:
        self.end, self.frames, self._busy, self._limit = end, 0, 0.0, limit
        self._idle = 0
        self.there, self.back = FaultyLine(rates, 2 * seed), FaultyLine(rates, 2 * seed + 1)
        self._pace = pace or Pace()
        self._byte = BITS / self._pace.baud
        self._random = Random(seed)
        self._now = self._free_there = self._free_back = self._served = 0.0
        self._to_end: deque[tuple[float, bytes]] = deque()
        self._to_host: deque[tuple[float, bytes]] = deque()

    @property
    def busy(self) -> float:
        """Seconds in which the line to the board has carried something."""
        return self._busy - max(0.0, self._free_there - self._now)

    def now(self) -> float:
        return self._now

    def read(self) -> bytes:
        self._run(self._now)
        data = b""
        self._idle *= not self._to_host
        while self._to_host and self._to_host[0][0] <= self._now:
            data += self._to_host.popleft()[1]
        return data

    def writable(self) -> bool:
        return self._now >= self._room

    def write(self, data: bytes) -> None:
        start = max(self._now, self._free_there)
        self._free_there = start + len(data) * self._byte
        self._busy += len(data) * self._byte
        self.frames += 1
        self._idle = 0
        if arrived := self.there.carry(data):
            self._to_end.append((self._free_there + self._pace.latency, arrived))

    def wait(self, seconds: float | None, writable: bool) -> None:
        self._idle += 1
        if self._idle > IDLE:
            raise StuckError("the host waits again and again, and says nothing")
        until = inf if seconds is None else self._now + seconds + INSTANT
        if writable:
            until = min(until, max(self._now, self._room))
        self._run(until)

    def close(self) -> None:
        """Nothing is held."""

    @property
    def _room(self) -> float:
        """When the line takes more."""
        return self._free_there - self._pace.depth * self._byte

    def _run(self, until: float) -> None:
        """Let time pass up to ``until``, or to when something has come for the host."""
        while not self._to_host or self._to_host[0][0] > self._now:
            self._step()
            moment = min(self._next(), until)
            if moment == inf or moment > self._limit:
                raise StuckError("the host waits for something that never happens")
            if self._to_host and self._to_host[0][0] <= moment:
                self._now = self._to_host[0][0]
                return
            if moment >= until:
                self._now = max(self._now, until)
                self._step()
                return
            self._now = moment

    def _step(self) -> None:
        """What the board does now."""
        while self._to_end and self._to_end[0][0] <= self._now:
            self.end.feed(self._to_end.popleft()[1])
        if self.end.backlog and self._served <= self._now:
            taken = self.end.work(max(1, int(self._pace.words * self._byte * 64)))
            pause = self._pace.nap if self._random.random() * 100 < self._pace.naps else 0.0
            self._served = self._now + (taken / self._pace.words if taken else 64 * self._byte) + pause
        while self._free_back <= self._now and (frame := self.end.emit()):
            self._free_back = self._now + len(frame) * self._byte
            self.frames += 1
            if arrived := self.back.carry(frame):
                self._to_host.append((self._free_back + self._pace.latency, arrived))

    def _next(self) -> float:
        """When the board has something to do again."""
        moments = [self._to_end[0][0]] if self._to_end else []
        if self.end.backlog:
            moments.append(self._served)
        if self._free_back > self._now:
            moments.append(self._free_back)
        return min((moment for moment in moments if moment > self._now), default=inf)
