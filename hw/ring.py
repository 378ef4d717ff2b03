"""The ring: tiles of lanes, each connected to the next one only, beside what all of them are told."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from amaranth.hdl import Module, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.run import STEP_LIMIT
from loschmidt.spec.shape import Shape

from .branch import LENGTH, TILES_OF_A_BRANCH, Branch, told_layout
from .delay import later
from .host_access import HostAccess
from .operation import operation_layout
from .tile import Tile


def entry(shape: Shape) -> int:
    """Cycles from the ring's ports to its lanes: a register at the tile's border and one in the lane; one here if there are several tiles,
    and a branch if there are several of those."""
    return 2 + (shape.tiles > 1) + LENGTH * (shape.tiles > TILES_OF_A_BRANCH)


#: Most cycles from the tiles' borders to the ring's: of up to 256 tiles, four at a time.
GATHERED = 4


class Ring(wiring.Component):
    """Lanes 0 to L - 1; operands and sums travel from lane l + 1 to lane l, and from lane 0 to lane L - 1.

    Members
    -------
    operation : In, `entry` cycles before its age 0
    input : In(operand), the input word, `entry` cycles before age 1
    s, restart : In, static; begins a way's flags anew
    host : In(HostAccess)
    overflow, clip : Out(ways), of all lanes together
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__(
            {
                "operation": In(operation_layout(shape)),
                "input": In(signed(shape.formats.operand.width)),
                "s": In(range(STEP_LIMIT + 1)),
                "restart": In(shape.ways),
                "host": In(HostAccess(shape)),
                "overflow": Out(shape.ways),
                "clip": Out(shape.ways),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, size = self.array, self.array.tile
        tiles = [Tile(shape, min(size, shape.lanes - first)) for first in range(0, shape.lanes, size)]

        # What comes from outside is a cycle under way, if there are several tiles, and then along branches, if there are those.
        told = Signal(told_layout(shape))
        common = ("operation", "input", "s", "restart")
        asked = [name for name in self.host.signature.members if name != "answer"]
        m.d.comb += [told[name].eq(getattr(self, name)) for name in common]
        m.d.comb += [told.host[name].eq(getattr(self.host, name)) for name in asked]
        root = later(m, told, "told", 1 if len(tiles) > 1 else 0)
        words = [root] * len(tiles)
        if len(tiles) > TILES_OF_A_BRANCH:
            for first in range(0, len(tiles), TILES_OF_A_BRANCH):
                m.submodules[f"branch_{first // TILES_OF_A_BRANCH}"] = branch = Branch(shape)
                m.d.comb += branch.i.eq(root)
                words[first : first + TILES_OF_A_BRANCH] = [branch.o] * len(tiles[first : first + TILES_OF_A_BRANCH])
        # A register, or synthesis would have another first tile.
        counted: Value = Signal.like(tiles[0].number)
        m.d.sync += counted.eq(0)
        for number, tile in enumerate(tiles):
            m.submodules[f"tile_{number}"] = tile
            following = tiles[(number + 1) % len(tiles)]
            lanes = range(number * size, number * size + tile.lanes)
            padded = sum(1 << k for k, lane in enumerate(lanes) if lane + shape.lanes * (shape.rows - 1) >= shape.oscillators)
            m.d.comb += [
                tile.number.eq(counted),
                tile.padded.eq(padded),
                tile.ring_i.eq(following.ring_o),
                tile.sum_i.eq(following.sum_o),
                *(getattr(tile, name).eq(words[number][name]) for name in common),
                *(getattr(tile.host, name).eq(words[number].host[name]) for name in asked),
            ]
            counted = tile.following

        def gathered(name: str, values: Sequence[Value]) -> Value:
            """All of them together, four at a time, each time with a register behind."""
            if len(values) == 1:
                return values[0]
            joined = []
            for k in range(0, len(values), 4):
                joined.append(Signal.like(values[0], name=f"{name}_{k}"))
                m.d.sync += joined[-1].eq(reduce(or_, values[k : k + 4]))
            return gathered(name, joined)

        m.d.comb += self.host.answer.eq(gathered("answer", [tile.host.answer for tile in tiles]))
        for name in ("overflow", "clip"):
            m.d.comb += getattr(self, name).eq(gathered(name, [getattr(tile, name) for tile in tiles]))
        return m
