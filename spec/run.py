"""One run: how a context is taken through the input buffer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from .errors import SpecError
from .shape import Shape

#: Largest ``shift`` of a run, and of the time step ``delta = 2**-s``.
SHIFT_LIMIT = 15
STEP_LIMIT = 15


class Direction(IntEnum):
    ASCENDING = 0
    DESCENDING = 1


class Accumulate(IntEnum):
    OFF = 0
    ADD = 1
    SUBTRACT = 2


class Nudge(IntEnum):
    """When the nudge vector is added to the kick."""

    NONE = 0
    HOLD = 1  #: entry ``nudge_base`` at every step
    IMPULSE = 2  #: entry ``nudge_base`` at the highest step index alone: the first step of a descending run
    STREAM = 3  #: entry ``nudge_base + k`` at step index k


class Run(NamedTuple):
    """Take ``context`` over step indices 0..steps-1 (or back), with input ``input_base + k`` at index k.

    Members
    -------
    context : which state is advanced
    steps : time steps, at least 1
    input_base : entry of the input buffer that index 0 reads
    direction : `Direction`
    accumulate : `Accumulate`; products are shifted left by ``shift`` first
    shift : 0 to `SHIFT_LIMIT`
    nudge, nudge_base : `Nudge` and the entry of the nudge buffer it starts at
    negate : take the nudge with the opposite sign
    trace, trace_base : whether the midpoint position of index k is written to entry ``trace_base + k``
    """

    context: int
    steps: int
    input_base: int = 0
    direction: Direction = Direction.ASCENDING
    accumulate: Accumulate = Accumulate.OFF
    shift: int = 0
    nudge: Nudge = Nudge.NONE
    nudge_base: int = 0
    negate: bool = False
    trace: bool = False
    trace_base: int = 0

    def validate(self, shape: Shape) -> None:
        """Raise `SpecError` if the shape cannot run this."""
        if not 0 <= self.context < shape.contexts:
            raise SpecError(f"context must be 0 to {shape.contexts - 1}, not {self.context}")
        if self.steps < 1:
            raise SpecError(f"steps must be at least 1, not {self.steps}")
        if not 0 <= self.shift <= SHIFT_LIMIT:
            raise SpecError(f"shift must be 0 to {SHIFT_LIMIT}, not {self.shift}")
        _check_window("input", self.input_base, self.steps, shape.input_depth)
        if self.nudge is not Nudge.NONE:
            _check_window("nudge", self.nudge_base, self.steps if self.nudge is Nudge.STREAM else 1, shape.nudge_depth)
        if self.trace:
            _check_window("trace", self.trace_base, self.steps, shape.trace_depth)


def _check_window(name: str, base: int, steps: int, depth: int) -> None:
    if not 0 <= base <= depth - steps:
        raise SpecError(f"{name} entries {base} to {base + steps - 1} lie outside the buffer of {depth}")


@dataclass(frozen=True)
class Status:
    """Sticky flags per context, and counters, since they were last cleared.

    Members
    -------
    overflow : contexts whose state wrapped round
    clip : contexts whose state was clipped where it entered a product
    cycles : clock cycles during which a run was under way (0 on a device without a clock)
    busy : multiply cycles issued to a lane in that time (0 on a device without a clock)
    """

    overflow: frozenset[int] = frozenset()
    clip: frozenset[int] = frozenset()
    cycles: int = 0
    busy: int = 0
