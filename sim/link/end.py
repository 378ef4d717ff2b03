"""The board's end of the link, from the text of `spec.link`: no clock, bounded buffers, never unasked."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from loschmidt.spec.link import LARGEST_BUFFER, LEAST_BUFFER, PAYLOAD_WORDS, POSITIONS, Flag, Frame, Kind, ahead, body, parse

from . import cobs

DELIMITER = b"\0"

#: What is longer between two delimiters is no frame, and not kept.
LONGEST = 256


class Server(Protocol):
    """What stands behind the link: an array, or what acts as one."""

    def reset(self) -> None: ...

    def serve(self, words: list[int]) -> list[int]:
        """Take request words; returns the response words that they complete."""
        ...


class DeviceEnd:
    """`spec.link` as a board does it.

    Parameters
    ----------
    server : what the words are for
    buffer : words that either direction holds, a power of two

    Members
    -------
    session : that is under way; 0 at power-up
    backlog : words that wait for the server

    `feed` takes what came over the line, `work` lets the server have words, `emit` gives the next frame for the line.
    """

    def __init__(self, server: Server, buffer: int = 1024) -> None:
        if buffer & (buffer - 1) or not LEAST_BUFFER <= buffer <= LARGEST_BUFFER:
            raise ValueError(f"a buffer has a power of two of words from {LEAST_BUFFER} to {LARGEST_BUFFER}, not {buffer}")
        self._server, self._buffer = server, buffer
        self.session = 0
        self._piece = bytearray()
        self._begin(0)

    def _begin(self, session: int) -> None:
        self.session = session
        self._in: deque[int] = deque()
        self._due = 0
        self._out: list[int] = []  # from `_forgotten` on: what the host may ask for again
        self._late: deque[int] = deque()  # response words for which `_out` has no room yet
        self._forgotten = self._next = self._limit = 0
        self._told = 0  # up to where the host knows that there is room
        self._open = self._owed = self._ask = False

    @property
    def backlog(self) -> int:
        return len(self._in)

    def feed(self, data: bytes) -> None:
        *complete, rest = data.split(DELIMITER)
        for piece in complete:
            self._piece += piece
            if 0 < len(self._piece) <= LONGEST:
                content = cobs.decode(bytes(self._piece))
                frame = None if content is None else parse(content)
                if frame is not None:
                    self._frame(frame)
            self._piece.clear()
        self._piece += rest
        del self._piece[LONGEST + 1 :]

    def work(self, most: int) -> int:
        """Let the server take up to ``most`` words, while it can get rid of its responses; returns how many it took."""
        taken = 0
        while self._in and taken < most and not self._late:
            words = [self._in.popleft() for _ in range(min(most - taken, len(self._in), PAYLOAD_WORDS))]
            taken += len(words)
            self._late.extend(self._server.serve(words))
            self._refill()
        return taken

    def emit(self) -> bytes:
        """The next frame with its delimiter; nothing if there is nothing to say."""
        self._refill()
        room = self._due - len(self._in) + self._buffer
        start = self._next - self._forgotten
        words = [] if self._open else self._out[start : start + max(0, min(PAYLOAD_WORDS, self._limit - self._next))]
        widened = self.session and room - self._told >= self._buffer // 2
        if not (self._open or self._owed or self._ask or words or widened):
            return b""
        flags = Flag.REWIND if self._ask else Flag.NONE
        kind = Kind.OPEN if self._open else Kind.DATA
        window = room - self._due
        frame = Frame(self.session, kind, self._next % POSITIONS, self._due % POSITIONS, window, flags, words)
        self._next += len(words)
        self._told = room
        self._open = self._owed = self._ask = False
        return cobs.encode(body(frame)) + DELIMITER

    def answer(self, data: bytes) -> bytes:
        """`feed`, and all that follows from it at once: for a line without a time of its own."""
        self.feed(data)
        said = b""
        while (frame := self.emit()) or self.work(self._buffer):
            said += frame
        return said

    def _refill(self) -> None:
        while self._late and len(self._out) < self._buffer:
            self._out.append(self._late.popleft())

    def _frame(self, frame: Frame) -> None:
        if frame.kind is Kind.OPEN:
            if frame.session == 0:
                return
            if frame.session != self.session:
                self._server.reset()
                self._begin(frame.session)
            self._open = True
            return
        if frame.session != self.session or self.session == 0:
            return
        self._owed = True
        self._accept(frame)
        if frame.words:
            self._take(frame)
        elif self._is_gap(frame):
            self._ask = True

    def _accept(self, frame: Frame) -> None:
        """The host's answer: what it has, what it has room for, and whether it wants the rest again."""
        step = ahead(frame.received, self._forgotten % POSITIONS)
        if step > len(self._out):
            return
        del self._out[:step]
        self._forgotten += step
        self._next = max(self._next, self._forgotten)
        self._limit = max(self._limit, self._forgotten + frame.window)
        if frame.flags & Flag.REWIND:
            self._next = self._forgotten

    def _is_gap(self, frame: Frame) -> bool:
        return 0 < ahead(frame.position, self._due % POSITIONS) < POSITIONS // 2

    def _take(self, frame: Frame) -> None:
        if frame.position == self._due % POSITIONS and len(frame.words) <= self._buffer - len(self._in):
            self._in.extend(frame.words)
            self._due += len(frame.words)
        elif self._is_gap(frame):
            self._ask = True
