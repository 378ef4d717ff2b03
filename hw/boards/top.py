"""What a bitstream is made of: clock, pins, and between them whatever speaks through a serial line."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ClockDomain, Elaboratable, Module
from amaranth.lib import io, wiring

from loschmidt.spec.board import Board

from .clocking import Clocking


class Top(Elaboratable):
    """``gateware``, a component with members ``rx`` and ``tx``, on the board's pins and clock.

    ``rx`` is the pin, asynchronous: the gateware synchronises it.
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
        return m
