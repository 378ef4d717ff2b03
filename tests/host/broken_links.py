"""Ends of the link with one deliberate fault each, which a rough line must bring to light."""

from __future__ import annotations

from zlib import crc32

from loschmidt.host.link import HostEnd, LinkPort
from loschmidt.host.rehearsing import Cast
from loschmidt.sim.link import DeviceEnd, cobs
from loschmidt.sim.link.end import DELIMITER
from loschmidt.spec.link import BYTES, POSITIONS, Flag, Frame, ahead, parse


class TakesTwice(DeviceEnd):
    """Executes a frame again when it arrives again."""

    def _take(self, frame: Frame) -> None:
        self._due = self._due - ahead(self._due % POSITIONS, frame.position) if not self._is_gap(frame) else self._due
        super()._take(frame)


class SkipsGaps(DeviceEnd):
    """Takes whatever comes as the next."""

    def _take(self, frame: Frame) -> None:
        if self._is_gap(frame):
            self._due += ahead(frame.position, self._due % POSITIONS)
        super()._take(frame)


class ChecksNothing(DeviceEnd):
    """Believes the CRC."""

    def feed(self, data: bytes) -> None:
        pieces = []
        for piece in data.split(DELIMITER):
            content = cobs.decode(piece)
            pieces.append(piece if content is None else cobs.encode(content[:-BYTES] + crc32(content[:-BYTES]).to_bytes(BYTES, "little")))
        super().feed(DELIMITER.join(pieces))


class ForgetsWhatItSent(DeviceEnd):
    """Keeps nothing for a second time."""

    def emit(self) -> bytes:
        frame = super().emit()
        del self._out[: self._next - self._forgotten]
        self._forgotten = self._next
        return frame


class NeverGoesBack(DeviceEnd):
    def _accept(self, frame: Frame) -> None:
        super()._accept(frame._replace(flags=Flag.NONE))


class LosesWhatDoesNotFit(DeviceEnd):
    """Promises more room than there is."""

    def _take(self, frame: Frame) -> None:
        room = self._buffer // 8 - len(self._in)
        if frame.position == self._due % POSITIONS and len(frame.words) > room:
            self._due += len(frame.words)
        else:
            super()._take(frame)


class BelievesOldAnswers(DeviceEnd):
    """Forgets by every ``received``, how old it may be."""

    def _accept(self, frame: Frame) -> None:
        step = ahead(frame.received, self._forgotten % POSITIONS)
        if step > len(self._out):
            self._forgotten = self._next = self._forgotten - ahead(self._forgotten % POSITIONS, frame.received)
        super()._accept(frame)


class _Port(LinkPort):
    """A port with another end."""


class Waits(_Port):
    """Never asks again."""

    class end(HostEnd):
        def _late(self, now: float) -> bool:
            return super()._late(now if self._since is None else self._since)


class TakesAnything(_Port):
    """The board's words, whatever their position."""

    class end(HostEnd):
        def _take(self, frame: Frame, now: float) -> bool:
            return super()._take(frame._replace(position=self._due % POSITIONS), now)


class NeverAsks(_Port):
    """Does not tell the board what is missing."""

    class end(HostEnd):
        def emit(self, now: float) -> bytes:
            late = super().emit(now)
            content = None if not late else cobs.decode(late.strip(DELIMITER))
            frame = None if content is None else parse(content)
            if frame is None or not frame.flags:
                return late
            return self._line(frame._replace(flags=Flag.NONE), False)


class NeverRepeats(_Port):
    """Does not go back when the board asks, nor when it is silent."""

    class end(HostEnd):
        def _rewind(self, now: float) -> None:
            """Nothing."""

        def _late(self, now: float) -> bool:
            place = self._out.next
            late = super()._late(now)
            self._out.next = place
            return late


BROKEN_ENDS = (
    TakesTwice,
    SkipsGaps,
    ChecksNothing,
    ForgetsWhatItSent,
    NeverGoesBack,
    LosesWhatDoesNotFit,
    BelievesOldAnswers,
)
BROKEN_PORTS = (Waits, TakesAnything, NeverAsks, NeverRepeats)

BROKEN = [Cast(end=end) for end in BROKEN_ENDS] + [Cast(port=port) for port in BROKEN_PORTS]
