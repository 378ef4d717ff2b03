"""Entries of contexts and buffers to addresses, and whether a run stays in its buffers: bit by bit, lowest first."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .index import index
from .serial import Times, serial_sum

#: Cycles from a bit that is chosen to its place in the newest address.
STAGES = 2


class Wanted(enum.Enum, shape=3):
    """Which address is made, and of what."""

    ADDRESS = 0  #: of the word, as it is
    SOURCE = 1  #: of the source's first row
    TARGET = 2  #: of the target's first row
    NEXT = 3  #: the one after the newest
    INPUT = 4  #: of a run's first input: the word is the entry of step index 0
    NUDGE = 5  #: of a run's first nudge, likewise
    TRACE = 6  #: of a run's first midpoint, likewise


def address_bits(shape: Shape) -> int:
    """Bits that hold every address, and the depth of every bank."""
    return max(layout.depth(bank, shape) for bank in Bank).bit_length()


class Addresses(wiring.Component):
    """Makes one address after another; each takes ``address_bits + STAGES`` cycles.

    Members
    -------
    start, wanted : In, begin; all inputs but ``start`` stay as they are until ``done``
    done : Out(1), the last cycle: from the next on, the outputs are those of this address
    word, steps : In, the part of them that an address can have
    target, source : In, contexts
    descending, stream : In(1), the run begins at its highest step index; its nudge has an entry for each
    o : Out, the last three addresses, the newest last
    inside : Out(1), all entries that the run takes are in the buffer, if there is a step at all
    no_step : Out(1), there is none
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        self.bits = address_bits(shape)
        super().__init__(
            {
                "start": In(1),
                "wanted": In(Wanted),
                "done": Out(1),
                "word": In(self.bits),
                "steps": In(self.bits),
                "target": In(index(shape.contexts)),
                "source": In(index(shape.contexts)),
                "descending": In(1),
                "stream": In(1),
                "o": Out(data.ArrayLayout(self.bits, 3)),
                "inside": Out(1),
                "no_step": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, bits = self.array, self.bits
        left, under_way = Signal(range(bits + STAGES)), Signal()
        with m.If(self.start):
            m.d.sync += [left.eq(bits + STAGES - 1), under_way.eq(1)]
        with m.Elif(under_way):
            m.d.sync += [left.eq(left - 1), under_way.eq(left != 0)]
        m.d.comb += self.done.eq(under_way & (left == 0))
        clear = Signal(STAGES)
        m.d.sync += clear.eq(Cat(self.start, clear))

        def turn(value: Value) -> Value:
            """The bit whose turn it is; zeros follow the highest."""
            return Cat(Const(0, STAGES), (value[k] if k < len(value) else Const(0, 1) for k in reversed(range(bits)))).bit_select(left, 1)

        # The addresses wait one behind the other; each drags along as many idle bits as there are stages.
        length = bits + STAGES
        chain = Signal(3 * length, reset_less=True)
        for k in range(3):
            m.d.comb += self.o[k].eq(chain[k * length + STAGES : (k + 1) * length])

        # What the address is made of, and the buffer's entries.
        bit, step, limit = (Signal(reset_less=True) for _ in range(3))
        of_run = self.wanted.as_value()[2]
        m.d.sync += [bit.eq(turn(self.word)), step.eq(turn(self.steps))]
        with m.Switch(self.wanted):
            for wanted, value in ((Wanted.SOURCE, turn(self.source)), (Wanted.TARGET, turn(self.target)), (Wanted.NEXT, self.o[2][0])):
                with m.Case(wanted):
                    m.d.sync += bit.eq(value)
            for wanted, entries in (
                (Wanted.INPUT, shape.input_depth),
                (Wanted.NUDGE, shape.nudge_depth),
                (Wanted.TRACE, shape.trace_depth),
            ):
                with m.Case(wanted):
                    m.d.sync += limit.eq(turn(Const(entries, bits)))

        # The highest step index, the entry it takes, and whether that is below the limit.
        all_steps, last = Signal(), Signal()
        m.d.comb += [
            all_steps.eq(of_run & ((self.wanted != Wanted.NUDGE) | self.stream)),
            last.eq(step ^ self.no_step),
        ]
        m.d.sync += self.no_step.eq(clear[0] | (self.no_step & ~step))
        highest = Signal()
        m.d.comb += highest.eq(serial_sum(m, bit, last & all_steps, clear[0], self.wanted == Wanted.NEXT))
        m.d.sync += self.inside.eq(~clear[0] & Mux(highest == limit, self.inside, limit))
        first = Signal()
        m.d.sync += first.eq(Mux(of_run & ~self.descending, bit, highest))

        # Addresses that one entry takes.
        m.submodules.inputs = inputs = Times(shape.inputs)
        m.submodules.rows = rows = Times(shape.rows)
        m.d.comb += [inputs.i.eq(first), inputs.clear.eq(clear[1]), rows.i.eq(first), rows.clear.eq(clear[1])]
        made = Signal()
        with m.Switch(self.wanted):
            with m.Case(Wanted.ADDRESS, Wanted.NEXT):
                m.d.comb += made.eq(first)
            with m.Case(Wanted.INPUT):
                m.d.comb += made.eq(inputs.o)
            with m.Default():
                m.d.comb += made.eq(rows.o)
        with m.If(under_way):
            m.d.sync += chain.eq(Cat(chain[1:], made))
        return m
