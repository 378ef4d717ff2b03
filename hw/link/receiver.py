"""Frames from the host: checked, their words kept for the array."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.hw.block_ram import BlockRam
from loschmidt.spec import link, protocol
from loschmidt.spec.link import Flag, Kind

from .cobs import ITEM
from .crc import PAIRS, crc

#: Bytes of a frame after which its first field is known, its second, and so on; two bytes later than the last, its words have begun.
FLAGS, SESSION, RECEIVED, POSITION, COUNT, WINDOW, WORDS = 2, 4, 6, 8, 10, 12, 13


def notice_layout(buffer: int) -> data.StructLayout:
    """What a good frame says about our own stream; ``window`` stops at one that is larger than anything kept."""
    return data.StructLayout({"received": 16, "window": range(2 * buffer), "rewind": 1})


class FrameReceiver(wiring.Component):
    """Takes the words of good frames, once and in order, and hands them on. A byte takes five cycles.

    Parameters
    ----------
    buffer : words kept, a power of two
    first : position of a session's first word; 0, but for trials of what happens when positions wrap

    Members
    -------
    i : stream of `cobs.ITEM`
    o : stream of words, in the host's order
    hold : In(1), no word is handed on
    session : Out(16), the one under way; 0 is none
    renewed : Out(1), in this cycle a new session begins, and whatever was kept is forgotten
    repeated : Out(1), the session under way was opened once more
    notice : stream of `notice_layout`, one of each good frame of the session; the frame's words count as received when it is taken
    received : Out(16), position of the next word due
    room : Out, words that can be taken, as it was a cycle ago or earlier
    told : In(1), what ``room`` is in the next cycle is told to the host
    telling : In(1), ``room`` must stay as it is
    tell : Out(1), since then as many words as fill half of the buffer have been handed on
    rewind : Out(1), words are missing
    asked : In(1), in this cycle the host is asked for them
    damaged : Out(1), a frame that was not right has come since the session began
    """

    def __init__(self, buffer: int, first: int = 0) -> None:
        self.buffer, self.first = buffer, first
        super().__init__(
            {
                "i": In(stream.Signature(ITEM)),
                "o": Out(stream.Signature(protocol.WORD)),
                "hold": In(1),
                "session": Out(16),
                "renewed": Out(1),
                "repeated": Out(1),
                "notice": Out(stream.Signature(notice_layout(buffer))),
                "received": Out(16),
                "room": Out(range(buffer + 1), init=buffer),
                "told": In(1),
                "telling": In(1),
                "tell": Out(1),
                "rewind": Out(1),
                "asked": In(1),
                "damaged": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = BlockRam(protocol.WORD, self.buffer, parts=link.BYTES)
        m.submodules.check = check = crc()
        bits = (self.buffer - 1).bit_length()

        # While a byte goes into the CRC, first all that may matter of it is found out, then what does is kept.
        field, step = Signal(16), Signal(range(WORDS + 1))
        ripe, turn, under_way = Signal(), Signal(range(PAIRS)), Signal()
        m.d.sync += [ripe.eq(under_way & (turn == 0)), turn.eq(turn + under_way)]
        with m.If(turn.all()):
            m.d.sync += under_way.eq(0)
        m.d.comb += [check.data.eq(field[8:].word_select(turn, 2)), check.valid.eq(under_way)]

        opening, carrying, session, known, named = Signal(), Signal(), Signal(16), Signal(), Signal()
        rewind, due, ahead, fits = Signal(), Signal(), Signal(), Signal()
        received, window = Signal(16), Signal(range(2 * self.buffer))
        count, index = Signal(range(link.PAYLOAD_WORDS + 1)), Signal(range(link.PAYLOAD_WORDS + 1))  # of words before the CRC
        part = Signal(range(link.BYTES))  # of a word
        whole, wrong, matched, good = Signal(), Signal(), Signal(), Signal()
        some, same, here, beyond, many, wide, all_in, keeps = (Signal() for _ in range(8))
        m.d.sync += [
            some.eq(field.any()),
            same.eq(field == self.session),
            here.eq(field == self.received),
            beyond.eq(~(field - self.received)[15]),
            matched.eq(check.match_detected),
            many.eq(field[len(count) :].any() | (field[: len(count)] > link.PAYLOAD_WORDS)),
            wide.eq(field[len(window) :].any()),
            all_in.eq(index == count),
            keeps.eq((step == WORDS) & ~all_in & fits),
        ]
        m.d.comb += [
            memory.write_address.eq((self.received + index)[:bits]),
            memory.data.eq(field[8:].replicate(link.BYTES)),
        ]
        with m.If(ripe & keeps):
            m.d.comb += memory.write.bit_select(part, 1).eq(1)
        with m.If(ripe), m.Switch(step):
            with m.Case(FLAGS):
                m.d.sync += [opening.eq(field[8:] == Kind.OPEN), carrying.eq(field[8:] == Kind.DATA), rewind.eq((field & Flag.REWIND) != 0)]
            with m.Case(SESSION):
                m.d.sync += [session.eq(field), known.eq(same), named.eq(some)]
            with m.Case(RECEIVED):
                m.d.sync += received.eq(field)
            with m.Case(POSITION):
                m.d.sync += [due.eq(here), ahead.eq(beyond & ~here)]
            with m.Case(COUNT):
                m.d.sync += [count.eq(field), index.eq(0)]
                with m.If(many):
                    m.d.sync += wrong.eq(1)
            with m.Case(WINDOW):
                m.d.sync += [fits.eq(count <= self.room), part.eq(0), window.eq(Mux(wide, (1 << len(window)) - 1, field))]
            with m.Case(WORDS):
                m.d.sync += part.eq(part + 1)
                with m.If(whole):
                    m.d.sync += wrong.eq(1)
                with m.If(part == link.BYTES - 1):
                    with m.If(all_in):
                        m.d.sync += whole.eq(1)
                    with m.Else():
                        m.d.sync += index.eq(index + 1)

        m.d.comb += [
            self.notice.payload.received.eq(received),
            self.notice.payload.window.eq(window),
            self.notice.payload.rewind.eq(rewind),
        ]
        m.d.sync += [self.renewed.eq(0), self.repeated.eq(0)]
        with m.FSM():
            with m.State("FRAME"):
                # A notice stands until its frame's fields are about to be written over.
                m.d.comb += self.i.ready.eq(~under_way & ~(self.notice.valid & (step == FLAGS - 1)))
                with m.If(self.i.valid & self.i.ready):
                    with m.If(self.i.payload.end):
                        with m.If(~self.i.payload.good):
                            m.d.sync += wrong.eq(1)
                        m.next = "CHECK"
                    with m.Else():
                        m.d.sync += [under_way.eq(1), field.eq(Cat(field[8:], self.i.payload.data))]
                        m.d.sync += step.eq(Mux(step == WORDS, WORDS, step + 1))
            with m.State("CHECK"):
                m.d.sync += good.eq(matched & whole & ~wrong & (opening | carrying))
                m.next = "JUDGE"
            with m.State("JUDGE"):
                with m.If(~good):
                    m.d.sync += self.damaged.eq(1)
                # Before the first session, its number is 0, which is none.
                with m.Elif(carrying & known & named):
                    m.d.sync += self.notice.valid.eq(1)
                m.d.comb += check.start.eq(1)
                m.d.sync += [self.renewed.eq(good & opening & ~known & named), self.repeated.eq(good & opening & known & named)]
                m.d.sync += [step.eq(0), whole.eq(0), wrong.eq(0)]
                m.next = "FRAME"

        with m.If(self.asked):
            m.d.sync += self.rewind.eq(0)
        with m.If(self.notice.valid & self.notice.ready):
            m.d.sync += self.notice.valid.eq(0)
            with m.If(due & fits):
                m.d.sync += self.received.eq(self.received + count)
            with m.If(ahead):
                m.d.sync += self.rewind.eq(1)

        # A word waits in the memory until the array has taken it; the next is there two cycles after it is addressed.
        out = Signal(bits + 1)  # one bit more than there are words tells a full buffer from an empty one
        less, empty, settling, taken = Signal(bits + 1), Signal(init=1), Signal(), Signal()  # ``less`` is minus the words kept
        unsaid = Signal(bits)  # words handed on since room was last told; the top bit stays
        m.d.comb += [
            memory.address.eq(out),
            self.o.payload.eq(memory.word),
            taken.eq(self.o.valid & self.o.ready),
            less.eq(out - self.received),
            self.tell.eq(unsaid[-1]),
        ]
        m.d.sync += [
            settling.eq(taken),
            empty.eq(less == 0),
            self.o.valid.eq(~taken & (self.o.valid | ~(settling | empty | self.hold))),
        ]
        with m.If(~self.telling):
            m.d.sync += self.room.eq(Cat(less[:-1], ~less[-1]))  # the buffer's size more
        with m.If(taken):
            m.d.sync += [out.eq(out + 1), unsaid.eq(Cat((unsaid + 1)[: bits - 1], unsaid[-1] | (unsaid + 1)[bits - 1]))]
        with m.If(self.told):
            m.d.sync += unsaid.eq(taken)

        with m.If(self.renewed):
            m.d.sync += [
                self.session.eq(session),
                self.received.eq(self.first),
                self.rewind.eq(0),
                self.damaged.eq(0),
                out.eq(self.first),
                unsaid.eq(0),
                self.o.valid.eq(0),
            ]
        return m
