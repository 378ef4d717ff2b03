"""A pseudo-terminal, so that something in this program looks like a serial port to another."""

from __future__ import annotations

import os
import select

from loschmidt.spec.errors import LoschmidtError

#: Bytes that wait for a program that does not read; what comes after is lost, as on a real line.
KEPT = 1 << 16

CHUNK = 1 << 12


class TerminalError(LoschmidtError):
    """There are no pseudo-terminals."""


class Terminal:
    """One end of a pseudo-terminal; whoever opens ``path`` has the other.

    Members
    -------
    path : of the device
    read_bytes, written_bytes : carried so far
    """

    def __init__(self) -> None:
        try:
            import tty
        except ImportError as error:
            raise TerminalError("this system has no pseudo-terminals: a simulated board needs Linux or macOS") from error
        self._own, self._other = os.openpty()
        tty.setraw(self._other)
        os.set_blocking(self._own, False)
        self.path = os.ttyname(self._other)
        self.read_bytes = self.written_bytes = 0
        self._waiting = bytearray()

    def read(self) -> bytes:
        """What has come, at most a few thousand bytes; does not wait."""
        try:
            data = os.read(self._own, CHUNK)
        except BlockingIOError:
            return b""
        self.read_bytes += len(data)
        return data

    def write(self, data: bytes) -> None:
        """Send what can be sent without waiting, now or with the next call."""
        self._waiting += data[: KEPT - len(self._waiting)]
        if self._waiting:
            try:
                count = os.write(self._own, self._waiting)
            except BlockingIOError:
                return
            self.written_bytes += count
            del self._waiting[:count]

    def wait(self, seconds: float) -> None:
        """Until something comes."""
        select.select([self._own], [], [], seconds)

    def close(self) -> None:
        os.close(self._own)
        os.close(self._other)
