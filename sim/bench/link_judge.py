"""What `spec.link` asks of the array's end, said once more with positions that do not wrap and buffers that are lists."""

from __future__ import annotations

from loschmidt.spec.link import PAYLOAD_WORDS, POSITIONS, Flag, Frame, Kind


class Judge:
    """Hears every frame that goes to the array, and looks at every one that comes from it.

    It supposes that the line is quiet whenever a frame is sent.

    Parameters
    ----------
    buffer : the array's, in words
    first : position of a session's first word
    """

    def __init__(self, buffer: int, first: int) -> None:
        self.buffer, self.first = buffer, first
        self.resets = 0
        self._begin(0)

    def _begin(self, session: int) -> None:
        self.session = session
        self.accepted: list[int] = []
        self.handed = 0  # of the accepted, those that left the buffer
        self.offered: list[int] = []  # by the array
        self.known = self.sent = self.window = 0
        self.gap = self.owed = self.opened = False
        self.edge = 0  # end of what the host was told it may send

    def position(self, words: int) -> int:
        """Where a stream stands after so many words."""
        return (self.first + words) % POSITIONS

    @property
    def room(self) -> int:
        return self.buffer - (len(self.accepted) - self.handed)

    @property
    def made(self) -> int:
        """How many words the array could give away."""
        return min(len(self.offered), self.known + self.buffer)

    def hand(self, words: int) -> None:
        """So many words came out on the array's side."""
        self.handed = words

    def hear(self, frame: Frame | None) -> None:
        if frame is None or frame.session == 0:
            return
        if frame.kind is Kind.OPEN:
            if frame.session != self.session:
                self._begin(frame.session)
                self.resets += 1
            self.opened = True
        elif frame.session == self.session:
            self.owed = True
            beyond = (frame.position - self.position(len(self.accepted))) % POSITIONS
            if 0 < beyond < POSITIONS // 2:
                self.gap = True
            elif beyond == 0 and len(frame.words) <= self.room:
                self.accepted += frame.words
            news = (frame.received - self.position(self.known)) % POSITIONS
            if news <= self.made - self.known:
                self.known += news
                self.window = frame.window
                if Flag.REWIND in frame.flags or self.sent < self.known:
                    self.sent = self.known

    def see(self, frame: Frame | None) -> None:
        """`AssertionError` if the array should not have sent this."""
        assert frame is not None, "what came is no frame"
        assert frame.session == self.session, f"a frame of session {frame.session:#x}, not {self.session:#x}"
        assert frame.position == self.position(self.sent), f"words at {frame.position}, not {self.position(self.sent)}"
        received = self.position(len(self.accepted))
        assert frame.received == received, f"received {frame.received}, not {received}"
        edge = len(self.accepted) + frame.window
        assert self.edge <= edge, f"the window's end went back from {self.edge} to {edge}"
        assert edge <= self.handed + self.buffer, f"a window of {frame.window} words with room for {self.room}"
        told = edge - self.edge >= self.buffer // 2
        self.edge = edge
        if frame.kind is Kind.OPEN:
            assert self.opened, "nobody opened a session"
            assert not frame.words, "words came with the answer to OPEN"
            assert not frame.flags, "flags came with the answer to OPEN"
            self.opened = False
            return
        assert not self.opened, "the answer to OPEN did not come first"
        assert (Flag.REWIND in frame.flags) is self.gap, f"flags are {frame.flags!r} {'after' if self.gap else 'without'} a gap"
        count = len(frame.words)
        assert count <= PAYLOAD_WORDS
        assert count or self.owed or told, "the array spoke unasked"
        assert self.sent + count <= max(self.known + self.window, self.sent), "more words than the host can take"
        assert list(frame.words) == self.offered[self.sent : self.sent + count], f"wrong words from {self.sent}"
        self.sent += count
        self.gap = self.owed = False

    def rest(self) -> None:
        """Everything has come that had to; `AssertionError` if not."""
        assert not self.opened, "OPEN was not answered"
        assert not self.owed, "a frame was not answered"
        due = min(self.made, self.known + self.window)
        assert self.sent >= due, f"{self.sent} words came, not {due}"
        assert self.handed + self.buffer - self.edge < self.buffer // 2 or not self.session, (
            "half of the buffer is free, and nothing was said"
        )
