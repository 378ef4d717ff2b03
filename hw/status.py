"""What the array says of itself: sticky flags and counters, turned past the answer bit by bit."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.protocol import WORD
from loschmidt.spec.shape import Shape

from .delay import later
from .index import index
from .tally import Tally


class Status(wiring.Component):
    """Flags of contexts, cycles with a run under way, multiplications issued.

    Members
    -------
    idle, issued : In(1), no run is under way; a multiplication was issued
    done, done_context, overflow, clip : In, per way: its run has ended, whose it was, and what it has raised
    refused : In(1), a request was answered with an error
    reset_status : In(1), all to zero, a cycle later
    turn : Out, counts the bits of two words, again and again
    cycles, busy : Out(1), bit ``turn``; they are settled when no run has been under way since the turn began
    overflows, clips : Out(contexts), sticky
    fault : Out(1), sticky: a request was refused, or a run has raised a flag
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__(
            {
                "idle": In(1),
                "issued": In(1),
                "done": In(shape.ways),
                "done_context": In(data.ArrayLayout(index(shape.contexts), shape.ways)),
                "overflow": In(shape.ways),
                "clip": In(shape.ways),
                "refused": In(1),
                "reset_status": In(1),
                "turn": Out(range(2 * WORD)),
                "cycles": Out(1),
                "busy": Out(1),
                "overflows": Out(shape.contexts),
                "clips": Out(shape.contexts),
                "fault": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.cycles = cycles = Tally(2 * WORD)
        m.submodules.busy = busy = Tally(2 * WORD)
        m.d.sync += self.turn.eq(self.turn + 1)
        # A register here, as it goes to all counters and flags; a reset goes no further than to it.
        clear = Signal(init=1)
        m.d.sync += clear.eq(self.reset_status)
        for tally, event, o in ((cycles, ~self.idle, self.cycles), (busy, self.issued, self.busy)):
            m.d.comb += [tally.event.eq(event), tally.clear.eq(clear), tally.last.eq(self.turn.all()), o.eq(tally.o)]

        for context in range(self.array.contexts):
            for flags, raised in ((self.overflows, self.overflow), (self.clips, self.clip)):
                found = Signal(self.array.ways, name="ends")
                for w in range(self.array.ways):
                    m.d.comb += found[w].eq(self.done[w] & raised[w] & (self.done_context[w] == context))
                # What is found must not go all the way to its flag at once.
                with m.If(later(m, found.any(), "found", 1)):
                    m.d.sync += flags[context].eq(1)
        # Neither reset nor enable of its own, which would cost more than the flip-flop: a reset comes by way of `clear`.
        fault = Signal(reset_less=True)
        raised = later(m, (self.done & (self.overflow | self.clip)).any(), "raised", 1)
        m.d.sync += fault.eq((fault | raised | self.refused) & ~clear)
        m.d.comb += self.fault.eq(fault)
        with m.If(clear):
            m.d.sync += [self.overflows.eq(0), self.clips.eq(0)]
        return m
