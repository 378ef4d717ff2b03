"""cocotb bench of the models of block RAMs: bits by number, sides of any width, registers behind them or not."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from .pins import Pins, setting

#: Bytes of nine bits; a word of fewer bits than that has none of the ninth.
BYTES = 2048
#: What the first ones hold; the others are zero.
CONTENT = tuple((37 * k + 11) & 0x1FF for k in range(32))


class Side:
    """What one side's settings say of addresses and words."""

    def __init__(self, width: int) -> None:
        self.width, self.bytes = width, max(width // 9, 1)
        self.part = min(width, 9)
        #: Words in half of the bytes that hold something at first.
        self.near = len(CONTENT) // 2 // self.bytes if width >= 9 else len(CONTENT) // 2 * 8 // width

    def places(self, word: int) -> list[tuple[int, int]]:
        """Byte and lowest bit of each part of a word."""
        if self.width >= 9:
            return [(word * self.bytes + k, 0) for k in range(self.bytes)]
        return [(word * self.width // 8, word * self.width % 8)]

    def address(self, word: int, marked: int) -> int:
        """The address pins, for a word of whose bytes the marked ones are written."""
        narrow = {1: 0, 2: 1, 4: 2, 9: 3, 18: 4, 36: 5}[self.width]
        return word << narrow | (marked if self.bytes > 1 else 0)

    def read(self, memory: list[int], word: int) -> int:
        return sum((memory[byte] >> low & ((1 << self.part) - 1)) << 9 * k for k, (byte, low) in enumerate(self.places(word)))

    def write(self, memory: list[int], word: int, marked: int, data: int) -> list[int]:
        """What the memory holds then."""
        then, mask = list(memory), (1 << self.part) - 1
        for k, (byte, low) in enumerate(self.places(word)):
            if marked >> k & 1 or self.bytes == 1:
                then[byte] = then[byte] & ~(mask << low) | (data >> 9 * k & mask) << low
        return then


@cocotb.test()
async def any_words(dut: Any) -> None:
    """Writes and reads through A, reads through B, of places that are near each other."""
    pins, choice = await Pins.start(dut, write_a=0, enable_b=1), random.Random(1)
    a, b, gives = Side(setting("width_a")), Side(setting("width_b")), setting("gives")
    latency = 2 if setting("registered") else 1
    memory = [*CONTENT, *(0 for _ in range(BYTES - len(CONTENT)))]
    given: list[int | None] = [None]
    seen: list[int] = []
    for _ in range(1500):
        word, marked, data = choice.randrange(a.near), choice.randrange(1 << a.bytes), choice.randrange(1 << a.width)
        write, other = choice.random() < 0.5, choice.randrange(b.near)
        then = a.write(memory, word, marked, data) if write else memory
        given.append(given[-1] if write and not gives else a.read(then if gives == 1 else memory, word))
        # Where a read meets the other side's write, the model gives the wrong bits.
        touched = {byte for k, (byte, _) in enumerate(a.places(word)) if write and (marked >> k & 1 or a.bytes == 1)}
        seen.append(b.read([byte ^ (0x1FF if place in touched else 0) for place, byte in enumerate(memory[:64])], other))
        await pins.cycle(
            write_a=int(write), address_a=a.address(word, marked), data_a=data, address_b=b.address(other, choice.randrange(1 << b.bytes))
        )
        memory = then
        if len(seen) > latency:
            found, expected = pins.get("word_b"), seen[-1 - latency]
            assert found == expected, f"B gave {found:x} instead of {expected:x}"
            if gives is not None and given[-1 - latency] is not None:
                found, wanted = pins.get("word_a"), given[-1 - latency]
                assert found == wanted, f"A gave {found:x} instead of {wanted:x}"


@cocotb.test()
async def keeps_its_word(dut: Any) -> None:
    """A side that is not enabled gives what it gave."""
    pins = await Pins.start(dut, write_a=0, enable_b=1)
    a, b = Side(setting("width_a")), Side(setting("width_b"))
    empty = 4 * b.near  # nobody writes there
    await pins.cycle(write_a=1, address_a=a.address(0, 15 >> (4 - a.bytes)), data_a=(1 << a.width) - 1)
    await pins.cycle(write_a=0, address_b=b.address(0, 0))
    for _ in range(3):
        await pins.cycle()
    kept = pins.get("word_b")
    assert kept, "what was written is not there"
    for _ in range(4):
        await pins.cycle(enable_b=0, address_b=b.address(empty, 0))
        assert pins.get("word_b") == kept, "a word was read by a side that is not enabled"
