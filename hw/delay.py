"""A value that is wanted later than it is there."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value


def later(m: Module, value: Value, name: str, cycles: int) -> Value:
    """``value`` as it was so many cycles ago: one register for each, all called ``name``."""
    for _ in range(cycles):
        delayed = Signal.like(value, name=name)
        m.d.sync += delayed.eq(value)
        value = delayed
    return value
