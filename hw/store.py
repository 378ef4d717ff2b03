"""Memories as the array uses them: signed words, at least two of them, zero at first."""

from __future__ import annotations

from amaranth.hdl import signed
from amaranth.lib.memory import Memory


def store(width: int, depth: int) -> Memory:
    """A memory of signed words. Depth 1 would have an address of no bits, which some tools do not take."""
    return Memory(shape=signed(width), depth=max(2, depth), init=[])
