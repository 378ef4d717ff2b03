"""The pins of Sipeed's Tang Nano 20K, which amaranth-boards does not know: clock, serial converter and LEDs."""

from __future__ import annotations

from amaranth.build import Attrs, Clock, Pins, Resource, Subsignal
from amaranth.vendor import GowinPlatform

_LEVELS = Attrs(IO_TYPE="LVCMOS33")


class TangNano20kPlatform(GowinPlatform):
    """Pins as the maker's schematic numbers them; its die is the Tang Primer 20K's, with SDRAM beside it in the package."""

    part = "GW2AR-LV18QN88C8/I7"
    family = "GW2AR-18C"
    default_clk = "clk27"
    resources = (
        Resource("clk27", 0, Pins("4", dir="i"), Clock(27e6), _LEVELS),
        Resource(
            "uart", 0, Subsignal("rx", Pins("70", dir="i")), Subsignal("tx", Pins("69", dir="o")), Attrs(IO_TYPE="LVCMOS33", PULL_MODE="UP")
        ),
        *(Resource("led", k, Pins(pin, dir="o", invert=True), _LEVELS) for k, pin in enumerate(("15", "16", "17", "18", "19", "20"))),
    )
    connectors = ()
