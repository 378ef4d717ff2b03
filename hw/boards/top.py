"""What a bitstream is made of: clock, pins, and between them whatever speaks through a serial line."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ClockDomain, Const, Elaboratable, Instance, Module
from amaranth.lib import io, wiring

from loschmidt.spec.board import Board

from . import leds
from .clocking import Clocking

#: A module with an output ``word``, the hash of the build. The flow adds it once it knows the hash of all the rest.
BUILD_HASH = "loschmidt_build_hash"


class Top(Elaboratable):
    """``gateware`` on the board's pins and clock.

    Parameters
    ----------
    board : says which pins, and which clock
    gateware : a component with members ``rx``, the pin, which it synchronises itself, and ``tx``; if it has a member ``build``,
        32 bits, that is given the hash of the build; if it has members ``running`` and ``fault``, LEDs show them
    """

    def __init__(self, board: Board, gateware: wiring.Component) -> None:
        self.board, self.gateware = board, gateware

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.domains.sync = ClockDomain()
        m.submodules.clocking = clocking = Clocking(self.board)
        m.submodules.gateware = gateware = self.gateware
        pins = platform.request(self.board.link.resource, self.board.link.number, dir="-")
        m.submodules.rx = rx = io.Buffer("i", pins.rx)
        m.submodules.tx = tx = io.Buffer("o", pins.tx)
        m.d.comb += [gateware.rx.eq(rx.i), tx.o.eq(gateware.tx)]
        members = gateware.signature.members
        ports, common = leds.find(platform, self.board)
        running, fault = (getattr(gateware, name) if name in members else Const(0) for name in ("running", "fault"))
        m.submodules.leds = leds.Leds(ports, common, clocking.divider, running, fault)
        if "build" in members:
            m.submodules.build_hash = Instance(BUILD_HASH, o_word=gateware.build)
        return m
