"""The whole array: control, and a ring of lanes."""

from __future__ import annotations

from amaranth.hdl import Module, ValueLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import protocol
from loschmidt.spec.shape import Shape

from .control import Control
from .resetless import Resetless
from .ring import Ring


class Array(wiring.Component):
    """A reversible oscillator array behind a port of 32-bit words.

    Parameters
    ----------
    shape : of the array
    build : the build's hash, of 32 bits, for IDENTIFY

    Members
    -------
    i, o : streams of words; `spec.protocol` says which
    running : Out(1), a run is under way
    fault : Out(1), a request was answered with an error, or a run has raised a flag, since the last RESET_STATUS
    """

    def __init__(self, shape: Shape, build: ValueLike = 0) -> None:
        self.array, self.build = shape, build
        words = stream.Signature(protocol.WORD)
        super().__init__({"i": In(words), "o": Out(words), "running": Out(1), "fault": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.control = control = Control(self.array, self.build)
        ring = Ring(self.array)
        # Control is held in reset for so long that what the ring was doing ends.
        m.submodules.ring = Resetless(ring)
        wiring.connect(m, control.i, wiring.flipped(self.i))
        wiring.connect(m, wiring.flipped(self.o), control.o)
        for name in ("operation", "input", "s", "restart"):
            m.d.comb += getattr(ring, name).eq(getattr(control, name))
        wiring.connect(m, control.host, ring.host)
        m.d.comb += [self.running.eq(control.running), self.fault.eq(control.fault)]
        for name in ("overflow", "clip"):
            m.d.comb += getattr(control, name).eq(getattr(ring, name))
        return m
