"""Memories that are read two cycles after they are addressed: a block RAM's own output register then serves, without which it is slow.

The second register is an ordinary one here; `hw.flow.registers` moves it into the block.
"""

from __future__ import annotations

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .index import index
from .store import style


class BlockRam(wiring.Component):
    """``depth`` words of ``width`` bits, in ``parts`` equal parts that are written apart. Zero at first. Throughput one each way a cycle.

    Few words are kept in logic cells where the family has cells for that.

    Members
    -------
    write, write_address, data : In, a bit for each part
    address, word : In, Out, two cycles later; a word that is written in the cycle after it was addressed is the old one
    """

    def __init__(self, width: int, depth: int, parts: int = 1) -> None:
        self.width, self.depth, self.parts = width, max(2, depth), parts
        address = index(self.depth)
        super().__init__(
            {
                "write": In(parts),
                "write_address": In(address),
                "data": In(signed(width)),
                "address": In(address),
                "word": Out(signed(width)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.words = memory = Memory(shape=self.width, depth=self.depth, init=[], attrs=style(self.depth, platform))
        write = memory.write_port(granularity=self.width // self.parts if self.parts > 1 else None)
        read = memory.read_port()
        word = Signal(self.width, reset_less=True)
        m.d.comb += [write.addr.eq(self.write_address), write.data.eq(self.data), write.en.eq(self.write), read.addr.eq(self.address)]
        m.d.comb += self.word.eq(word)
        m.d.sync += word.eq(read.data)
        return m


class TwoPortRam(wiring.Component):
    """As `BlockRam`, but the port that writes also reads, at the same address.

    Members
    -------
    write, data, address_0, word_0 : In, In, In, Out: the first port
    address_1, word_1 : In, Out: the second
    """

    def __init__(self, width: int, depth: int) -> None:
        self.width, self.depth = width, max(2, depth)
        address, word = index(self.depth), signed(width)
        super().__init__(
            {
                "write": In(1),
                "data": In(word),
                "address_0": In(address),
                "address_1": In(address),
                "word_0": Out(word),
                "word_1": Out(word),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.words = memory = Memory(shape=self.width, depth=self.depth, init=[])
        write = memory.write_port()
        m.d.comb += [write.addr.eq(self.address_0), write.data.eq(self.data), write.en.eq(self.write)]
        for number in range(2):
            read, word = memory.read_port(), Signal(self.width, reset_less=True, name=f"word_{number}_later")
            m.d.comb += [read.addr.eq(getattr(self, f"address_{number}")), getattr(self, f"word_{number}").eq(word)]
            m.d.sync += word.eq(read.data)
        return m
