"""Where in the memories a request stands: address by address, lane by lane, word by word of a value."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.protocol import PAYLOAD_LIMIT
from loschmidt.spec.shape import Shape

from .addresses import address_bits
from .index import index
from .traits import TRAITS, Traits


class Walker(wiring.Component):
    """Counts through a bank.

    Members
    -------
    bank : In, a bank or another number of `Traits`
    count, most, shared, two_words : Out, of `Traits`, a cycle later
    load, first : In, the address becomes ``first``; blank : In(1), it becomes zero; restart : In(1), so do lane and part
    word_done : In(1), go on to the next word of a value
    value_done : In(1), ... to the next value: of the next lane, or past the last, of the next address
    move_done : In(1), ... to the next lane of a tile, or past the last, to lane 0 of the next address
    address_done : In(1), ... to the next address
    address, lane, part : Out
    last_part, last_of_tile, past : Out(1), a cycle later: no more words of the value, no more lanes of a tile; there is no such address
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        bits = address_bits(shape)
        super().__init__(
            {
                "bank": In(TRAITS),
                "count": Out(range(PAYLOAD_LIMIT + 1)),
                "most": Out(range(PAYLOAD_LIMIT + 1)),
                "shared": Out(1),
                "two_words": Out(1),
                "load": In(1),
                "first": In(bits),
                "blank": In(1),
                "restart": In(1),
                "word_done": In(1),
                "value_done": In(1),
                "move_done": In(1),
                "address_done": In(1),
                "address": Out(bits),
                "lane": Out(index(shape.lanes)),
                "part": Out(1),
                "last_part": Out(1),
                "last_of_tile": Out(1),
                "past": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self.array
        m.submodules.traits = traits = Traits(shape)
        m.d.comb += traits.bank.eq(self.bank)
        for name in ("count", "most", "shared", "two_words"):
            m.d.comb += getattr(self, name).eq(getattr(traits, name))

        address, lane, part = (Signal.like(output, reset_less=True) for output in (self.address, self.lane, self.part))
        m.d.comb += [self.address.eq(address), self.lane.eq(lane), self.part.eq(part)]
        last_lane = Signal()
        m.d.sync += [
            self.last_part.eq(part == traits.two_words),
            self.last_of_tile.eq(lane[: (shape.tile - 1).bit_length()].all()),
            last_lane.eq(traits.shared | (lane == shape.lanes - 1)),
            self.past.eq(address >= traits.depth),
        ]

        with m.If(self.word_done):
            m.d.sync += part.eq(~part)
        with m.If(self.restart | self.value_done):
            m.d.sync += part.eq(0)
        lanes_done = (self.value_done & last_lane) | (self.move_done & self.last_of_tile)
        with m.If(self.value_done | self.move_done):
            m.d.sync += lane.eq(lane + 1)
        with m.If(self.restart | lanes_done):
            m.d.sync += lane.eq(0)
        with m.If(self.load | lanes_done | self.address_done):
            m.d.sync += address.eq(Mux(self.load, self.first, address + 1))
        with m.If(self.blank):
            m.d.sync += address.eq(0)
        return m
