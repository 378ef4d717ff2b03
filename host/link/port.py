"""A `host.word_device.Port` over a line of bytes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loschmidt.spec.board import LEAST_DIVISOR
from loschmidt.spec.link import BYTES, LONGEST_FRAME, PAYLOAD_WORDS

from .engine import HostEnd, LinkError, Tally

#: Frames written between two looks at what has come.
BURST = 4

#: Seconds after which a port that takes no bytes counts as broken.
STUCK = 10.0

#: Clock cycles that OPEN and its answer take at the least: two frames without words, of ten bits a byte.
OPENING = 2 * 10 * (LONGEST_FRAME - PAYLOAD_WORDS * BYTES) * LEAST_DIVISOR

#: Times that a board's clock may be slower than it was measured to be, and timeouts in which a line that damages what it carries has
#: brought something forward all the same.
SLACK, RECOVERY = 4, 64


class Line(Protocol):
    """Bytes to a board and back, some of which may be lost on their way.

    `read` returns what is there and `writable` says whether more can be written, neither of them waits. `wait` returns when something
    is there to be read, when ``writable`` was asked for and is true, or after so many seconds (None: as long as it takes).
    """

    def now(self) -> float: ...

    def read(self) -> bytes: ...

    def writable(self) -> bool: ...

    def write(self, data: bytes) -> None: ...

    def wait(self, seconds: float | None, writable: bool) -> None: ...

    def close(self) -> None: ...


class LinkPort:
    """Words to a board and back, over a line that may lose, damage, double, reorder or cut what it carries.

    Parameters
    ----------
    line : `Line`, closed with the port
    where : what it is called in messages
    timeout : seconds without an answer after which the host asks again
    tries : unanswered questions in a row after which the board counts as dead
    session : the session's number; random if 0
    cycle : seconds that a clock cycle of the board takes at the most; if 0, by how long OPEN took, as of a simulated board

    A session is open when this returns, and the board reset. Words are sent in full frames as long as there are any; what is left over
    goes with the next `send`, or with `receive`. Raises `LinkError`.
    """

    end: type[HostEnd] = HostEnd

    def __init__(self, line: Line, where: str, timeout: float = 0.25, tries: int = 6, session: int = 0, cycle: float = 0.0) -> None:
        self._line, self._where = line, where
        self._end = self.end(session or 1 + secrets.randbelow((1 << 16) - 1), where, timeout, tries)
        try:
            self._pump(lambda: self._end.opened)
        except BaseException:
            line.close()
            raise
        self._cycle = cycle or SLACK * self._end.opening / OPENING

    @property
    def where(self) -> str:
        """What the port is called in messages."""
        return self._where

    @property
    def tally(self) -> Tally:
        """What the line has cost so far."""
        return self._end.tally

    @property
    def least(self) -> float:
        """Seconds without progress after which the host asks again, on a line as fast as this one was when the session began."""
        return self._end.least

    def send(self, words: ArrayLike) -> None:
        """Returns when all words have gone but for the last, incomplete frame. How much may be on its way, the board decides."""
        end = self._end
        end.offer(np.ascontiguousarray(words, np.uint32).tolist())
        end.flush = False
        self._pump(lambda: end.full == 0)

    def receive(self, count: int) -> NDArray[np.uint32]:
        """The next ``count`` words; waits for them as long as the board answers, and no longer than `allow` says."""
        end = self._end
        end.flush = True
        end.want(count)
        self._pump(lambda: end.waiting >= count)
        return np.array(end.take(count), np.uint32)

    def allow(self, cycles: int) -> None:
        """Raise `LinkError` where nothing comes forward for that many of the board's clock cycles, though its link answers."""
        self._end.limit = RECOVERY * self._end.least + self._cycle * cycles

    def close(self) -> None:
        self._line.close()

    def _pump(self, done: Callable[[], bool]) -> None:
        """Carry bytes both ways until ``done``."""
        line, end = self._line, self._end
        free = line.now()
        while not done():
            data = line.read()
            if data:
                end.heard(data, line.now())
            sent = 0
            while (writable := line.writable()) and sent < BURST and (frame := end.emit(line.now())):
                line.write(frame)
                sent += 1
            now = line.now()
            if writable or sent:
                free = now
            elif now > free + STUCK:
                raise LinkError(f"{self._where}: the port has taken nothing for {STUCK:g} seconds: is something else using it?")
            if not data and sent < BURST and not done():
                line.wait(self._pause(now) if writable else STUCK, not writable)

    def _pause(self, now: float) -> float | None:
        wake = self._end.wake
        return None if wake is None else max(0.0, wake - now)
