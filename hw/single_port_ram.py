"""A memory that is either written or read in a cycle, read two cycles after it is addressed: deep ones need no block RAM on iCE40."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.part import Family

from .block_ram import BlockRam
from .boards.spram import WIDTH, WORDS, spram
from .boards.target import family
from .index import index


class SinglePortRam(wiring.Component):
    """``depth`` words of ``width`` bits. One word a cycle, in or out.

    A target that is an iCE40 gets its large memories, as many side by side as a word is wide; everywhere else, and in simulation, this is
    a `BlockRam`. What it holds before anything is written is undefined.

    Members
    -------
    write, data : In, the word at ``address`` becomes ``data``
    address, word : In, Out, two cycles later; undefined if the word was written in the cycle in which it was addressed
    """

    def __init__(self, width: int, depth: int) -> None:
        self.width, self.depth = width, max(2, depth)
        super().__init__(
            {"write": In(1), "data": In(signed(width)), "address": In(index(self.depth)), "word": Out(signed(width))},
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if family(platform) is Family.ICE40:
            blocks = -(-self.depth // WORDS)
            bits = (WORDS - 1).bit_length()
            place, chosen = self.address[bits:], Signal(range(blocks))
            m.d.sync += chosen.eq(place)
            words = []
            for column in range(0, self.width, WIDTH):
                column_words = Array(Signal(WIDTH, name=f"word_{column}_{number}") for number in range(blocks))
                for number in range(blocks):
                    write = self.write & (place == number) if blocks > 1 else self.write
                    m.submodules[f"block_{column}_{number}"] = spram(
                        self.address[:bits], write, self.data[column : column + WIDTH], column_words[number]
                    )
                words.append(column_words[chosen] if blocks > 1 else column_words[0])
            word = Signal(self.width, reset_less=True)
            m.d.sync += word.eq(Cat(words))
            m.d.comb += self.word.eq(word)
        else:
            m.submodules.memory = memory = BlockRam(self.width, self.depth)
            m.d.comb += [
                memory.write.eq(self.write),
                memory.data.eq(self.data),
                memory.write_address.eq(self.address),
                memory.address.eq(self.address),
                self.word.eq(memory.word),
            ]
        return m
