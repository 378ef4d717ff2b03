"""A board at a serial port, or what acts as one, as a device."""

from __future__ import annotations

from pathlib import Path

from loschmidt.spec.shape import Shape

from .blank import BlankDevice
from .device import Device
from .fitted import FittedDevice
from .link import LinkPort, SerialLine
from .word_device import WordDevice

#: Seconds that an answer may take beside what the line needs: a USB port's latency, and what else the machines do.
LATENCY = 0.1

#: Bits that may stand in line before an answer is on its way: what the operating system keeps for a port, and two frames.
QUEUE = 10 * (4096 + 512)


def is_board(name: str) -> bool:
    """Whether a device's name is a port or a URL of one."""
    return "://" in name or name.startswith(("/dev/", "COM")) or Path(name).is_char_device()


def open_board(name: str, wanted: Shape) -> Device:
    """The board at ``name``, reset, as a device that can hold ``wanted``.

    Its lanes, contexts, ways and depths are the board's own, whatever is wanted; its oscillators and inputs are those wanted. Raises
    `LinkError` if nobody answers there, `DeviceError` if the board cannot hold it.
    """
    line = SerialLine(name)
    port = LinkPort(line, f"{name.partition('?')[0]} at {line.baud} baud", LATENCY + QUEUE / line.baud)
    device = WordDevice(port, name)
    try:
        return FittedDevice(BlankDevice(device), wanted)
    except BaseException:
        device.close()
        raise
