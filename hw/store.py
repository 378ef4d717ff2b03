"""Memories as the array uses them: signed words, at least two of them, zero at first, read a cycle after they are addressed."""

from __future__ import annotations

from amaranth.hdl import Cat, Value, signed
from amaranth.lib.memory import Memory

from loschmidt.spec.part import Family

from .boards.target import family

#: Families whose logic cells can be memories, and the most words that are then kept in them.
CELLS, CELL_WORDS = (Family.ECP5, Family.GOWIN, Family.XILINX7), 32


def style(depth: int, platform: object) -> dict[str, str]:
    """Attributes of a memory of that many words: whether it is to be made of logic cells."""
    return {"ram_style": "distributed"} if depth <= CELL_WORDS and family(platform) in CELLS else {}


def rom_style(platform: object) -> dict[str, str]:
    """Attributes of a table of a few dozen wide rows: made of logic, which is fast, but where logic is the scarcest of all."""
    return {"rom_style": "block" if family(platform) is Family.ICE40 else "logic"}


def store(width: int, depth: int, platform: object) -> Memory:
    """A memory of signed words, of logic cells where `style` says so.

    Depth 1 would have an address of no bits, which some tools do not take.
    """
    return Memory(shape=signed(width), depth=max(2, depth), init=[], attrs=style(depth, platform))


def of_lane(lane: Value, address: Value, lanes: int) -> Value:
    """Where a memory that ``lanes`` share, a power of two, keeps one lane's word; those of one address lie side by side."""
    return Cat(lane[: (lanes - 1).bit_length()], address) if lanes > 1 else address
