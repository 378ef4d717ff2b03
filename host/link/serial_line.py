"""A line over whatever pyserial opens: a serial port, a pseudo-terminal, a socket, a port on another machine."""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import serial

from .engine import LinkError

#: Bits per second where a port has no rate, as an example, and for what is not in `spec.board`.
DEFAULT_BAUD = 1_000_000

#: Kinds of ports that have no rate, by their URL; and how the paths of pseudo-terminals, which have none either, begin.
RATELESS, PSEUDO = ("socket", "loop"), ("/dev/pts/", "/dev/ttys")

#: What the operating system says of a port that another program has locked.
LOCKED = (errno.EAGAIN, errno.EACCES, errno.EBUSY)

#: Seconds in which a line must have taken a frame; and that a line without a file descriptor sleeps between two looks.
WRITE_PATIENCE, NAP = 10.0, 0.002

CHUNK = 1 << 16


def split_name(name: str) -> tuple[str, int | None]:
    """A device's name as pyserial takes it, and its baud rate if it says one: ``/dev/ttyUSB0?baud=3000000``."""
    address, mark, query = name.partition("?")
    options = parse_qsl(query, keep_blank_values=True)
    rates = [value for key, value in options if key == "baud"]
    rest = urlencode([(key, value) for key, value in options if key != "baud"])
    if len(rates) > 1 or not all(rate.isdecimal() and int(rate) > 0 for rate in rates):
        raise LinkError(f"{name}: baud must be one positive number, as in {address}?baud={DEFAULT_BAUD}")
    if mark and rest and "://" not in address:
        raise LinkError(f"{name}: the only option of a port is baud, as in {address}?baud={DEFAULT_BAUD}")
    return address + (f"?{rest}" if rest else ""), int(rates[0]) if rates else None


def has_rate(address: str) -> bool:
    """Whether a port carries bits at a rate of its own, so that a board is heard at no other."""
    if "://" in address:
        return urlsplit(address).scheme not in RATELESS
    return not os.path.realpath(address).startswith(PSEUDO)


class SerialLine:
    """`host.link.port.Line` by the name of a port (``/dev/ttyUSB0``) or a URL of pyserial's (``socket://host:port``),
    at the rate that the name says, or at ``baud``. A port is locked: it is nobody else's until it is closed.

    Raises `LinkError` if it cannot be opened, and when it fails.
    """

    def __init__(self, name: str, baud: int = DEFAULT_BAUD) -> None:
        self._name = name
        address, told = split_name(name)
        self.baud = told or baud
        if "://" in address and not urlsplit(address).scheme.isidentifier():
            raise LinkError(f"{name}: no such kind of port")
        try:
            self._port = serial.serial_for_url(address, baudrate=self.baud, timeout=0, write_timeout=WRITE_PATIENCE, exclusive=True)
            self._descriptor = self._find_descriptor()
            self._port.reset_input_buffer()
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in LOCKED:
                raise LinkError(f"{name} is in use by another program: wait for its end, or end it") from error
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            raise LinkError(f"{name} cannot be opened ({reason}): is it plugged in, free, and yours to use?") from error

    def now(self) -> float:
        return time.monotonic()

    def read(self) -> bytes:
        try:
            if self._descriptor is None:
                return bytes(self._port.read(self._port.in_waiting))
            if not select.select([self._descriptor], [], [], 0)[0]:
                return b""
            data = os.read(self._descriptor, CHUNK)
        except OSError as error:
            raise self._lost(error) from error
        if not data:
            raise self._lost(None)
        return data

    def writable(self) -> bool:
        return self._descriptor is None or bool(select.select([], [self._descriptor], [], 0)[1])

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except OSError as error:
            raise self._lost(error) from error

    def wait(self, seconds: float | None, writable: bool) -> None:
        if self._descriptor is None:
            time.sleep(NAP if seconds is None else min(NAP, seconds))
        else:
            select.select([self._descriptor], [self._descriptor] if writable else [], [], seconds)

    def close(self) -> None:
        # pyserial forgets to close a socket that the other end has reset.
        left = vars(self._port).get("_socket")
        self._port.close()
        if isinstance(left, socket.socket):
            left.close()

    def _find_descriptor(self) -> int | None:
        try:
            return int(self._port.fileno())
        except OSError:
            return None

    def _lost(self, error: OSError | None) -> LinkError:
        reason = "the other end has closed it" if error is None else error.strerror or str(error)
        return LinkError(f"{self._name} has failed ({reason}): is the board still plugged in? Start again from the last checkpoint")
