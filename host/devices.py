"""Devices by name. All of them return the same integers; they differ in speed, and in what they are made of."""

from __future__ import annotations

from collections.abc import Callable

from loschmidt.spec.shape import Shape

from . import room
from .board import is_board, open_board
from .device import Device
from .errors import DeviceError
from .fitted import FittedDevice


def _emulator(shape: Shape) -> Device:
    from loschmidt.sim.emulator import Emulator

    return Emulator(shape)


def _golden(shape: Shape) -> Device:
    from loschmidt.sim.golden_device import GoldenDevice

    return GoldenDevice(shape)


def _rtl(shape: Shape) -> Device:
    from loschmidt.sim.rtl import open_rtl

    from .word_device import WordDevice

    return WordDevice(open_rtl(shape))


#: Name -> constructor, imported when asked for: the emulator loads a compiler, the RTL device runs one.
DEVICES: dict[str, Callable[[Shape], Device]] = {"emulator": _emulator, "golden": _golden, "rtl": _rtl}


def check_name(name: str) -> None:
    """Raise `DeviceError` unless ``name`` can be opened."""
    if name in DEVICES:
        return
    if not is_board(name):
        raise DeviceError(f"no device named {name!r}: use one of {', '.join(DEVICES)}, or a board's port like /dev/ttyUSB0")


def find(name: str) -> Device | None:
    """The board at ``name``, as it is; None where a device is made to any shape. Raises what `open_device` raises."""
    check_name(name)
    return None if name in DEVICES else open_board(name)


def shape_at(name: str) -> Shape | None:
    """The shape of the board at ``name``, which is closed again; None where a device is made to any."""
    board = find(name)
    if board is not None:
        board.close()
    return None if board is None else board.shape


def open_device(device: str | Device, shape: Shape) -> Device:
    """A device of that shape, or a board that holds it, by its name or as `find` gives it; close it after use.

    Raises `DeviceError` for a name that is not known, or a board that cannot hold the shape, which is closed then; `ConfigError` for
    a shape that this machine's memory cannot hold; and what `board.open_board` raises.
    """
    room.require(shape)
    found = find(device) if isinstance(device, str) else device
    if found is None:
        return DEVICES[str(device)](shape)
    try:
        return FittedDevice(found, shape)
    except BaseException:
        found.close()
        raise
