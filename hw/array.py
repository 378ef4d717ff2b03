"""The whole array: control, and a ring of lanes."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import protocol
from loschmidt.spec.shape import Shape

from .control import Control
from .lane import Lane


class Array(wiring.Component):
    """A reversible oscillator array behind a port of 32-bit words.

    Members
    -------
    i, o : streams of words; `spec.protocol` says which
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__({"i": In(stream.Signature(protocol.WORD)), "o": Out(stream.Signature(protocol.WORD))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.control = control = Control(self.array)
        lanes = [Lane(self.array) for _ in range(self.array.lanes)]
        for number, lane in enumerate(lanes):
            m.submodules[f"lane_{number}"] = lane

        wiring.connect(m, control.i, wiring.flipped(self.i))
        wiring.connect(m, wiring.flipped(self.o), control.o)
        for number, lane in enumerate(lanes):
            following = lanes[(number + 1) % len(lanes)]
            m.d.comb += [
                lane.operation.eq(control.operation),
                lane.input.eq(control.input),
                lane.ring_i.eq(following.ring_o),
                lane.sum_i.eq(following.sum_o),
                lane.restart.eq(control.restart),
                lane.capture.eq(control.capture),
                lane.chain_move.eq(control.chain_move),
                lane.chain_i.eq(following.chain_o),
            ]
            for name in control.host.signature.members:
                m.d.comb += getattr(lane.host, name).eq(getattr(control.host, name))
            m.d.comb += lane.host.write.eq(control.host.write & (control.every | (control.lane == number)))
        m.d.comb += control.chain.eq(lanes[0].chain_o)
        for name in ("overflow", "clip"):
            m.d.sync += getattr(control, name).eq(reduce(or_, (getattr(lane, name) for lane in lanes)))
        return m
