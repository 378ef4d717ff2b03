"""The lane's hardware multiplier, with the registers that a DSP block has inside."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .boards.multipliers import BLOCKS
from .boards.target import family


class Multiplier(wiring.Component):
    """``product = left * right``, signed. Latency 3 cycles (operand, pipeline and output registers), throughput one a cycle.

    A target whose family has a block of at least ``width`` bits gets that block with its own registers. Everywhere else, and in
    simulation, it is behavioural; synthesis then makes it of several blocks, or recognises the registers by itself. None of the
    registers is reset: what comes out is defined from the third cycle on.

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
        target = family(platform)
        size, block = BLOCKS.get(target, (0, None)) if target else (0, None)
        if block and self.width <= size:
            left, right, product = Signal(signed(size)), Signal(signed(size)), Signal(2 * size)
            m.submodules.block = block(left, right, product)
            m.d.comb += [left.eq(self.left), right.eq(self.right), self.product.eq(product)]
        else:
            left, right = Signal.like(self.left, reset_less=True), Signal.like(self.right, reset_less=True)
            pipeline, product = Signal.like(self.product, reset_less=True), Signal.like(self.product, reset_less=True)
            m.d.sync += [left.eq(self.left), right.eq(self.right), pipeline.eq(left * right), product.eq(pipeline)]
            m.d.comb += self.product.eq(product)
        return m
