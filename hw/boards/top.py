"""What a bitstream is made of: clock, pins, and between them whatever speaks through a serial line."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ClockDomain, Elaboratable, Instance, Module
from amaranth.lib import io, wiring

from loschmidt.spec.board import Board

from .clocking import Clocking

#: A module with an output ``word``, the hash of the build. The flow adds it once it knows the hash of all the rest.
BUILD_HASH = "loschmidt_build_hash"


class Top(Elaboratable):
    """``gateware`` on the board's pins and clock.

    Parameters
    ----------
    board : says which pins, and which clock
    gateware : a component with members ``rx``, the pin, which it synchronises itself, and ``tx``; if it has a member ``build``,
        32 bits, that is given the hash of the build
    """

    def __init__(self, board: Board, gateware: wiring.Component) -> None:
        self.board, self.gateware = board, gateware

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.domains.sync = ClockDomain()
        m.submodules.clocking = Clocking(self.board)
        m.submodules.gateware = gateware = self.gateware
        pins = platform.request(self.board.link.resource, self.board.link.number, dir="-")
        m.submodules.rx = rx = io.Buffer("i", pins.rx)
        m.submodules.tx = tx = io.Buffer("o", pins.tx)
        m.d.comb += [gateware.rx.eq(rx.i), tx.o.eq(gateware.tx)]
        if "build" in gateware.signature.members:
            m.submodules.build_hash = Instance(BUILD_HASH, o_word=gateware.build)
        return m
