"""Components as they are built for a family, on a bench that knows of none."""

from __future__ import annotations

from amaranth.hdl import Fragment
from amaranth.lib import wiring

from loschmidt.hw.boards.target import Target
from loschmidt.spec.part import Family


class Under(wiring.Component):
    """A component as it is built for a family, whatever is built around it."""

    def __init__(self, component: wiring.Component, target: Family) -> None:
        self.component, self.target = component, target
        super().__init__(component.signature)
        # The component's own ports: they are driven and read inside it.
        for name in component.signature.members:
            setattr(self, name, getattr(component, name))

    def elaborate(self, platform: object) -> Fragment:
        return Fragment.get(self.component, Target(self.target))
