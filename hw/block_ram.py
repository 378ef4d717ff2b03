"""Memories that are read two cycles after they are addressed: a block RAM's own output register then serves, without which it is slow."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.spec.part import Family

from .boards import memories
from .boards.target import family
from .index import index
from .store import CELL_WORDS, style


class BlockRam(wiring.Component):
    """``depth`` words of ``width`` bits, in ``parts`` equal parts that are written apart. Zero at first. Throughput one each way a cycle.

    Few words are kept in logic cells where the family has cells for that.

    A word that is read while it is written may be the old one, the new one, or neither.

    Members
    -------
    write, write_address, data : In, a bit for each part
    address, word : In, Out, two cycles later
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
        form = next((bits for bits, words in memories.DEPTHS.items() if words >= self.depth), None)
        if family(platform) is not Family.ECP5 or form is None or self.depth <= CELL_WORDS:
            m.submodules.memory = memory = Memory(shape=self.width, depth=self.depth, init=[], attrs=style(self.depth, platform))
            write, read = memory.write_port(granularity=self.width // self.parts if self.parts > 1 else None), memory.read_port()
            m.d.comb += [write.addr.eq(self.write_address), write.data.eq(self.data), write.en.eq(self.write), read.addr.eq(self.address)]
            word = Signal(self.width, reset_less=True)
            m.d.sync += word.eq(read.data)
            m.d.comb += self.word.eq(word)
            return m
        # Columns of whole blocks, or of half ones where the halves are written apart.
        step = form if self.parts == 1 else min(form, self.width // self.parts)
        for first in range(0, self.width, step):
            data = self.data[first : first + step]
            enable = self.write[first * self.parts // self.width]
            word = Signal(form, name=f"word_{first}")
            if form == 36:
                block = memories.wide(Cat(enable, enable), self.write_address, data, self.address, word)
            else:
                block = memories.narrow(form, enable, self.write_address, data, self.address, Signal(form, name=f"unused_{first}"), word)
            m.submodules[f"block_{first}"] = block
            m.d.comb += self.word[first : first + step].eq(word)
        return m


class TwoPortRam(wiring.Component):
    """As `BlockRam`, but the port that writes also reads, at the same address.

    Members
    -------
    write, data, address_0, word_0 : In, In, In, Out: the first port; what it reads in a cycle in which it writes is undefined
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
        form = next((bits for bits, words in memories.DEPTHS.items() if bits <= 18 and words >= self.depth), None)
        if family(platform) is not Family.ECP5 or form is None:
            m.submodules.memory = memory = Memory(shape=self.width, depth=self.depth, init=[])
            write, first, second = memory.write_port(), memory.read_port(), memory.read_port()
            words = [Signal(self.width, reset_less=True, name=f"word_{port}_later") for port in range(2)]
            m.d.comb += [write.addr.eq(self.address_0), write.data.eq(self.data), write.en.eq(self.write)]
            m.d.comb += [first.addr.eq(self.address_0), second.addr.eq(self.address_1)]
            m.d.sync += [words[0].eq(first.data), words[1].eq(second.data)]
            m.d.comb += [self.word_0.eq(words[0]), self.word_1.eq(words[1])]
            return m
        for start in range(0, self.width, form):
            words = [Signal(form, name=f"word_{port}_{start}") for port in range(2)]
            m.submodules[f"block_{start}"] = memories.narrow(
                form, self.write, self.address_0, self.data[start : start + form], self.address_1, *words
            )
            m.d.comb += [self.word_0[start : start + form].eq(words[0]), self.word_1[start : start + form].eq(words[1])]
        return m
