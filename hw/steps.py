"""Control as a walk from step to step, with a flip-flop for each: more of them than a counted state needs, and far less logic."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Signal, Value


class Steps:
    """Says which step is under way. One that is left to none stays.

    Parameters
    ----------
    first : name of the step that a reset begins with; ``steps[name]`` is high while a step is under way that `go` has named
    """

    def __init__(self, first: str) -> None:
        self._now: dict[str, Signal] = {}
        self._ways: list[tuple[str, str, Value | None]] = []
        self._first = first

    def __getitem__(self, name: str) -> Signal:
        return self._now[name]

    def all(self) -> list[Signal]:
        """Of every step, whether it is under way."""
        return list(self._now.values())

    def go(self, origin: str, target: str, when: Value | None = None) -> None:
        """``target`` follows ``origin``, in the cycle after ``when``; of one step's conditions at most one is true at a time."""
        self._ways.append((origin, target, when))
        for name in (origin, target):
            if name not in self._now:
                self._now[name] = Signal(name=f"step_{name}", init=name == self._first)

    def fork(self, origin: str, when: Value, target: str, otherwise: str) -> None:
        """One or the other follows ``origin`` at once."""
        self.go(origin, target, when)
        self.go(origin, otherwise, ~when)

    def check(self) -> None:
        """Every step must be reached, and left; `ValueError` if one is not."""
        for name in self._now:
            for end, what in ((1, "reached"), (0, "left")):
                if not any(way[end] == name for way in self._ways):
                    raise ValueError(f"step {name} is never {what}")

    def add_to(self, m: Module) -> None:
        """The flip-flops."""
        self.check()
        for name, now in self._now.items():
            terms = [self[origin] if when is None else self[origin] & when for origin, target, when in self._ways if target == name]
            ways = [when for origin, _, when in self._ways if origin == name]
            left = [when for when in ways if when is not None]
            if len(left) == len(ways):
                terms.append(now & ~Cat(left).any())
            m.d.sync += now.eq(reduce(or_, terms))
