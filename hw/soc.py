"""Everything that goes onto a chip, but its clock and its pins: array, link and serial line."""

from __future__ import annotations

from amaranth.hdl import ClockDomain, ClockSignal, DomainRenamer, Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import protocol
from loschmidt.spec.shape import Shape

from .array import Array
from .link.link import Link
from .link.uart import UartReceiver, UartTransmitter
from .relay import Relay


class Soc(wiring.Component):
    """An array that is spoken to over a serial line, as `spec.link` and `spec.protocol` say.

    Parameters
    ----------
    shape : of the array
    divisor : clock cycles per bit of the line
    buffer : words of the request buffer, and of the response buffer

    Members
    -------
    build : In(32), the build's hash, for IDENTIFY; 0 where no bitstream is built
    rx : In(1), the line from the host; of any clock
    tx : Out(1), the line to the host
    open : Out(1), a session is under way
    damaged : Out(1), a frame that was not right has come since the session began
    running, fault : Out(1), as `Array`'s; a new session begins without a fault
    """

    def __init__(self, shape: Shape, divisor: int, buffer: int) -> None:
        self.array = shape
        self.divisor = divisor
        self.buffer = buffer
        said = {name: Out(1) for name in ("open", "damaged", "running", "fault")}
        super().__init__({"build": In(protocol.WORD), "rx": In(1), "tx": Out(1, init=1), **said})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.receiver = receiver = UartReceiver(self.divisor)
        m.submodules.transmitter = transmitter = UartTransmitter(self.divisor)
        m.submodules.link = link = Link(self.buffer)
        array, requests, responses = Array(self.array, self.build), Relay(protocol.WORD), Relay(protocol.WORD)
        # A new session finds no run under way and no half of a request. One net resets all of the array: made in each lane anew, it would
        # be as many, and few flip-flops of different resets fit into one place. That it comes a cycle late loses no word: one that was
        # offered meanwhile is of the old session, and from the new one's on none is taken before its relay is out of reset.
        m.domains.array = ClockDomain(local=True)
        held = Signal(init=1)
        m.d.sync += held.eq(link.reset)
        m.d.comb += [ClockSignal("array").eq(ClockSignal()), ResetSignal("array").eq(held)]
        for name, part in (("array", array), ("requests", requests), ("responses", responses)):
            m.submodules[name] = DomainRenamer("array")(part)

        wiring.connect(m, receiver.o, link.rx)
        wiring.connect(m, link.tx, transmitter.i)
        for source, relay, sink in ((link.o, requests, array.i), (array.o, responses, link.i)):
            wiring.connect(m, source, relay.i)
            wiring.connect(m, relay.o, sink)
        m.d.comb += [
            receiver.rx.eq(self.rx),
            self.tx.eq(transmitter.tx),
            self.open.eq(link.open),
            self.damaged.eq(link.damaged),
            self.running.eq(array.running),
            self.fault.eq(array.fault),
        ]
        return m
