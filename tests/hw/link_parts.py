"""The link's components, for benches: side by side in one bay, like those of `parts`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from amaranth.lib import wiring

from loschmidt.hw.link.cobs import Decoder, Encoder
from loschmidt.hw.link.link import Link
from loschmidt.hw.link.uart import LEAST_DIVISOR, UartReceiver, UartTransmitter
from loschmidt.hw.relay import Relay
from loschmidt.spec import link

from .parts import Part

#: The least, and one that is odd.
DIVISORS = {"fast": LEAST_DIVISOR, "odd": 13}

#: Bits of a word that the relay on the bench hands on.
RELAYED = 9


def linked(bench: str, buffer: int, make: Callable[[int, int], wiring.Component] = Link) -> Part:
    """A link whose positions wrap soon."""
    first = link.POSITIONS - 100
    return Part(partial(make, buffer, first), bench, {"buffer": buffer, "first": first})


def link_parts() -> dict[str, Part]:
    """The link and what it is made of."""
    parts = {
        "decoder": Part(Decoder, "cobs_decoder", {}),
        "encoder": Part(Encoder, "cobs_encoder", {}),
        "relay": Part(partial(Relay, RELAYED), "relay", {"width": RELAYED}),
    }
    for name, divisor in DIVISORS.items():
        settings = {"divisor": divisor}
        parts[f"{name}_receiver"] = Part(partial(UartReceiver, divisor), "uart_receiver", settings)
        parts[f"{name}_transmitter"] = Part(partial(UartTransmitter, divisor), "uart_transmitter", settings)
    return parts | {"link": linked("link", link.LEAST_BUFFER), "traffic": linked("link_traffic", 4 * link.LEAST_BUFFER)}
