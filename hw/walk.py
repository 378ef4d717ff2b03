"""A walk through a group of a program: what `fetch` finds, turn by turn of `engine`."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from loschmidt.spec.shape import Shape

from .engine import Engine
from .fetch import Fetch
from .program import Row


class Walk(wiring.Component):
    """Offers the operations of one group after another; the next group is fetched while the last turns of the one before it are made.

    Members
    -------
    start, way, row, free : as `Fetch`'s
    the rest : as `Engine`'s, without its ``item``
    """

    def __init__(self, shape: Shape, rows: Sequence[Row]) -> None:
        self.fetch, self.engine = Fetch(shape, rows), Engine(shape, rows)
        outer = {name: member for name, member in self.fetch.signature.members.items() if name in ("start", "way", "row", "free")}
        inner = {name: member for name, member in self.engine.signature.members.items() if not name.startswith("item")}
        super().__init__({**outer, **inner})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fetch = fetch = self.fetch
        m.submodules.engine = engine = self.engine
        m.d.comb += [engine.item.eq(fetch.item), engine.item_valid.eq(fetch.valid), fetch.ready.eq(engine.item_ready)]
        for part in (fetch, engine):
            for name, member in part.signature.members.items():
                if name in self.signature.members:
                    inside, outside = getattr(part, name), getattr(self, name)
                    m.d.comb += inside.eq(outside) if member.flow == In else outside.eq(inside)
        return m
