"""Memories that are read two cycles after they are addressed: a block RAM's own output register then serves, without which it is slow.

The second register is an ordinary one here; `hw.flow.registers` moves it into the block. Where a family's blocks have none, or synthesis
cannot use it, the address is registered instead, which is narrower, and shares its cell with what selects it.
"""

from __future__ import annotations

from amaranth.hdl import Module, signed
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.spec.part import Family

from .boards.target import family
from .delay import later
from .index import index
from .store import style

#: Families whose block RAMs have their address registered, not their word.
ADDRESSED_EARLY = (Family.ICE40, Family.GOWIN)


class BlockRam(wiring.Component):
    """``depth`` words of ``width`` bits, in ``parts`` equal parts that are written apart. Zero at first. Throughput one each way a cycle.

    Few words are kept in logic cells where the family has cells for that.

    Members
    -------
    write, write_address, data : In, a bit for each part
    address, word : In, Out, two cycles later; a word must not be written in the cycle in which it is addressed, nor in the next
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
        before, behind = (1, 0) if family(platform) in ADDRESSED_EARLY else (0, 1)
        m.d.comb += [
            write.addr.eq(self.write_address),
            write.data.eq(self.data),
            write.en.eq(self.write),
            read.addr.eq(later(m, self.address, "addressed", before)),
            self.word.eq(later(m, read.data, "word_later", behind)),
        ]
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
        before, behind = (1, 0) if family(platform) in ADDRESSED_EARLY else (0, 1)
        write = memory.write_port()
        addresses = [later(m, address, "addressed", before) for address in (self.address_0, self.address_1)]
        # The port that writes is also read: all that goes to it is late, or none of it.
        m.d.comb += [
            write.addr.eq(addresses[0]),
            write.data.eq(later(m, self.data, "data_late", before)),
            write.en.eq(later(m, self.write, "write_late", before)),
        ]
        for word, address in zip((self.word_0, self.word_1), addresses, strict=True):
            read = memory.read_port()
            m.d.comb += [read.addr.eq(address), word.eq(later(m, read.data, "word_later", behind))]
        return m
