"""One word of a response after another: a value of a memory as it stands, all else shifted in bit by bit, lowest first."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value, ValueLike
from amaranth.lib import enum, stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import protocol
from loschmidt.spec.protocol import PAYLOAD_LIMIT, WORD, Error
from loschmidt.spec.shape import Shape

from .host_access import HostAccess


class Content(enum.Enum, shape=2):
    """What a word is made of."""

    HEADER = 0
    IDENTITY = 1
    STATUS = 2
    VALUE = 3


class Answer(wiring.Component):
    """Sends words.

    Parameters
    ----------
    shape : of the array
    build : the build's hash, of 32 bits

    Members
    -------
    start, content : In, begin to make a word; all inputs but ``start`` stay as they are until it is sent
    sent : Out(1), the cycle in which it goes
    length : In, words of the payload that follow, or for those of the payload, this one and those after it
    tag, error : In, of the header
    value, part : In, of a value, and which word of it
    turn, cycles, busy, overflows, clips : In, of `Status`
    o : stream of words
    """

    def __init__(self, shape: Shape, build: ValueLike = 0) -> None:
        self.array, self.build = shape, build
        super().__init__(
            {
                "start": In(1),
                "content": In(Content),
                "sent": Out(1),
                "length": In(range(PAYLOAD_LIMIT + 1)),
                "tag": In(8),
                "error": In(Error),
                "value": In(HostAccess(shape).members["answer"].shape),
                "part": In(1),
                "turn": In(range(2 * WORD)),
                "cycles": In(1),
                "busy": In(1),
                "overflows": In(shape.contexts),
                "clips": In(shape.contexts),
                "o": Out(stream.Signature(WORD)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, place = self.array, self.turn[: (WORD - 1).bit_length()]

        def turn(word: Value) -> Value:
            return Cat(word, Const(0, WORD - len(word))).bit_select(place, 1)

        # Words of a payload are known by how many are left.
        identity = Signal(WORD, reset_less=True)
        words: list[ValueLike] = [*protocol.identity(shape)[:-1], self.build]
        with m.Switch(self.length[: len(words).bit_length()]):
            for before, word in enumerate(words):
                with m.Case(len(words) - before):
                    m.d.sync += identity.eq(word)
        status, high = Signal(), Signal()
        flags = [turn(bits[k : k + WORD]) for bits in (self.overflows, self.clips) for k in range(0, shape.contexts, WORD)]
        choices = [self.cycles, self.cycles, self.busy, self.busy, *flags]
        with m.Switch(self.length[: len(choices).bit_length()]):
            for before, choice in enumerate(choices):
                with m.Case(len(choices) - before):
                    m.d.comb += [status.eq(choice), high.eq(before % 2 if before < 4 else 0)]

        # Each kind's bit waits for a cycle, then one of them goes into the word.
        bit, word = Signal(), Signal(WORD, reset_less=True)
        bits = {
            Content.HEADER: turn(Cat(self.length, self.tag, self.error)),
            Content.IDENTITY: turn(identity),
            Content.STATUS: status,
        }
        waiting = {kind: Signal(name=f"{kind.name.lower()}_bit", reset_less=True) for kind in bits}
        m.d.sync += [waiting[kind].eq(chosen) for kind, chosen in bits.items()]
        with m.Switch(self.content):
            for kind, chosen in waiting.items():
                with m.Case(kind):
                    m.d.comb += bit.eq(chosen)
        parts = Cat(self.value, self.value[-1].replicate(-len(self.value) % WORD))

        m.d.comb += self.o.payload.eq(word)
        with m.FSM():
            with m.State("REST"), m.If(self.start):
                m.next = "ALIGN"
                with m.If(self.content == Content.VALUE):
                    m.d.sync += word.eq(parts.word_select(self.part, WORD))
                    m.next = "SEND"
            with m.State("ALIGN"), m.If((place == 0) & ((self.content != Content.STATUS) | (self.turn[-1] == high))):
                m.next = "FILL"
            with m.State("FILL"):
                m.d.sync += word.eq(Cat(word[1:], bit))
                with m.If(place == 0):
                    m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += [self.o.valid.eq(1), self.sent.eq(self.o.ready)]
                with m.If(self.o.ready):
                    m.next = "REST"
        return m
