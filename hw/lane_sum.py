"""The sum of one lane."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .boards.adders import ADDERS
from .boards.target import family
from .rounding import plus


class LaneSum(wiring.Component):
    """Adds a term to itself, to the neighbour's sum, or to nothing. Latency 1 cycle, throughput one a cycle.

    With an adder of `boards.adders` there are two of it, and two registers: one holds the sum as others see it, one is cleared whenever the
    next term is not for it. So a sum goes through the adder and through nothing else. Everywhere else one register serves both.

    Members
    -------
    valid, add, first, hop : In(1), of the operation whose term comes two cycles later: it has one; begins anew; goes to the neighbour's sum
    term, carry : In(signed(width)), In(1), what is added is their sum
    neighbour : In(signed(width)), total : Out(signed(width)), modulo 2^width
    """

    def __init__(self, width: int) -> None:
        total = signed(width)
        flags = {name: In(1) for name in ("valid", "add", "first", "hop", "carry")}
        super().__init__({**flags, "term": In(total), "neighbour": In(total), "total": Out(total)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        target = family(platform)
        adder = ADDERS.get(target) if target else None
        will_take, takes, will_join, joins = (Signal(name=name) for name in ("will_take", "takes", "will_join", "joins"))
        m.d.sync += [
            will_take.eq(self.valid & self.add),
            takes.eq(will_take),
            will_join.eq(self.hop & ~self.first),
            joins.eq(will_join),
        ]
        if adder:
            own, own_joins, will_clear, clears = Signal.like(self.total), Signal(), Signal(), Signal()
            m.d.comb += will_clear.eq(self.valid & self.add & (self.first | self.hop))
            # What is cleared may have been anything: were both to add the same, synthesis would make one of them, and a register has room
            # only beside an adder of its own.
            m.d.sync += [clears.eq(will_clear), own_joins.eq(will_join & ~will_clear)]
            for register, joining in ((self.total, joins), (own, own_joins)):
                total = Signal.like(register, name="next")
                m.submodules += adder(self.term, own, self.neighbour, joining, self.carry, total)
                with m.If(takes):
                    m.d.sync += register.eq(total)
            with m.If(clears):
                m.d.sync += own.eq(0)
        else:
            will_begin, begins = Signal(), Signal()
            m.d.sync += [will_begin.eq(self.first), begins.eq(will_begin)]
            start = Mux(begins, 0, Mux(joins, self.neighbour, self.total))
            with m.If(takes):
                m.d.sync += self.total.eq(plus(start, self.term, self.carry))
        return m
