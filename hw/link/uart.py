"""Bytes over two wires: eight bits, no parity, one stop bit, at a fixed number of clock cycles per bit."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

#: Fewest clock cycles per bit: with fewer, no sample would be near enough to the middle.
LEAST_DIVISOR = 4

BITS = 8


def checked(divisor: int) -> int:
    """The divisor itself; `ValueError` if bits would be too short."""
    if divisor < LEAST_DIVISOR:
        raise ValueError(f"a bit must last at least {LEAST_DIVISOR} clock cycles, not {divisor}")
    return divisor


class UartReceiver(wiring.Component):
    """Reads bytes from a line. The sender's bits may be 2.5 % longer or shorter than ours.

    A byte is there half a bit after its stop bit began, and stays until it is taken or the next one is there: the line cannot wait.
    One without its stop bit is dropped.

    Parameters
    ----------
    divisor : clock cycles per bit, at least `LEAST_DIVISOR`

    Members
    -------
    rx : In(1), the line, of any clock
    o : stream of bytes
    """

    def __init__(self, divisor: int) -> None:
        self.divisor = checked(divisor)
        super().__init__({"rx": In(1), "o": Out(stream.Signature(BITS))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        line = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.rx, line, init=1)
        timer = Signal(range(self.divisor))
        # A one that is shifted out by the last of the bits says that all are there.
        bits = Signal(BITS + 1)

        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        m.d.sync += timer.eq(timer - 1)
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [timer.eq(self.divisor // 2 - 1), bits.eq(1 << BITS)]
                with m.If(~line):
                    m.next = "START"
            with m.State("START"), m.If(timer == 0):
                m.d.sync += timer.eq(self.divisor - 1)
                m.next = "IDLE"
                with m.If(~line):
                    m.next = "DATA"
            with m.State("DATA"), m.If(timer == 0):
                m.d.sync += [timer.eq(self.divisor - 1), bits.eq(Cat(bits[1:], line))]
                with m.If(bits[0]):
                    m.next = "IDLE"
                    with m.If(line):
                        m.d.sync += [self.o.valid.eq(1), self.o.payload.eq(bits[1:])]
        return m


class UartTransmitter(wiring.Component):
    """Writes bytes to a line, which is high between them. A byte takes ten bits and one clock cycle.

    Parameters
    ----------
    divisor : clock cycles per bit, at least `LEAST_DIVISOR`

    Members
    -------
    i : stream of bytes
    tx : Out(1), the line
    """

    def __init__(self, divisor: int) -> None:
        self.divisor = checked(divisor)
        super().__init__({"i": In(stream.Signature(BITS)), "tx": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        timer = Signal(range(self.divisor))
        # Bits still to come, lowest first, the stop bit last; nothing is above it.
        bits = Signal(BITS + 1)

        m.d.sync += timer.eq(timer - 1)
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.i.ready.eq(1)
                m.d.sync += timer.eq(self.divisor - 1)
                with m.If(self.i.valid):
                    m.d.sync += [self.tx.eq(0), bits.eq(Cat(self.i.payload, 1))]
                    m.next = "SEND"
            with m.State("SEND"), m.If(timer == 0):
                m.d.sync += [timer.eq(self.divisor - 1), bits.eq(bits >> 1)]
                with m.If(bits == 0):
                    m.next = "IDLE"
                with m.Else():
                    m.d.sync += self.tx.eq(bits[0])
        return m
