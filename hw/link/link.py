"""The link as a whole: bytes of the line on one side, words of the array on the other."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import link, protocol

from .cobs import Decoder, Encoder
from .receiver import FrameReceiver
from .transmitter import FrameTransmitter

#: Bytes of the line.
BYTE = stream.Signature(8)
WORD = stream.Signature(protocol.WORD)


class Link(wiring.Component):
    """The array's end of a link, as `spec.link` says.

    Parameters
    ----------
    buffer : words of the request buffer, and of the response buffer: a power of two; `ValueError` if the link cannot have it
    first : as `FrameReceiver`'s

    Members
    -------
    rx, tx : streams of bytes, from the host and to it
    o : stream of request words, to the array
    i : stream of response words, from the array
    reset : Out(1), the array must be held in reset: a new session has begun
    open : Out(1), a session is under way
    damaged : Out(1), a frame that was not right has come since the session began
    """

    def __init__(self, buffer: int, first: int = 0) -> None:
        if buffer & (buffer - 1) or not link.LEAST_BUFFER <= buffer <= link.LARGEST_BUFFER:
            raise ValueError(
                f"a link's buffer holds a power of two of words, from {link.LEAST_BUFFER} to {link.LARGEST_BUFFER}, not {buffer}"
            )
        self.buffer, self.first = buffer, first
        super().__init__(
            {"rx": In(BYTE), "tx": Out(BYTE), "o": Out(WORD), "i": In(WORD), "reset": Out(1), "open": Out(1), "damaged": Out(1)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.decoder = decoder = Decoder()
        m.submodules.receiver = receiver = FrameReceiver(self.buffer, self.first)
        m.submodules.transmitter = transmitter = FrameTransmitter(self.buffer, self.first)
        m.submodules.encoder = encoder = Encoder()

        wiring.connect(m, decoder.i, wiring.flipped(self.rx))
        wiring.connect(m, decoder.o, receiver.i)
        wiring.connect(m, wiring.flipped(self.o), receiver.o)
        wiring.connect(m, transmitter.i, wiring.flipped(self.i))
        wiring.connect(m, wiring.flipped(self.tx), encoder.o)
        wiring.connect(m, receiver.notice, transmitter.notice)
        for name in ("session", "received", "room", "rewind", "tell", "renewed", "repeated"):
            m.d.comb += getattr(transmitter, name).eq(getattr(receiver, name))
        for name in ("hold", "told", "telling", "asked"):
            m.d.comb += getattr(receiver, name).eq(getattr(transmitter, name))
        for name in ("put", "data", "finish"):
            m.d.comb += getattr(encoder, name).eq(getattr(transmitter, name))
        m.d.comb += [
            transmitter.space.eq(encoder.room),
            self.reset.eq(transmitter.hold),
            self.open.eq(receiver.session != 0),
            self.damaged.eq(receiver.damaged),
        ]
        return m
