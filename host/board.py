"""A board at a serial port, or what acts as one, as a device."""

from __future__ import annotations

from pathlib import Path

from loschmidt.spec.board import LEAST_DIVISOR, load, names

from .blank import BlankDevice
from .device import Device
from .link import DEFAULT_BAUD, LinkPort, NoAnswerError, SerialLine
from .link.serial_line import has_rate, split_name
from .word_device import WordDevice

#: Seconds that an answer may take beside what the line needs: a USB port's latency, and what else the machines do.
LATENCY = 0.1

#: Bits that may stand in line before an answer is on its way: what the operating system keeps for a port, and two frames.
QUEUE = 10 * (4096 + 512)

#: Times that a board is asked again at a rate while others are to be tried, and when there is no other or all have been.
BRIEF, PATIENT = 2, 6


def is_board(name: str) -> bool:
    """Whether a device's name is a port or a URL of one."""
    return "://" in name or name.startswith(("/dev/", "COM")) or Path(name).is_char_device()


def open_board(name: str) -> Device:
    """The board at ``name``, reset, with zeros wherever nothing is written. Raises `LinkError` if nobody answers there."""
    device = WordDevice(call(name), name)
    try:
        return BlankDevice(device)
    except BaseException:
        device.close()
        raise


def rates() -> list[int]:
    """Bits a second at which the boards that come with the project speak, the fastest first."""
    return sorted({load(name).link.baud for name in names()}, reverse=True)


def call(name: str) -> LinkPort:
    """A session with the board at ``name``, at the rate that it says, or at whichever of `rates` it answers."""
    address, told = split_name(name)
    if told is not None or not has_rate(address):
        return _session(name, told or DEFAULT_BAUD, PATIENT)
    known = rates()
    for tries in (BRIEF, PATIENT):
        for baud in known:
            try:
                return _session(name, baud, tries)
            except NoAnswerError:
                continue
    raise NoAnswerError(
        f"{name}: no board answers at {' or '.join(map(str, known))} baud: check its power, its cable and its bitstream, and whether it "
        f"has another port; a rate of your own is {name}?baud=RATE"
    )


def _session(name: str, baud: int, tries: int) -> LinkPort:
    line = SerialLine(name, baud)
    address = name.partition("?")[0]
    # A real port's rate says how slow the board's clock can be; what is simulated takes as long as it takes.
    cycle = 1.0 / (LEAST_DIVISOR * baud) if has_rate(address) else 0.0
    return LinkPort(line, f"{address} at {baud} baud", LATENCY + QUEUE / baud, tries, cycle=cycle)
