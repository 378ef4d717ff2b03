"""The reversible integrator of one lane: positions and momenta, drift, kick, nudge and flip."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .host_access import HostAccess
from .operation import Consumer, aged_layout
from .store import store


class Integrator(wiring.Component):
    """State of all contexts of one lane, and the integer shears that advance it.

    Each shear adds to position a function of momentum, or to momentum a function of position, and wraps modulo 2^width, so each can be
    undone. Throughput one shear a cycle; latencies as in `operation`.

    Members
    -------
    operation : In, at every age
    change : In(signed(sum)), rounded: half a drift, or a kick's minuend, at age 8
    nudge : In(state), added to a kick at age 8, subtracted if the operation says so
    flip, move : members of ``host``: momentum to its negative, in place or on the way to another context
    low, high : Out, the momentum's two digits at age 1; 0 for the most negative code, which must not drift
    momentum : Out(state), new at age 9 (or as it was, for a drift)
    position : Out(state), new at age 10
    host_position, host_momentum : Out(state), a cycle after ``host.address``
    overflow : Out(ways), a pulse if a shear wrapped
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        m, state = shape.formats.multiplier, signed(shape.formats.state.width)
        super().__init__(
            {
                "operation": In(aged_layout(shape)),
                "change": In(signed(shape.sum_width)),
                "nudge": In(state),
                "low": Out(signed(m)),
                "high": Out(signed(m)),
                "momentum": Out(state),
                "position": Out(state),
                "host": In(HostAccess(shape)),
                "host_position": Out(state),
                "host_momentum": Out(state),
                "overflow": Out(shape.ways),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        op, host, w = self.operation, self.host, self.array.formats.state.width
        digit = self.array.formats.multiplier - 1
        depth = layout.depth(Bank.POSITION, self.array)
        m.submodules.positions = positions = store(w, depth)
        m.submodules.momenta = momenta = store(w, depth)
        issue, read_q, read_p = momenta.read_port(), positions.read_port(), momenta.read_port()
        write_q, write_p = positions.write_port(), momenta.write_port()

        m.d.comb += issue.addr.eq(op.age_0.state)
        lowest = Signal()
        m.d.comb += [
            lowest.eq(issue.data == self.array.formats.state.lowest),
            self.low.eq(issue.data[:digit]),
            self.high.eq(Mux(lowest, 0, issue.data >> digit)),
        ]

        address = Mux(host.active, host.address, op.age_7.state)
        m.d.comb += [read_q.addr.eq(address), read_p.addr.eq(address)]
        m.d.comb += [self.host_position.eq(read_q.data), self.host_momentum.eq(read_p.data)]

        # Age 8: the kick, and the first half drift.
        wide = signed(self.array.sum_width + 2)
        kicked, drifted, half = Signal(wide), Signal(wide), Signal(signed(self.array.sum_width))
        nudge = Mux(op.age_8.nudge, Mux(op.age_8.nudge_negate, -self.nudge, self.nudge), 0)
        kick = op.age_8.consumer == Consumer.KICK
        m.d.sync += [
            kicked.eq(Mux(kick, read_p.data - self.change + nudge, read_p.data)),
            drifted.eq(read_q.data + self.change),
            half.eq(self.change),
        ]

        # Age 9: momentum is written, the second half drift follows.
        twice = Signal(wide)
        m.d.comb += self.momentum.eq(kicked[:w])
        m.d.sync += twice.eq(drifted[:w].as_signed() + Mux(op.age_9.double, half, 0))
        m.d.comb += self.position.eq(twice[:w])

        m.d.comb += [
            write_p.addr.eq(Mux(host.active, Mux(host.move, host.destination, host.address), op.age_9.state)),
            write_q.addr.eq(Mux(host.active, Mux(host.move, host.destination, host.address), op.age_10.state)),
        ]
        with m.If(host.active):
            m.d.comb += [
                write_q.en.eq(host.move | (host.write & (host.bank == Bank.POSITION))),
                write_p.en.eq(host.move | (host.write & (host.bank == Bank.MOMENTUM))),
                write_q.data.eq(Mux(host.move, read_q.data, host.data[:w].as_signed())),
                write_p.data.eq(Mux(host.move, Mux(host.flip, -read_p.data, read_p.data), host.data[:w].as_signed())),
            ]
        with m.Else():
            m.d.comb += [
                write_p.en.eq(op.age_9.valid & (op.age_9.consumer == Consumer.KICK)),
                write_p.data.eq(kicked[:w].as_signed()),
                write_q.en.eq(op.age_10.valid & (op.age_10.consumer == Consumer.DRIFT)),
                write_q.data.eq(twice[:w].as_signed()),
            ]

        def wrapped(total: Value) -> Value:
            return total[w:] != total[w - 1].replicate(len(total) - w)

        for way in range(self.array.ways):
            at_9, at_10 = op.age_9.valid & (op.age_9.way == way), op.age_10.valid & (op.age_10.way == way)
            m.d.comb += self.overflow[way].eq(
                (at_9 & (op.age_9.consumer == Consumer.KICK) & wrapped(kicked))
                | (at_9 & (op.age_9.consumer == Consumer.DRIFT) & wrapped(drifted))
                | (at_10 & (op.age_10.consumer == Consumer.DRIFT) & wrapped(twice))
            )
        return m
