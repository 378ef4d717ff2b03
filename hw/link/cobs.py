"""Consistent overhead byte stuffing: frames of any bytes on a line where a zero ends a frame (Cheshire and Baker, 1999).

A frame of the link is shorter than 254 bytes, so the code byte FF, which stands for no zero, never comes.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.spec import link

#: What the decoder finds: a byte of a frame; or, if ``end``, its end, and whether the stuffing was right.
ITEM = data.StructLayout({"data": 8, "end": 1, "good": 1})


class Decoder(wiring.Component):
    """Unstuffs frames as they come, without delay. Empty frames leave no trace.

    Members
    -------
    i : stream of bytes of the line
    o : stream of `ITEM`
    """

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(ITEM))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        inside = Signal()  # of a frame
        left = Signal(8)  # bytes until the next code
        code = Signal(init=1)  # none: this is one
        m.d.comb += [
            # But for the first, a code stands where a zero was.
            self.o.valid.eq(self.i.valid & inside),
            self.o.payload.data.eq(Mux(code, 0, self.i.payload)),
            self.o.payload.end.eq(self.i.payload == 0),
            self.o.payload.good.eq(code),
            self.i.ready.eq(self.o.ready | ~inside),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                inside.eq(1),
                left.eq(Mux(code, self.i.payload, left) - 1),
                code.eq(Mux(code, self.i.payload == 1, left == 1)),
            ]
            with m.If(self.i.payload == 0):
                m.d.sync += [inside.eq(0), code.eq(1)]
        return m


class Encoder(wiring.Component):
    """Stuffs one frame at a time, and keeps it until the line has taken it. It is written without a pause, up to one byte a cycle.

    Members
    -------
    room : Out(1), a frame may begin
    put : In(1), ``data`` is the frame's next byte
    data : In(8)
    finish : In(1), the frame is complete, or cut; not together with ``put``, and nothing may be put in the cycle that follows
    o : stream of bytes for the line, one in five cycles
    """

    def __init__(self) -> None:
        super().__init__({"room": Out(1), "put": In(1), "data": In(8), "finish": In(1), "o": Out(stream.Signature(8))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = 1 << (link.LONGEST_FRAME - 1).bit_length()
        m.submodules.memory = memory = Memory(shape=8, depth=depth, init=[])
        write, read = memory.write_port(), memory.read_port()

        # Each code has its place before the bytes that it counts, and is written after them. Then all is read from the beginning.
        code, place = Signal(range(depth)), Signal(range(depth), init=1)
        byte, coming, ending, closing, sending = Signal(8), Signal(), Signal(), Signal(), Signal()
        zero = Signal()
        m.d.sync += [
            byte.eq(self.data),
            coming.eq(self.put | self.finish | ending),
            zero.eq((self.data == 0) | self.finish | ending),
            ending.eq(self.finish),
            closing.eq(ending),
        ]
        m.d.sync += [
            write.en.eq(coming),
            write.addr.eq(Mux(zero, code, place)),
            write.data.eq(Mux(closing, 0, Mux(zero, place - code, byte))),
        ]
        m.d.comb += self.room.eq(~sending)
        with m.If(coming | (self.o.valid & self.o.ready)):
            m.d.sync += place.eq(place + 1)
        with m.If(coming & zero):
            m.d.sync += code.eq(place)
        with m.If(closing):
            m.d.sync += [sending.eq(1), place.eq(0)]

        # A plain register behind the memory, which some block RAMs have inside: their output is late in the cycle.
        under_way, last = Signal(3), Signal()
        m.d.comb += read.addr.eq(place)
        m.d.sync += [
            self.o.payload.eq(read.data),
            last.eq(self.o.payload == 0),
            under_way.eq(Cat(sending & ~self.o.valid & ~under_way.any(), under_way)),
        ]
        with m.If(under_way[-1]):
            m.d.sync += self.o.valid.eq(1)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += self.o.valid.eq(0)
            with m.If(last):
                m.d.sync += [sending.eq(0), code.eq(0), place.eq(1)]
        return m
