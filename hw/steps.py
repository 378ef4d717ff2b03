"""Control as a walk from step to step, with a flip-flop for each: more of them than a counted state needs, and far less logic."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Module, Mux, Signal, Value


class Steps:
    """Says which step is under way. One that is left to none stays.

    Parameters
    ----------
    first : name of the step that a reset begins with; ``steps[name]`` is high while that step is under way
    """

    def __init__(self, first: str) -> None:
        self._now: dict[str, Signal] = {}
        self._ways: list[tuple[str, str, Value | None]] = []
        self._first = first

    def __getitem__(self, name: str) -> Signal:
        if name not in self._now:
            self._now[name] = Signal(name=f"step_{name}", init=name == self._first)
        return self._now[name]

    def go(self, origin: str, target: str, when: Value | None = None) -> None:
        """``target`` follows ``origin``, in the cycle after ``when``; of one step's conditions at most one is true at a time."""
        self._ways.append((origin, target, when))

    def fork(self, origin: str, when: Value, target: str, otherwise: str) -> None:
        """One or the other follows ``origin`` at once."""
        self.go(origin, target, when)
        self.go(origin, otherwise, ~when)

    def add_to(self, m: Module) -> None:
        """The flip-flops; every step that was named must be reached, and left."""
        names = set(self._now) | {name for origin, target, _ in self._ways for name in (origin, target)}
        for name in sorted(names):
            left = [when for origin, _, when in self._ways if origin == name]
            reached = [(self[origin], when) for origin, target, when in self._ways if target == name]
            if not left or not reached:
                raise ValueError(f"step {name} is never {'reached' if left else 'left'}")
            terms = [now if when is None else now & when for now, when in reached]
            if not any(when is None for when in left):
                terms.append(Mux(reduce(or_, left), 0, self[name]))
            m.d.sync += self[name].eq(reduce(or_, terms))
