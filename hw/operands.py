"""The operands of one lane: positions, activations, momenta and conjugates, each per way and row, as the multiplier takes them."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.shape import Shape

from .index import index
from .operation import aged_layout
from .store import store


def main_layout(shape: Shape) -> data.StructLayout:
    """What the integrator stores for both operands: x in one of two ``buffer``s, or y, and then that is zero."""
    return data.StructLayout(
        {
            "activation": 1,
            "buffer": 1,
            "file": index(shape.ways * shape.rows),
            "value": signed(shape.formats.multiplier),
        }
    )


def side_layout(shape: Shape) -> data.StructLayout:
    """What it stores for the first operand alone: p (in ``low``), or the two digits of a conjugate."""
    low, high = shape.formats.multiplier, max(1, shape.formats.conjugate.width - (shape.formats.multiplier - 1))
    return data.StructLayout({"conjugate": 1, "file": index(shape.ways * shape.rows), "low": signed(low), "high": signed(high)})


class Operands(wiring.Component):
    """Two memories: one with a read port for each operand, one for the first operand alone. Read at age 0, at hand at age 1.

    Members
    -------
    operation : In, at age 0 and 1
    main, main_write, side, side_write : In, a word to store
    left : Out(operand), X, Y, P or a digit of a conjugate, as ``operation.left`` says at age 1
    right : Out(operand), X (also for the ring) or Y
    p : Out(operand), P of ``operation.file``, unless ``left`` is a conjugate
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        word = signed(shape.formats.multiplier)
        super().__init__(
            {
                "operation": In(aged_layout(shape)),
                "main": In(main_layout(shape)),
                "main_write": In(1),
                "side": In(side_layout(shape)),
                "side_write": In(1),
                "left": Out(word),
                "right": Out(word),
                "p": Out(word),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width, files = self.array.formats.multiplier, self.array.ways * self.array.rows
        m.submodules.main = main = store(width, 4 * files, platform)
        m.submodules.side = side = store(len(self.side.low) + len(self.side.high), 2 * files, platform)
        left, right, extra = main.read_port(), main.read_port(), side.read_port()
        write, write_extra = main.write_port(), side.write_port()
        now, then = self.operation.age_0, self.operation.age_1
        left_code, then_code = now.left.as_value(), then.left.as_value()
        left_y, right_y, conjugate = left_code[0], now.right.as_value()[0], left_code[1:].all()
        m.d.comb += [
            left.addr.eq(Cat(left_y, now.buffer & ~left_y, now.file)),
            right.addr.eq(Cat(right_y, now.buffer & ~right_y, now.right_file)),
            extra.addr.eq(Cat(conjugate, now.file)),
            write.addr.eq(Cat(self.main.activation, self.main.buffer, self.main.file)),
            write.data.eq(self.main.value),
            write.en.eq(self.main_write),
            write_extra.addr.eq(Cat(self.side.conjugate, self.side.file)),
            write_extra.data.eq(Cat(self.side.low, self.side.high).as_signed()),
            write_extra.en.eq(self.side_write),
            self.right.eq(right.data),
        ]
        low, high = extra.data[:width].as_signed(), extra.data[width:].as_signed()
        m.d.comb += [self.p.eq(low), self.left.eq(Mux(then_code[2], Mux(then_code[0], high, low), left.data))]
        return m
