"""The parameters of two neighbouring lanes in one memory of two ports: a block RAM holds more than one lane needs."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .host_access import HostAccess
from .index import index
from .store import store


class Parameters(wiring.Component):
    """Lane 0 of the pair reads through the port that the host reads and writes through, lane 1 through the other.

    Members
    -------
    address : In, of the word that both lanes want
    word_0, word_1 : Out(weight), two cycles later
    host : In; ``host_write`` (In) writes its ``data`` to its ``address`` of lane ``host_lane`` (In(1)); what is there is read to word_0
    """

    def __init__(self, shape: Shape, lanes: int) -> None:
        self.array, self.lanes = shape, lanes
        word = signed(shape.formats.weight.width)
        super().__init__(
            {
                "address": In(index(layout.depth(Bank.PARAMETER, shape))),
                "host": In(HostAccess(shape)),
                "host_lane": In(1),
                "host_write": In(1),
                "word_0": Out(word),
                "word_1": Out(word),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = 1 << len(self.address)
        m.submodules.memory = memory = store(
            len(self.word_0), depth * self.lanes if self.lanes > 1 else layout.depth(Bank.PARAMETER, self.array)
        )
        first, write = memory.read_port(), memory.write_port()
        address = Signal.like(first.addr)
        place = Mux(self.host.active, self.host.address[: len(self.address)], self.address)
        m.d.comb += [
            address.eq(Cat(place, self.host.active & self.host_lane) if self.lanes > 1 else place),
            first.addr.eq(address),
            write.addr.eq(address),
            write.data.eq(self.host.data[: len(self.word_0)].as_signed()),
            write.en.eq(self.host_write),
        ]
        m.d.sync += self.word_0.eq(first.data)
        if self.lanes > 1:
            second = memory.read_port()
            m.d.comb += second.addr.eq(Cat(self.address, 1))
            m.d.sync += self.word_1.eq(second.data)
        return m
