"""Frames to the host: the array's words, and answers."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.spec import link, protocol
from loschmidt.spec.link import Kind

from .crc import PAIRS, STEP, crc
from .receiver import notice_layout

HEADER = link.HEADER_WORDS * link.BYTES


class FrameTransmitter(wiring.Component):
    """Keeps the array's words until the host has them, and makes frames of them as they come.

    A frame is made in one go, a byte in four cycles; notices are heeded between frames. One that is overtaken by a new session ends
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
    told, telling, asked : Out(1), as `FrameReceiver`'s
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
                "telling": Out(1),
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
        m.submodules.check = check = crc()
        bits = (self.buffer - 1).bit_length()

        # Positions: the array's next word; up to where the host has all; of the next frame.
        made, known, sent = Signal(bits + 1), Signal(16), Signal(16)
        window = Signal(range(2 * self.buffer))  # words past ``known`` that the host can take

        # How many can be sent: four cycles behind.
        kept, gone, reach = Signal(bits + 1), Signal(bits + 1), Signal(bits + 1)
        due, most = Signal(signed(bits + 2)), Signal(range(link.PAYLOAD_WORDS + 1))
        m.d.sync += [
            kept.eq(made - known),
            gone.eq(sent - known),
            reach.eq(Mux(window < kept, window, kept)),
            due.eq(reach - gone),
            most.eq(Mux(due[-1], 0, Mux(due[len(most) : -1].any() | (due[: len(most)] > link.PAYLOAD_WORDS), link.PAYLOAD_WORDS, due))),
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
        kind, rewind = Signal(range(max(Kind) + 1)), Signal()
        left = Signal(range(link.PAYLOAD_WORDS * link.BYTES + 1))  # bytes of words
        halves = (self.session, self.received, sent, left[2:], self.room)
        header = Array([rewind, kind, *(part for half in halves for part in (half[:8], half[8:]))])
        step, turn = Signal(range(HEADER + 1)), Signal(range(PAIRS))  # bytes, pairs of bits
        heard, honest, behind = Signal(16), Signal(), Signal()  # how many words more the host has, and what follows from it

        # A byte is chosen pair by pair, lowest bits first; a cycle later the pair is in the CRC and in the byte. One of the header is
        # named a cycle before its first pair. One of a word, two cycles: behind the memory is a plain register, as in `cobs.Encoder`.
        word, byte, pair, now = Signal(8), Signal(8), Signal(STEP), Signal(STEP)
        chosen, checking, last = Signal(), Signal(), Signal()
        words = Signal()
        m.d.comb += [
            read.addr.eq(Cat((-left)[:2], sent[:bits])),
            now.eq(Mux(checking, check.crc[:STEP], pair)),
            # What is not the rest of the CRC itself changes it; that only moves on.
            check.data.eq(now ^ checking.replicate(STEP)),
            check.valid.eq(chosen),
        ]
        m.d.sync += [
            turn.eq(turn + 1),
            word.eq(read.data),
            byte.eq(header[step]),
            pair.eq(Mux(words, word, byte).word_select(turn, STEP)),
            chosen.eq(0),
            checking.eq(0),
            last.eq(turn.all()),
            self.put.eq(chosen & last),
        ]
        with m.If(chosen):
            m.d.sync += self.data.eq(Cat(self.data[STEP:], now))
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += check.start.eq(1)
                m.d.sync += [
                    turn.eq(0),
                    heard.eq(self.notice.payload.received - known),
                    kind.eq(Mux(opened, Kind.OPEN, Kind.DATA)),
                    rewind.eq(self.rewind & ~opened),
                    left.eq(Mux(opened, 0, Cat(Const(0, 2), most))),
                    cut.eq(0),
                ]
                with m.If(self.notice.valid):
                    m.next = "WEIGH"
                with m.Elif(self.space & (opened | answer | self.tell | most.any())):
                    m.d.comb += [self.told.eq(1), self.asked.eq(~opened)]
                    m.d.sync += opened.eq(0)
                    with m.If(~opened):
                        m.d.sync += answer.eq(0)
                    m.next = "BEGIN"
            with m.State("WEIGH"):
                m.d.sync += [
                    honest.eq(~heard[len(kept) :].any() & (heard[: len(kept)] <= kept)),
                    behind.eq(self.notice.payload.rewind | (gone < heard[: len(gone)])),
                ]
                m.next = "HEED"
            with m.State("HEED"):
                m.d.comb += self.notice.ready.eq(1)
                m.d.sync += [answer.eq(1), turn.eq(0)]
                with m.If(honest):
                    m.d.sync += [known.eq(self.notice.payload.received), window.eq(self.notice.payload.window)]
                    with m.If(behind):
                        m.d.sync += sent.eq(self.notice.payload.received)
                m.next = "SETTLE"

            with m.State("BEGIN"):
                m.d.comb += self.telling.eq(1)
                m.d.sync += turn.eq(0)
                m.next = "HEADER"
            with m.State("HEADER"):
                m.d.comb += self.telling.eq(1)
                m.d.sync += chosen.eq(1)
                with m.If(turn == PAIRS - 2):
                    m.d.sync += step.eq(step + 1)
                with m.If(turn.all() & (step == HEADER)):
                    m.d.sync += step.eq(0)
                    with m.If(left.any()):
                        m.next = "WORDS"
                    with m.Elif(cut):
                        m.next = "END"
                    with m.Else():
                        m.next = "CRC"
            with m.State("WORDS"):
                m.d.comb += words.eq(1)
                m.d.sync += chosen.eq(1)
                with m.If(turn == PAIRS - 3):
                    m.d.sync += left.eq(left - 1)
                    with m.If((left[:2] == 1) & ~cut):
                        m.d.sync += sent.eq(sent + 1)
                with m.If(turn.all() & ~left.any()):
                    m.next = "CRC"
                    with m.If(cut):
                        m.next = "END"
            with m.State("CRC"):
                m.d.sync += [chosen.eq(1), checking.eq(1)]
                with m.If(turn.all()):
                    m.d.sync += step.eq(step + 1)
                    with m.If(step == link.BYTES - 1):
                        m.next = "END"
            with m.State("END"):
                # The last byte is put two cycles after it was chosen.
                m.d.sync += step.eq(0)
                with m.If(turn.all()):
                    m.next = "FINISH"
            with m.State("FINISH"):
                m.d.comb += self.finish.eq(1)
                with m.If((kind == Kind.OPEN) & ~cut):
                    m.d.sync += self.hold.eq(0)
                m.d.sync += turn.eq(0)
                m.next = "SETTLE"
            with m.State("SETTLE"), m.If(turn.all()):
                # What can be sent is known anew.
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
