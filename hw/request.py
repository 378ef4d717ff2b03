"""A run, as the command port hands it to the sequencer: addresses instead of entries."""

from __future__ import annotations

from amaranth import hdl
from amaranth.lib import data

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import SHIFT_LIMIT, Accumulate, Direction, Nudge
from loschmidt.spec.shape import Shape

from .index import index


def run_layout(shape: Shape) -> data.StructLayout:
    """Fields of a run.

    Members
    -------
    context, steps, direction, accumulate, shift, nudge, negate, trace : as `spec.run.Run`; no run has more steps than inputs fit
    input_address, nudge_address, trace_address : of the first step taken, in the buffer's bank; any, if the run takes none of it
    """

    def address(bank: Bank) -> hdl.Shape:
        return index(layout.depth(bank, shape))

    return data.StructLayout(
        {
            "context": index(shape.contexts),
            "steps": index(shape.input_depth + 1),
            "direction": range(len(Direction)),
            "accumulate": range(len(Accumulate)),
            "shift": range(SHIFT_LIMIT + 1),
            "nudge": range(len(Nudge)),
            "negate": 1,
            "trace": 1,
            "input_address": address(Bank.INPUT),
            "nudge_address": address(Bank.NUDGE),
            "trace_address": address(Bank.TRACE),
        }
    )
