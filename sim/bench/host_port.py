"""A component's memories through its ``host`` port, as the command port reaches them while no operation is under way."""

from __future__ import annotations

from loschmidt.spec.layout import Bank

from .pins import Pins

#: Inputs of a host port that asks for nothing.
IDLE = {"host_active": 0, "host_write": 0, "host_move": 0}


async def write(pins: Pins, bank: Bank, address: int, value: int) -> None:
    await pins.cycle(host_active=1, host_bank=bank, host_address=address, host_write=1, host_data=value)
    await pins.cycle(**IDLE)


async def read(pins: Pins, port: str, address: int) -> int:
    """The word that ``port`` shows a cycle after it was addressed."""
    await pins.cycle(host_active=1, host_address=address)
    await pins.cycle(**IDLE)
    return pins.signed(port)


async def move(pins: Pins, destination: int, source: int, flip: bool) -> None:
    """Position and momentum from one address to another, the momentum's sign changed or not."""
    await pins.cycle(host_active=1, host_address=source)
    await pins.cycle(host_move=1, host_flip=int(flip), host_destination=destination)
    await pins.cycle(**IDLE)
