"""A walk through a group of a program: what `fetch` finds, turn by turn of `engine`, at the pace of whoever takes the operations."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In

from loschmidt.spec.shape import Shape

from .engine import Engine
from .fetch import Fetch
from .program import Row
from .skid import Skid

#: Members of `Fetch` that a walk shows as they are.
_OUTER = ("start", "way", "row", "ends", "free")


class Walk(wiring.Component):
    """Offers the operations of one group after another; the next group is fetched while the last turns of the one before it are made.

    An operation is offered a cycle after `Engine` has it, so that whether it is taken need not be known there at once. With several tiles
    an item is a cycle on its way to `Engine`, too, and a row of the program has a cycle to itself.

    Members
    -------
    start, way, row, ends, free : as `Fetch`'s
    the rest : as `Engine`'s, without its ``item``
    """

    def __init__(self, shape: Shape, rows: Sequence[Row]) -> None:
        self.fetch, self.engine = Fetch(shape, rows), Engine(shape, rows)
        # Control of a single tile is near everything, and made of what little logic a small chip has.
        self.spare = shape.tiles > 1
        outer = {name: member for name, member in self.fetch.signature.members.items() if name in _OUTER}
        inner = {name: member for name, member in self.engine.signature.members.items() if not name.startswith("item")}
        self.turn = data.StructLayout({name: member.shape for name, member in inner.items() if name not in ("valid", "advance")})
        super().__init__({**outer, **inner})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fetch = fetch = self.fetch
        m.submodules.engine = engine = self.engine
        m.submodules.skid = skid = Skid(self.turn, self.spare)
        if self.spare:
            m.submodules.ahead = ahead = Skid(engine.item.shape(), self.spare)
            items = [
                *(ahead.i.valid.eq(fetch.valid), ahead.i.payload.eq(fetch.item), fetch.ready.eq(ahead.i.ready)),
                *(engine.item_valid.eq(ahead.o.valid), engine.item.eq(ahead.o.payload), ahead.o.ready.eq(engine.item_ready)),
            ]
        else:
            items = [engine.item_valid.eq(fetch.valid), engine.item.eq(fetch.item), fetch.ready.eq(engine.item_ready)]
        m.d.comb += [
            *items,
            skid.i.valid.eq(engine.valid),
            engine.advance.eq(engine.valid & skid.i.ready),
            self.valid.eq(skid.o.valid),
            skid.o.ready.eq(self.advance),
            *(skid.i.payload[name].eq(getattr(engine, name)) for name in self.turn.members),
            *(getattr(self, name).eq(skid.o.payload[name]) for name in self.turn.members),
        ]
        for name in _OUTER:
            inside, outside = getattr(fetch, name), getattr(self, name)
            m.d.comb += inside.eq(outside) if fetch.signature.members[name].flow == In else outside.eq(inside)
        return m
