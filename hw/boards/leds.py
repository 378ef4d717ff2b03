"""What a board shows on its LEDs without being asked: that it is alive, that it computes, and that something went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from amaranth.build import ResourceError
from amaranth.hdl import Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import io

from loschmidt.spec.board import MOST_LEDS, Board

#: Names of the pins that a board's file gives: of LEDs, and of what powers them.
LED, COMMON = "status_led", "status_led_common"

#: Bits of the divider from the slow blink down to the fast one.
FAST = 3


class Leds(Elaboratable):
    """Drives the LEDs that a board has.

    | LEDs | first | second | third |
    |---|---|---|---|
    | 3 | blinks slowly: alive | lit: a run is under way | lit: error |
    | 2 | blinks slowly: alive; lit: a run is under way | lit: error | |
    | 1 | blinks slowly: alive; lit: a run is under way; blinks fast: error | | |

    A run is shown for at least a period of the fast blink, an eighth of the slow one's.

    Parameters
    ----------
    ports : the LEDs' pins, a bit each, high when lit; up to three
    common : pins that are held high
    divider : counts clock cycles; its highest bit is the slow blink
    running, fault : of one bit: a run is under way; there was an error
    """

    def __init__(self, ports: Sequence[io.PortLike], common: Sequence[io.PortLike], divider: Value, running: Value, fault: Value) -> None:
        self.ports, self.common = ports, common
        self.divider, self.running, self.fault = divider, running, fault

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        slow, fast = self.divider[-1], self.divider[-1 - FAST]
        # No resets, nor enables: flip-flops of one kind fit together where an FPGA is nearly full.
        before, seen, shown = (Signal(reset_less=True) for _ in range(3))
        tick = before & ~fast
        m.d.sync += [
            before.eq(fast),
            seen.eq(self.running | seen & ~tick),
            shown.eq(tick & seen | ~tick & (shown | self.running)),
        ]
        alive = slow | shown
        values = {0: [], 1: [Mux(self.fault, fast, alive)], 2: [alive, self.fault], 3: [slow, shown, self.fault]}[len(self.ports)]
        driven = [*zip(self.ports, values, strict=True), *((port, Const(1)) for port in self.common)]
        for k, (port, value) in enumerate(driven):
            m.submodules[f"pin_{k}"] = buffer = io.Buffer("o", port)
            m.d.comb += buffer.o.eq(value)
        return m


def find(platform: Any, board: Board) -> tuple[list[io.PortLike], list[io.PortLike]]:
    """Request the board's LEDs: those that its file names, or else its platform's own.

    Of a platform's own, the first three plain ones are taken; where there are fewer, green, blue and red of an RGB LED; else what
    there is. An LED whose pin is in use already is left out. A board may have none.

    Parameters
    ----------
    platform : of the board; the link has its pins
    board : its file

    Returns
    -------
    The LEDs' pins and the pins that are to be held high, as `Leds` wants them.
    """
    if board.leds:
        counts = {LED: len(board.leds.pins), COMMON: len(board.leds.common)}
        plain, common = ([platform.request(name, k, dir="-") for k in range(count)] for name, count in counts.items())
        return plain, common
    plain = [bit for port in _free(platform, "led") for bit in (port if isinstance(port, io.PortLike) else ())]
    if len(plain) < MOST_LEDS:
        for port in _free(platform, "rgb_led"):
            colours = [getattr(port, colour, ()) for colour in "gbr"]
            if [len(colour) for colour in colours] == [1] * MOST_LEDS:
                return colours, []
    return plain[:MOST_LEDS], []


def _free(platform: Any, name: str) -> Iterator[Any]:
    """Request one after another of the pins with that name, from the lowest number; those that are in use are passed over."""
    for number in sorted(number for found, number in platform.resources if found == name):
        try:
            yield platform.request(name, number, dir="-")
        except ResourceError:
            continue
