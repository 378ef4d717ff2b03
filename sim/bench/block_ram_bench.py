"""cocotb bench of a model of ECP5's block RAM: bits by number, sides of any width, registers behind them or not."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from .pins import Pins, setting

#: Bytes of nine bits; a word of fewer bits than that has none of the ninth.
BYTES = 2048


class Side:
    """What one side's settings say of addresses and words."""

    def __init__(self, width: int) -> None:
        self.width, self.bytes = width, max(width // 9, 1)
        self.part = 9 if width >= 9 else width

    def places(self, word: int) -> list[tuple[int, int]]:
        """Byte and lowest bit of each part of a word."""
        if self.width >= 9:
            return [(word * self.bytes + k, 0) for k in range(self.bytes)]
        return [(word * self.width // 8, word * self.width % 8)]

    def address(self, word: int, marked: int) -> int:
        """The address pins, for a word of whose bytes the marked ones are written."""
        narrow = {1: 0, 2: 1, 4: 2, 9: 3, 18: 4, 36: 5}[self.width]
        return word << narrow | (marked if self.bytes > 1 else 0)

    @property
    def words(self) -> int:
        return BYTES // self.bytes if self.width >= 9 else BYTES * 8 // self.width


@cocotb.test()
async def any_words(dut: Any) -> None:
    """Writes through A, reads through B, of places that are near each other."""
    pins, choice = await Pins.start(dut, write_a=0, enable_b=1), random.Random(1)
    a, b = Side(setting("width_a")), Side(setting("width_b"))
    latency = 2 if setting("registered") else 1
    memory = [0] * BYTES
    most = 4 * 36 // min(a.width, 9) // a.bytes
    for word in range(most):
        for byte, _ in a.places(word):
            memory[byte] = 0
        await pins.cycle(write_a=1, address_a=a.address(word, 15 >> (4 - a.bytes)), data_a=0)
    due: list[int] = []
    for _ in range(1500):
        written, marked, data = choice.randrange(most), choice.randrange(1 << a.bytes), choice.randrange(1 << a.width)
        write = choice.random() < 0.5
        touched = {byte for k, (byte, _) in enumerate(a.places(written)) if write and marked >> k & 1 | (a.bytes == 1)}
        read = choice.randrange(4 * 36 // min(b.width, 9) // b.bytes)
        wanted = 0
        for k, (byte, low) in enumerate(b.places(read)):
            found = memory[byte] ^ (0x1FF if byte in touched else 0)  # where both meet, the model gives the wrong bits
            wanted |= (found >> low & ((1 << b.part) - 1)) << 9 * k
        due.append(wanted)
        await pins.cycle(
            write_a=int(write), address_a=a.address(written, marked), data_a=data, address_b=b.address(read, choice.randrange(1 << b.bytes))
        )
        for k, (byte, low) in enumerate(a.places(written)):
            if byte in touched:
                mask = (1 << a.part) - 1
                memory[byte] = memory[byte] & ~(mask << low) | (data >> 9 * k & mask) << low
        if len(due) > latency:
            found, expected = pins.get("word"), due[-1 - latency]
            assert found == expected, f"a word was {found:x} instead of {expected:x}"


@cocotb.test()
async def keeps_its_word(dut: Any) -> None:
    """A side that is not enabled gives what it gave."""
    pins = await Pins.start(dut, write_a=0, enable_b=1)
    a, b = Side(setting("width_a")), Side(setting("width_b"))
    every = 15 >> (4 - a.bytes)
    await pins.cycle(write_a=1, address_a=a.address(0, every), data_a=(1 << a.width) - 1)
    await pins.cycle(write_a=1, address_a=a.address(a.words - 1, every), data_a=0)
    await pins.cycle(write_a=0, address_b=b.address(0, 0))
    for _ in range(3):
        await pins.cycle()
    kept = pins.get("word")
    assert kept, "what was written is not there"
    for _ in range(4):
        await pins.cycle(enable_b=0, address_b=b.address(b.words - 1, 0))
        assert pins.get("word") == kept, "a word was read by a side that is not enabled"
