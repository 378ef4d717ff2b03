"""Frames to the host: the array's words, and answers."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.crc.catalog import CRC32_ETHERNET
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.spec import link, protocol
from loschmidt.spec.link import Flag, Kind

from .receiver import notice_layout

HEADER = link.HEADER_WORDS * link.BYTES
#: Bytes of the header before the lower one of its window.
WINDOW = HEADER - 2


class FrameTransmitter(wiring.Component):
    """Keeps the array's words until the host has them, and makes frames of them as they come.

    A frame is made in one go, in 20 to 250 cycles; notices are heeded between frames. One that is overtaken by a new session ends
    without its CRC.

    Parameters
    ----------
    buffer, first : as `FrameReceiver`'s

    Members
    -------
    i : stream of words
    hold : Out(1), the array is to be held in reset, and no word is taken
    session, received, room, rewind, tell, renewed, repeated : In, as `FrameReceiver`'s
    notice : stream, as `FrameReceiver`'s
    told, asked : Out(1), as `FrameReceiver`'s
    space, put, data, finish : as `cobs.Encoder`'s, whose ``room`` is ``space``
    """

    def __init__(self, buffer: int, first: int = 0) -> None:
        self.buffer, self.first = buffer, first
        super().__init__(
            {
                "i": In(stream.Signature(protocol.WORD)),
                "hold": Out(1),
                "session": In(16),
                "received": In(16),
                "room": In(range(buffer + 1)),
                "rewind": In(1),
                "tell": In(1),
                "renewed": In(1),
                "repeated": In(1),
                "notice": In(stream.Signature(notice_layout(buffer))),
                "told": Out(1),
                "asked": Out(1),
                "space": In(1),
                "put": Out(1),
                "data": Out(8),
                "finish": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(shape=8, depth=link.BYTES * self.buffer, init=[])
        write, read = memory.write_port(), memory.read_port()
        m.submodules.check = crc = CRC32_ETHERNET(8).create()
        bits = (self.buffer - 1).bit_length()

        # Positions: the array's next word; up to where the host has all; of the next frame.
        made, known, sent = Signal(bits + 1), Signal(16), Signal(16)
        window = Signal(range(2 * self.buffer))  # words past ``known`` that the host can take

        # How many can be sent: three cycles behind.
        kept, gone, reach = Signal(bits + 1), Signal(bits + 1), Signal(bits + 1)
        due = Signal(signed(bits + 2))
        m.d.sync += [
            kept.eq(made - known),
            gone.eq(sent - known),
            reach.eq(Mux(window < kept, window, kept)),
            due.eq(reach - gone),
        ]

        part = Signal(2)  # of a word
        free, take, taken = Signal(), Signal(), Signal()
        m.d.sync += taken.eq(self.i.valid & self.i.ready)
        m.d.comb += [
            # Whether the buffer is full is known a cycle after a word was taken.
            free.eq(~kept[-1] & ~taken & ~self.hold),
            take.eq(self.i.valid & free),
            self.i.ready.eq((part == link.BYTES - 1) & free),
            write.addr.eq(Cat(part, made[:bits])),
            write.data.eq(self.i.payload.word_select(part, 8)),
            write.en.eq(take),
        ]
        with m.If(take):
            m.d.sync += part.eq(part + 1)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += made.eq(made + 1)

        answer, opened = Signal(), Signal()  # what is owed
        cut = Signal()  # the session changed within the frame
        kind, flags, above = Signal(2), Signal(), Signal(8)
        left = Signal(range(link.PAYLOAD_WORDS * link.BYTES + 1))  # bytes of words
        header = Array(
            [
                flags,
                kind,
                *(self.session[:8], self.session[8:]),
                *(self.received[:8], self.received[8:]),
                *(sent[:8], sent[8:]),
                *(left[2:], 0),
                *(self.room[:8], above),
            ]
        )
        step = Signal(range(HEADER))
        address, word = Signal(bits + 2), Signal(8)
        heard = Signal(16)  # how many words more the host has
        checking = Signal()
        m.d.comb += [
            read.addr.eq(address),
            crc.data.eq(self.data),
            crc.valid.eq(self.put & ~checking),
        ]
        m.d.sync += [self.put.eq(0), word.eq(read.data), address.eq(address + 1)]
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += crc.start.eq(1)
                m.d.sync += [
                    heard.eq(self.notice.payload.received - known),
                    kind.eq(Mux(opened, Kind.OPEN, Kind.DATA)),
                    flags.eq(Mux(opened, Flag.NONE, self.rewind)),
                    left.eq(Mux(opened | (due <= 0), 0, Cat(Const(0, 2), Mux(due > link.PAYLOAD_WORDS, link.PAYLOAD_WORDS, due)))),
                    cut.eq(0),
                ]
                with m.If(self.notice.valid):
                    m.next = "HEED"
                with m.Elif(self.space & (opened | answer | self.tell | (due > 0))):
                    m.d.comb += self.asked.eq(~opened)
                    m.d.sync += opened.eq(0)
                    with m.If(~opened):
                        m.d.sync += answer.eq(0)
                    m.next = "HEADER"
            with m.State("HEED"):
                m.d.comb += self.notice.ready.eq(1)
                m.d.sync += answer.eq(1)
                with m.If(~heard[len(kept) :].any() & (heard[: len(kept)] <= kept)):
                    m.d.sync += [known.eq(self.notice.payload.received), window.eq(self.notice.payload.window)]
                    with m.If(self.notice.payload.rewind | (gone < heard[: len(gone)])):
                        m.d.sync += sent.eq(self.notice.payload.received)
                m.next = "SETTLE"

            with m.State("HEADER"):
                m.d.sync += [self.put.eq(1), self.data.eq(header[step]), step.eq(step + 1)]
                m.d.comb += self.told.eq(step == WINDOW)
                with m.If(step == WINDOW):
                    m.d.sync += above.eq(self.room[8:])
                with m.If(step < WINDOW):
                    # Words are two bytes ahead: one in the memory's own register, one in ours.
                    m.d.sync += address.eq(Cat(Signal(2), sent[:bits]))
                with m.If(step == HEADER - 1):
                    m.d.sync += step.eq(0)
                    m.next = "WORDS"
                    with m.If(left == 0):
                        m.next = "WAIT"
            with m.State("WORDS"):
                m.d.sync += [self.put.eq(1), self.data.eq(word), left.eq(left - 1)]
                with m.If((left[:2] == 1) & ~cut):
                    m.d.sync += sent.eq(sent + 1)
                with m.If(left == 1):
                    m.next = "WAIT"
            with m.State("WAIT"):
                # The last byte is in the CRC a cycle after it was put.
                m.next = "CRC"
                with m.If(cut):
                    m.next = "FINISH"
            with m.State("CRC"):
                m.d.comb += checking.eq(1)
                m.d.sync += [self.put.eq(1), self.data.eq(crc.crc.word_select(step[:2], 8)), step.eq(step + 1)]
                with m.If(step == link.BYTES - 1):
                    m.next = "END"
            with m.State("END"):
                m.d.comb += checking.eq(1)
                m.next = "FINISH"
            with m.State("FINISH"):
                m.d.comb += self.finish.eq(1)
                with m.If((kind == Kind.OPEN) & ~cut):
                    m.d.sync += self.hold.eq(0)
                m.d.sync += step.eq(0)
                m.next = "SETTLE"
            with m.State("SETTLE"):
                # Until what can be sent is known anew.
                m.d.sync += step.eq(step + 1)
                with m.If(step == 3):
                    m.d.sync += step.eq(0)
                    m.next = "IDLE"

        with m.If(self.repeated):
            m.d.sync += opened.eq(1)
        with m.If(self.renewed):
            m.d.sync += [
                made.eq(self.first),
                part.eq(0),
                known.eq(self.first),
                sent.eq(self.first),
                window.eq(0),
                answer.eq(0),
                opened.eq(1),
                cut.eq(1),
                self.hold.eq(1),
            ]
        return m
