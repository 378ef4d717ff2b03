"""A bay of components side by side under one top, so that one simulator serves the benches of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from amaranth.hdl import ClockDomain, DomainRenamer, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Bay(wiring.Component):
    """Every component under its name; port ``x`` of component ``part`` is port ``part_x``.

    ``part_clk`` and ``part_rst`` are one's own: a part whose clock stands still takes no time.

    Parameters
    ----------
    parts : components by name; `ValueError` if two ports would have one name
    """

    def __init__(self, parts: Mapping[str, wiring.Component]) -> None:
        self.parts = dict(parts)
        clocks = {f"{name}_{port}": In(1) for name in parts for port in ("clk", "rst")}
        super().__init__({name: Out(part.signature) for name, part in parts.items()} | clocks)
        ports = Counter("_".join(map(str, path)) for path, _, _ in self.signature.flatten(self))
        for port, count in ports.items():
            if count > 1:
                raise ValueError(f"{count} ports of the bay would be called {port!r}: rename a part, or its port")

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name, part in self.parts.items():
            m.submodules[name] = place = Module()
            place.domains.own = own = ClockDomain(local=True)
            place.d.comb += [own.clk.eq(getattr(self, f"{name}_clk")), own.rst.eq(getattr(self, f"{name}_rst"))]
            place.submodules.tried = DomainRenamer("own")(part)
            wiring.connect(place, part, wiring.flipped(getattr(self, name)))
        return m
