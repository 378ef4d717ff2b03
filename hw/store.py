"""Memories as the array uses them: signed words, at least two of them, zero at first, read a cycle after they are addressed."""

from __future__ import annotations

from amaranth.hdl import Cat, Value, signed
from amaranth.lib.memory import Memory


def store(width: int, depth: int) -> Memory:
    """A memory of signed words. Depth 1 would have an address of no bits, which some tools do not take."""
    return Memory(shape=signed(width), depth=max(2, depth), init=[])


def of_lane(lane: Value, address: Value, lanes: int) -> Value:
    """Where a memory that ``lanes`` share, a power of two, keeps one lane's word; those of one address lie side by side."""
    return Cat(lane[: (lanes - 1).bit_length()], address) if lanes > 1 else address
