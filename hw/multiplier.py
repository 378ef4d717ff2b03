"""The lane's hardware multiplier, with the registers that a DSP block has inside."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Multiplier(wiring.Component):
    """``product = left * right``, signed. Latency 3 cycles (operand, pipeline and output registers), throughput one a cycle.

    Members
    -------
    left, right : In(signed(width))
    product : Out(signed(2 * width))
    """

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({"left": In(signed(width)), "right": In(signed(width)), "product": Out(signed(2 * width))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        left, right = Signal.like(self.left), Signal.like(self.right)
        pipeline = Signal.like(self.product)
        m.d.sync += [left.eq(self.left), right.eq(self.right), pipeline.eq(left * right), self.product.eq(pipeline)]
        return m
