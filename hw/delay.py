"""A value that is wanted later than it is there."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value

from loschmidt.spec.shape import Shape

from .operation import spacing


def later(m: Module, value: Value, name: str, cycles: int) -> Value:
    """``value`` as it was so many cycles ago: one register for each, all called ``name``. A reset reaches them as late as any value."""
    for _ in range(cycles):
        delayed = Signal.like(value, name=name, reset_less=True)
        m.d.sync += delayed.eq(value)
        value = delayed
    return value


def carried(m: Module, value: Value, name: str, live: Value, first: int, use: int, shape: Shape) -> Value:
    """What is ``value`` at stage ``first``, at stage ``use``; ``live`` says at which stages a ticket is.

    Tickets of a single lane are `spacing` cycles apart, and a register that only they load keeps its word for so long.
    """
    apart = spacing(shape) if shape.tile == 1 else 1
    while first < use:
        register = Signal.like(value, name=f"{name}_{first + 1}")
        if apart == 1:
            m.d.sync += register.eq(value)
        else:
            with m.If(live.bit_select(first, 1)):
                m.d.sync += register.eq(value)
        value, first = register, first + min(apart, use - first)
    return value
