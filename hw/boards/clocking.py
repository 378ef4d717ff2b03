"""From the board's clock to the array's: PLL, and a reset that lasts until all is ready."""

from __future__ import annotations

from math import ceil, log2
from typing import Any

from amaranth.hdl import Cat, ClockDomain, ClockSignal, Const, Elaboratable, Module, ResetSignal, Signal
from amaranth.lib import io
from amaranth.lib.cdc import FFSynchronizer

from loschmidt.spec.board import Board
from loschmidt.spec.part import Family

from .pll import Pll

#: Cycles of reset once the clock is good, as a power of two. The block RAMs of iCE40 read zero for some microseconds after it wakes.
WAKE_BITS = 10


class Clocking(Elaboratable):
    """Drives domain ``sync``, which is defined above, from the platform's default clock, as the board's file says.

    Members
    -------
    divider : Out, counts cycles while the clock is good; its highest bit has a period of one to two seconds
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.divider = Signal(max(WAKE_BITS + 1, ceil(log2(board.clock.frequency))))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        clock, locked = Signal(), Signal()
        port = platform.request(platform.default_clk, dir="-")
        setting = self.board.clock.setting
        if setting and self.board.part.family is Family.ICE40:
            source = port.io
        else:
            m.submodules.buffer = buffer = io.Buffer("i", port)
            source = buffer.i
        if setting:
            m.submodules.pll = pll = Pll(self.board.part, setting, source)
            m.d.comb += [clock.eq(pll.clock), locked.eq(pll.locked)]
        else:
            m.d.comb += [clock.eq(source), locked.eq(Const(1))]

        m.domains.wake = ClockDomain(reset_less=True)
        m.d.comb += [ClockSignal("sync").eq(clock), ClockSignal("wake").eq(clock)]
        good, awake, on_its_way, reset = Signal(), Signal(), Signal(2, init=3), Signal(init=1)
        m.submodules.good = FFSynchronizer(locked, good, o_domain="wake")
        # The divider also counts how long the reset lasts.
        m.d.wake += [self.divider.eq(self.divider + 1), awake.eq(awake | self.divider[WAKE_BITS])]
        with m.If(~good):
            m.d.wake += [self.divider.eq(0), awake.eq(0)]
        # From the PLL in its corner to where the reset is wanted, in three steps.
        m.d.wake += Cat(on_its_way, reset).eq(Cat(~awake, on_its_way))
        m.d.comb += ResetSignal("sync").eq(reset)
        return m
