"""What the command port must know of each bank, and of requests that it treats like one."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout, protocol
from loschmidt.spec.layout import SHARED, Bank
from loschmidt.spec.protocol import PAYLOAD_LIMIT
from loschmidt.spec.shape import Shape

#: Numbers past the banks': what has no bank but is counted like one.
IDENTITY, STATUS, ROWS = range(max(Bank) + 1, max(Bank) + 4)

#: Bits of all these numbers.
TRAITS = ROWS.bit_length()


class Traits(wiring.Component):
    """Constants of bank ``bank``, or of one of the numbers past them, a cycle later.

    Members
    -------
    bank : In
    count : Out, words of an address, of the whole answer, or rows of a context
    most : Out, addresses whose words fit a response
    depth : Out, addresses
    shared, two_words : Out(1), as `layout.SHARED`; a value takes two words
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__(
            {
                "bank": In(TRAITS),
                "count": Out(range(PAYLOAD_LIMIT + 1)),
                "most": Out(range(PAYLOAD_LIMIT + 1)),
                "depth": Out(max(layout.depth(bank, shape) for bank in Bank).bit_length()),
                "shared": Out(1),
                "two_words": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self.array
        parts = {bank: protocol.words_per_value(bank, shape) for bank in Bank}
        counts = {bank: layout.lanes(bank, shape) * parts[bank] for bank in Bank}
        others = {IDENTITY: len(protocol.identity(shape)), STATUS: protocol.status_length(shape), ROWS: shape.rows}

        def choose(target: Signal, values: dict[int, int]) -> None:
            with m.Switch(self.bank):
                for bank, value in values.items():
                    with m.Case(bank):
                        m.d.sync += target.eq(value)
                with m.Default():
                    m.d.sync += target.eq(0)

        choose(self.count, counts | others)
        choose(self.most, {bank: PAYLOAD_LIMIT // count for bank, count in counts.items()})
        choose(self.depth, {bank: layout.depth(bank, shape) for bank in Bank})
        choose(self.shared, dict.fromkeys(SHARED, 1))
        choose(self.two_words, {bank: parts[bank] - 1 for bank in Bank})
        return m
