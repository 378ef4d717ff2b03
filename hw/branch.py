"""A branch of the tree on which everything that tiles are told goes out to them."""

from __future__ import annotations

from amaranth.hdl import Module, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.run import STEP_LIMIT
from loschmidt.spec.shape import Shape

from .delay import later
from .host_access import HostAccess
from .operation import operation_layout

#: Tiles that hang on one branch; as few need none.
TILES_OF_A_BRANCH = 2

#: Cycles along a branch.
LENGTH = 3


def told_layout(shape: Shape) -> data.StructLayout:
    """What every tile is told, by the names of `tile.Tile`'s members; of ``host`` all but the answer."""
    asked = {name: member.shape for name, member in HostAccess(shape).members.items() if name != "answer"}
    return data.StructLayout(
        {
            "operation": operation_layout(shape),
            "input": signed(shape.formats.operand.width),
            "s": range(STEP_LIMIT + 1),
            "restart": shape.ways,
            "host": data.StructLayout(asked),
        }
    )


class Branch(wiring.Component):
    """Registers between the ring's and those of its tiles, or what all are told would cross the chip within a cycle.

    All branches hold the same. A part of its own, as `flow.share` keeps it, so that synthesis does not make one of them all.

    Members
    -------
    i, o : In, Out, what tiles are told; `LENGTH` cycles later
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__({"i": In(told_layout(shape)), "o": Out(told_layout(shape))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.eq(later(m, self.i, "along", LENGTH))
        return m
