"""The host's end of a link, told frame by frame what a board says."""

from __future__ import annotations

from collections.abc import Sequence

from loschmidt.host.link import HostEnd
from loschmidt.sim.link import cobs
from loschmidt.spec.link import Flag, Frame, Kind, body, parse


class Wire:
    """A host's end, and the frames that a board would send it."""

    def __init__(self, session: int = 9) -> None:
        self.end, self.now = HostEnd(session, "desk", 1.0), 0.0
        self.session = session

    def tell(self, frame: Frame) -> None:
        self.end.heard(cobs.encode(body(frame)) + b"\0", self.now)

    def hear(self) -> list[Frame]:
        """All that the host has to say now."""
        frames = []
        while data := self.end.emit(self.now):
            content = cobs.decode(data.strip(b"\0"))
            assert content is not None
            frame = parse(content)
            assert frame is not None
            frames.append(frame)
        return frames

    def open(self, window: int = 1024) -> None:
        assert [(frame.kind, frame.session) for frame in self.hear()] == [(Kind.OPEN, self.session)]
        self.tell(Frame(self.session, Kind.OPEN, window=window))
        assert self.end.opened
        assert self.hear() == []

    def data(self, position: int = 0, received: int = 0, words: Sequence[int] = (), flags: Flag = Flag.NONE) -> None:
        self.tell(Frame(self.session, Kind.DATA, position, received, 1024, flags, words))
