"""The ring: lanes, each connected to the next one only, beside what all of them are told."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Module, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.shape import Shape

from .host_access import HostAccess
from .index import index
from .lane import Lane
from .operation import aged_layout


class Ring(wiring.Component):
    """Lanes 0 to L - 1; operands, sums and outgoing words travel from lane l + 1 to lane l, and from lane 0 to lane L - 1.

    Members
    -------
    operation, input, restart, capture, chain_move : In, as `Lane`'s, to all lanes
    host : In, likewise, but ``host.write`` means lane ``lane`` only, unless ``every``
    chain : Out, the word that lane 0 sends
    overflow, clip : Out(ways), of all lanes together, a cycle after theirs
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__(
            {
                "operation": In(aged_layout(shape)),
                "input": In(signed(shape.formats.operand.width)),
                "host": In(HostAccess(shape)),
                "lane": In(index(shape.lanes)),
                "every": In(1),
                "capture": In(1),
                "chain_move": In(1),
                "chain": Out(HostAccess(shape).members["data"].shape),
                "restart": In(shape.ways),
                "overflow": Out(shape.ways),
                "clip": Out(shape.ways),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes = [Lane(self.array) for _ in range(self.array.lanes)]
        for number, lane in enumerate(lanes):
            m.submodules[f"lane_{number}"] = lane
            following = lanes[(number + 1) % len(lanes)]
            m.d.comb += [
                lane.operation.eq(self.operation),
                lane.input.eq(self.input),
                lane.ring_i.eq(following.ring_o),
                lane.sum_i.eq(following.sum_o),
                lane.restart.eq(self.restart),
                lane.padded.eq(int(number + self.array.lanes * (self.array.rows - 1) >= self.array.oscillators)),
                lane.capture.eq(self.capture),
                lane.chain_move.eq(self.chain_move),
                lane.chain_i.eq(following.chain_o),
            ]
            for name in self.host.signature.members:
                m.d.comb += getattr(lane.host, name).eq(getattr(self.host, name))
            m.d.comb += lane.host.write.eq(self.host.write & (self.every | (self.lane == number)))
        m.d.comb += self.chain.eq(lanes[0].chain_o)
        for name in ("overflow", "clip"):
            m.d.sync += getattr(self, name).eq(reduce(or_, (getattr(lane, name) for lane in lanes)))
        return m
