"""What can be said of a request once its header, and then its first word, have come in."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import protocol
from loschmidt.spec.layout import READ_ONLY, Bank
from loschmidt.spec.protocol import ARGUMENTS, PAYLOAD_LIMIT, WORD, Error, Opcode
from loschmidt.spec.run import STEP_LIMIT
from loschmidt.spec.shape import Shape

from .traits import IDENTITY, ROWS, STATUS, TRAITS

#: Whose traits an operation has that names no bank.
NUMBERS = {
    Opcode.IDENTIFY: IDENTITY,
    Opcode.STATUS: STATUS,
    Opcode.COPY: ROWS,
    Opcode.FLIP: ROWS,
    Opcode.CLEAR: Bank.ACCUMULATOR,
}

#: What is asked of an operation later on.
KINDS = {
    "awaits": tuple(code for code, count in ARGUMENTS.items() if count),  # a first word
    "immediate": (Opcode.IDENTIFY, Opcode.RUN),  # does not wait for runs to end
    "brief": (Opcode.CONFIGURE, Opcode.RESET_STATUS),  # is done as soon as nothing is wrong with it
    "counts": (Opcode.IDENTIFY, Opcode.STATUS, Opcode.COPY, Opcode.FLIP),  # words of the answer, or rows, that are known beforehand
    "transfers": (Opcode.WRITE, Opcode.READ),
    "moves": (Opcode.COPY, Opcode.FLIP),
    "reads": (Opcode.READ,),
    "runs": (Opcode.RUN,),
    "clears": (Opcode.CLEAR,),
    "flips": (Opcode.FLIP,),
    "identifies": (Opcode.IDENTIFY,),
    "configures": (Opcode.CONFIGURE,),
    "resets": (Opcode.RESET_STATUS,),
}


def zero(value: Value) -> Value:
    return ~value.any()


def below(value: Value, bound: int) -> Value:
    """``value < bound``, the comparison as narrow as the bound."""
    bits = (bound - 1).bit_length()
    return zero(value[bits:]) & (value[:bits] < bound) if bits else zero(value)


class FirstWord(wiring.Component):
    """Judges a request.

    Members
    -------
    opcode, left : In, of the header
    word : In, the header, then the first word
    unknown, misfit : Out(1), no such operation; a payload that is too short or too long. A cycle after ``left``
    kind : Out, which of `KINDS` the operation is. A cycle after ``opcode``
    wrong, error : Out, the first word is refused, and why. Two cycles after ``word``
    high_half : Out(1), the word has bits above its lower half. A cycle after ``word``
    bank : Out, of the first word, or the number under which `Traits` counts what the operation is about
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__(
            {
                "opcode": In(8),
                "left": In(range(PAYLOAD_LIMIT + 1)),
                "word": In(WORD),
                "unknown": Out(1),
                "misfit": Out(1),
                "kind": Out(data.StructLayout(dict.fromkeys(KINDS, 1))),
                "wrong": Out(1),
                "error": Out(Error),
                "bank": Out(TRAITS),
                "high_half": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, word, opcode = self.array, self.word, self.opcode[: max(Opcode).bit_length()]

        few, fits = Signal(3), Signal()
        m.d.comb += few.eq(self.left)
        fewer = zero(self.left[3:])
        with m.Switch(opcode):
            for code, count in ARGUMENTS.items():
                with m.Case(code):
                    m.d.comb += fits.eq(~fewer | (few > count) if code is Opcode.WRITE else fewer & (few == count))
        m.d.sync += [
            self.unknown.eq(~zero(self.opcode[len(opcode) :]) | (opcode < min(Opcode)) | (opcode > max(Opcode))),
            self.misfit.eq(~fits),
        ]
        m.d.sync += [self.kind[name].eq(Cat(opcode == code for code in codes).any()) for name, codes in KINDS.items()]
        m.d.comb += self.bank.eq(word)
        with m.Switch(opcode):
            for code, number in NUMBERS.items():
                with m.Case(code):
                    m.d.comb += self.bank.eq(number)

        low, high = word[:16], word[16:]
        accumulate = word[protocol.RUN_ACCUMULATE : protocol.RUN_ACCUMULATE + 2]
        no_context, no_source, no_value, no_flags, no_bank = (Signal() for _ in range(5))
        m.d.sync += [
            no_context.eq(~below(low, shape.contexts)),
            no_source.eq(~below(high, shape.contexts)),
            self.high_half.eq(~zero(high)),
            no_value.eq(~below(low[8:], STEP_LIMIT + 1) | ~Cat(low[:8] == h for h in shape.hamiltonians).any()),
            no_flags.eq(~zero(word[protocol.RUN_TRACE + 1 :]) | accumulate.all()),
            no_bank.eq(~below(low, len(Bank)) | ((opcode == Opcode.WRITE) & Cat(low[:4] == bank for bank in READ_ONLY).any())),
        ]
        refusals = {
            Opcode.CONFIGURE: [(no_value | self.high_half, Error.VALUE)],
            Opcode.WRITE: [(no_bank | self.high_half, Error.BANK)],
            Opcode.READ: [(no_bank | self.high_half, Error.BANK)],
            Opcode.RUN: [(no_flags, Error.VALUE), (no_context, Error.CONTEXT)],
            Opcode.COPY: [(no_context | no_source, Error.CONTEXT)],
            Opcode.FLIP: [(no_context | self.high_half, Error.CONTEXT)],
        }
        m.d.sync += [self.wrong.eq(0), self.error.eq(Error.OK)]
        with m.Switch(opcode):
            for code, faults in refusals.items():
                with m.Case(code):
                    for fault, error in faults:
                        with m.If(fault):
                            m.d.sync += [self.wrong.eq(1), self.error.eq(error)]
        return m
