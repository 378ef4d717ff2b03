"""How many clock cycles an array takes, at the most: bounds for whoever waits for it. What it does take is a third of them or less."""

from __future__ import annotations

from collections.abc import Iterable

from . import layout
from .layout import Bank
from .shape import Shape


def step_limit(shape: Shape) -> int:
    """Cycles of one time step of one context, whatever it accumulates."""
    return 64 + 8 * shape.rows * (shape.terms + 32)


def run_limit(steps: Iterable[int], shape: Shape) -> int:
    """Cycles of runs of so many steps, one after another."""
    return sum(steps) * step_limit(shape)


def sweep_limit(shape: Shape) -> int:
    """Cycles of anything else: the longest is a sweep of all accumulators."""
    return 16 * layout.depth(Bank.ACCUMULATOR, shape) + 10_000
