"""The parameters of two neighbouring lanes in one memory of two ports: a block RAM holds more than one lane needs."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .block_ram import TwoPortRam
from .host_access import HostWithin
from .index import index


class Parameters(wiring.Component):
    """Lane 0 of the pair reads through the port that the host reads and writes through, lane 1 through the other.

    Members
    -------
    address : In, of the word that both lanes want
    word_0, word_1 : Out(weight), three cycles later
    host : In; ``host_write`` (In) writes its ``data`` to its ``address`` of lane ``host_lane`` (In(1)); what is there is read to word_0
    """

    def __init__(self, shape: Shape, lanes: int) -> None:
        self.array, self.lanes = shape, lanes
        word = signed(shape.formats.weight.width)
        super().__init__(
            {
                "address": In(index(layout.depth(Bank.PARAMETER, shape))),
                "host": In(HostWithin(shape)),
                "host_lane": In(1),
                "host_write": In(1),
                "word_0": Out(word),
                "word_1": Out(word),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = 1 << len(self.address)
        words = depth * self.lanes if self.lanes > 1 else layout.depth(Bank.PARAMETER, self.array)
        m.submodules.memory = memory = TwoPortRam(len(self.word_0), words)
        place = Mux(self.host.active, self.host.address[: len(self.address)], self.address)
        # From registers: what is chosen from comes from afar, and the memory may be as far away.
        m.d.sync += [
            memory.address_0.eq(Cat(place, self.host.active & self.host_lane) if self.lanes > 1 else place),
            memory.address_1.eq(Cat(self.address, 1) if self.lanes > 1 else self.address),
            memory.data.eq(self.host.data[: len(self.word_0)]),
            memory.write.eq(self.host_write),
        ]
        m.d.comb += [
            self.word_0.eq(memory.word_0),
            self.word_1.eq(memory.word_1),
        ]
        return m
