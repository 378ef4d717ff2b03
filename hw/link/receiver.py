"""Frames from the host: checked, their words kept for the array."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.crc.catalog import CRC32_ETHERNET
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.spec import link, protocol
from loschmidt.spec.link import Flag, Kind

from .cobs import ITEM

#: Bytes of a frame after which its first field is known, its second, and so on; two bytes later than the last, its words have begun.
FLAGS, SESSION, RECEIVED, POSITION, COUNT, WINDOW, WORDS = 2, 4, 6, 8, 10, 12, 13


def notice_layout(buffer: int) -> data.StructLayout:
    """What a good frame says about our own stream; ``window`` stops at one that is larger than anything kept."""
    return data.StructLayout({"received": 16, "window": range(2 * buffer), "rewind": 1})


class FrameReceiver(wiring.Component):
    """Takes the words of good frames, once and in order, and hands them on.

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
    room : Out, words that can be taken, as it was a cycle ago
    told : In(1), in this cycle ``room`` is told to the host
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
                "tell": Out(1),
                "rewind": Out(1),
                "asked": In(1),
                "damaged": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(shape=8, depth=link.BYTES * self.buffer, init=[])
        write, read = memory.write_port(), memory.read_port()
        m.submodules.check = crc = CRC32_ETHERNET(8).create()
        bits = (self.buffer - 1).bit_length()

        # A byte is looked at in the cycle after it was taken.
        field = Signal(16)
        fresh = Signal()
        step = Signal(range(WORDS + 1))
        m.d.sync += fresh.eq(0)
        m.d.comb += [crc.data.eq(field[8:]), crc.valid.eq(fresh)]

        kind, session, known, named = Signal(8), Signal(16), Signal(), Signal()
        opens, repeats, belongs = Signal(), Signal(), Signal()
        rewind, due, ahead, fits = Signal(), Signal(), Signal(), Signal()
        received, window = Signal(16), Signal(range(2 * self.buffer))
        count, index = Signal(range(link.PAYLOAD_WORDS + 1)), Signal(range(link.PAYLOAD_WORDS + 1))  # of words before the CRC
        part = Signal(2)  # of a word
        whole, wrong, good = Signal(), Signal(), Signal()
        distance = Signal(16)
        m.d.comb += [
            distance.eq(field - self.received),
            write.addr.eq(Cat(part, (self.received + index)[:bits])),
            write.data.eq(field[8:]),
            write.en.eq(fresh & (step == WORDS) & (index != count) & fits),
        ]
        with m.If(fresh), m.Switch(step):
            with m.Case(FLAGS):
                m.d.sync += [kind.eq(field[8:]), rewind.eq((field & Flag.REWIND) != 0)]
            with m.Case(SESSION):
                m.d.sync += [session.eq(field), known.eq((field == self.session) & (field != 0)), named.eq(field != 0)]
            with m.Case(RECEIVED):
                m.d.sync += received.eq(field)
            with m.Case(POSITION):
                m.d.sync += [due.eq(distance == 0), ahead.eq((distance != 0) & ~distance[15])]
            with m.Case(COUNT):
                m.d.sync += [count.eq(field), index.eq(0)]
                with m.If(field[len(count) :].any() | (field[: len(count)] > link.PAYLOAD_WORDS)):
                    m.d.sync += wrong.eq(1)
            with m.Case(WINDOW):
                m.d.sync += [fits.eq(count <= self.room), part.eq(0)]
                m.d.sync += window.eq(Mux(field[len(window) :].any(), (1 << len(window)) - 1, field))
            with m.Case(WORDS):
                m.d.sync += part.eq(part + 1)
                with m.If(whole):
                    m.d.sync += wrong.eq(1)
                with m.If(part == link.BYTES - 1):
                    with m.If(index == count):
                        m.d.sync += whole.eq(1)
                    with m.Else():
                        m.d.sync += index.eq(index + 1)

        m.d.comb += [
            self.notice.payload.received.eq(received),
            self.notice.payload.window.eq(window),
        ]
        with m.FSM():
            with m.State("FRAME"):
                # A notice stands until its frame's fields are about to be written over.
                m.d.comb += self.i.ready.eq(~(self.notice.valid & (step == RECEIVED - 1)))
                with m.If(self.i.valid & self.i.ready):
                    with m.If(self.i.payload.end):
                        with m.If(~self.i.payload.good):
                            m.d.sync += wrong.eq(1)
                        m.next = "CHECK"
                    with m.Else():
                        m.d.sync += [fresh.eq(1), field.eq(Cat(field[8:], self.i.payload.data))]
                        m.d.sync += step.eq(Mux(step == WORDS, WORDS, step + 1))
            with m.State("CHECK"):
                m.d.sync += good.eq(crc.match_detected & whole & ~wrong & ((kind == Kind.OPEN) | (kind == Kind.DATA)))
                m.d.sync += [
                    opens.eq((kind == Kind.OPEN) & ~known & named),
                    repeats.eq((kind == Kind.OPEN) & known),
                    belongs.eq((kind == Kind.DATA) & known),
                ]
                m.next = "JUDGE"
            with m.State("JUDGE"):
                with m.If(~good):
                    m.d.sync += self.damaged.eq(1)
                with m.Elif(belongs):
                    m.d.sync += [self.notice.valid.eq(1), self.notice.payload.rewind.eq(rewind)]
                m.d.comb += [crc.start.eq(1), self.renewed.eq(good & opens), self.repeated.eq(good & repeats)]
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

        # Words are put together again for the array, in six cycles. Behind the memory is a plain register, as in `cobs.Encoder`.
        out = Signal(bits + 1 + 2)  # next byte; one bit more than there are tells a full buffer from an empty one
        fetch, fetched, last, byte = Signal(), Signal(2), Signal(2), Signal(8)
        less = Signal(bits + 1)  # minus the words kept
        unsaid = Signal(bits)  # words handed on since room was last told; the top bit stays
        idle = ~self.o.valid & ~fetched.any() & ~self.hold & ~self.room[-1]
        m.d.comb += [less.eq(out[2:] - self.received), fetch.eq((out[:2] != 0) | idle), read.addr.eq(out), self.tell.eq(unsaid[-1])]
        m.d.sync += [
            byte.eq(read.data),
            fetched.eq(Cat(fetch, fetched[0])),
            last.eq(Cat(out[:2] == link.BYTES - 1, last[0])),
            self.room.eq(Cat(less[:-1], ~less[-1])),  # the buffer's size more
        ]
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(fetch):
            m.d.sync += out.eq(out + 1)
            with m.If(out[:2] == link.BYTES - 1):
                m.d.sync += unsaid.eq(Cat((unsaid + 1)[: bits - 1], unsaid[-1] | (unsaid + 1)[bits - 1]))
        with m.If(self.told):
            m.d.sync += unsaid.eq(0)
        with m.If(fetched[1]):
            m.d.sync += [self.o.payload.eq(Cat(self.o.payload[8:], byte)), self.o.valid.eq(last[1])]

        with m.If(self.renewed):
            m.d.sync += [
                self.session.eq(session),
                self.received.eq(self.first),
                self.rewind.eq(0),
                self.damaged.eq(0),
                out.eq(self.first * link.BYTES),
                fetched.eq(0),
                unsaid.eq(0),
                self.o.valid.eq(0),
            ]
        return m
