"""A part that needs no reset: what is in it is gone some cycles after nothing more comes in."""

from __future__ import annotations

from amaranth.hdl import ClockDomain, ClockSignal, DomainRenamer, Elaboratable, Module

#: Cycles that a reset of an array takes at least, more than `sequencer.drain` of any shape.
RESET = 44


class Resetless(Elaboratable):
    """``part`` in a domain of its own, with the same clock and no reset; its registers begin with their ``init`` at power-up alone.

    A reset that goes to every flip-flop takes a wire to every logic cell, and those of another one may not lie beside them. Whatever feeds
    the part must be in reset for `RESET` cycles, and feed it nothing meanwhile.
    """

    def __init__(self, part: Elaboratable) -> None:
        self.part = part

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.free = ClockDomain(local=True, reset_less=True)
        m.d.comb += ClockSignal("free").eq(ClockSignal())
        m.submodules.within = DomainRenamer("free")(self.part)
        return m
