"""Operand file: state, rounded and clipped to what the multiplier takes."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.shape import Shape

from .index import index
from .rounding import nearest, saturated
from .store import store


class OperandFile(wiring.Component):
    """One operand per way and row. A value is stored two cycles after it is presented; a read takes one cycle.

    Members
    -------
    value : In(state), presented one cycle before ``write`` and ``address``
    write, address : store the rounded value
    clip : Out(1), with ``write``: the rounded value did not fit
    read_address_i, read_i : In, Out(operand) a cycle later, for each of ``ports``
    """

    def __init__(self, shape: Shape, ports: int) -> None:
        self.formats = shape.formats
        self.depth = shape.ways * shape.rows
        self.ports = ports
        address = index(self.depth)
        operand = signed(self.formats.operand.width)
        members = {"value": In(signed(self.formats.state.width)), "write": In(1), "address": In(address), "clip": Out(1)}
        for i in range(ports):
            members |= {f"read_address_{i}": In(address), f"read_{i}": Out(operand)}
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.file = file = store(self.formats.operand.width, self.depth)
        rounded = Signal(signed(self.formats.state.width + 1))
        m.d.sync += rounded.eq(nearest(self.value, self.formats.operand_shift))
        clipped, differs = saturated(rounded, self.formats.operand.width)
        write = file.write_port()
        m.d.comb += [
            write.addr.eq(self.address),
            write.data.eq(clipped),
            write.en.eq(self.write),
            self.clip.eq(self.write & differs),
        ]
        for i in range(self.ports):
            read = file.read_port(domain="comb")
            m.d.comb += read.addr.eq(getattr(self, f"read_address_{i}"))
            m.d.sync += getattr(self, f"read_{i}").eq(read.data)
        return m
