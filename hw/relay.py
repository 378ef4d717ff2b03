"""A stream cut in two, so that neither side's handshake has to reach the other within a cycle."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


class Relay(wiring.Component):
    """Hands words on, one in three cycles; ``o.valid`` and ``i.ready`` are flip-flops.

    A word is not kept: it stays where it is, at ``i``, until it has been taken. So this costs two flip-flops, however wide a word is.

    Parameters
    ----------
    width : bits of a word

    Members
    -------
    i, o : streams of words
    """

    def __init__(self, width: int) -> None:
        words = stream.Signature(width)
        super().__init__({"i": In(words), "o": Out(words)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        taken = self.o.valid & self.o.ready
        m.d.comb += self.o.payload.eq(self.i.payload)
        m.d.sync += self.i.ready.eq(taken)
        # In the cycle in which it is given away, a word is still at ``i``.
        m.d.sync += self.o.valid.eq(~taken & (self.o.valid | (self.i.valid & ~self.i.ready)))
        return m
