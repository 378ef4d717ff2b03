"""A part that is reset a cycle later than what is around it, so that the net which resets it begins beside it."""

from __future__ import annotations

from amaranth.hdl import ClockDomain, ClockSignal, DomainRenamer, Elaboratable, Module, ResetSignal, Signal


class LateReset(Elaboratable):
    """``part`` in a domain of its own, with the same clock and the outer reset behind a register.

    Nothing may reach the part in the first cycle after a reset.
    """

    def __init__(self, part: Elaboratable) -> None:
        self.part = part

    def elaborate(self, platform: object) -> Module:
        m = Module()
        reset = Signal(init=1, reset_less=True)
        m.domains.late = ClockDomain(local=True)
        m.d.sync += reset.eq(ResetSignal())
        m.d.comb += [ClockSignal("late").eq(ClockSignal()), ResetSignal("late").eq(reset)]
        m.submodules.within = DomainRenamer("late")(self.part)
        return m
