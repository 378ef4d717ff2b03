"""The state of a tile's lanes, all contexts of it, and the integer shears that advance it, one lane a cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.hamiltonian import Parameter
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import STEP_LIMIT
from loschmidt.spec.shape import Shape

from .block_ram import BlockRam
from .delay import carried, later
from .host_access import HostWithin, approach, near
from .multiplier import Multiplier
from .narrow import NARROW_LATENCY, Narrow
from .operation import STORE, Consumer, nudge_layout, stage_layout
from .rounding import NONE, NearestShift, in_groups, plus, sum_of_three
from .single_port_ram import SinglePortRam
from .store import of_lane, store

#: Banks of a tile, and the members of `Integrator` that show them to the host.
STATES = {Bank.POSITION: "position", Bank.MOMENTUM: "momentum", Bank.NUDGE: "nudge", Bank.TRACE: "trace"}


class Integrator(wiring.Component):
    """Kick and drift. Each adds to momentum a function of position, or to position a function of momentum, and wraps modulo 2^width,
    so each can be undone. Throughput one lane a cycle; stages as in `operation`.

    Members
    -------
    nudge_at : In, whose nudge is read, at stage -1
    stages : In, the tickets under way
    sum : In(signed(sum)), at stage 0
    s : In, static: the time step is 2**-s
    x, x_clipped : Out(operand), Out(1), at stage 11
    p, p_clipped : Out(operand), Out(1), at stage 12
    overflow : Out(ways), a pulse if a shear wrapped
    host : In; position, momentum, nudge, trace : Out(state), read at ``host.address`` of ``host.lane``, `approach` and
        two cycles later
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        operand, state = signed(shape.formats.operand.width), signed(shape.formats.state.width)
        super().__init__(
            {
                "nudge_at": In(nudge_layout(shape)),
                "stages": In(stage_layout(shape)),
                "sum": In(signed(shape.sum_width)),
                "s": In(range(STEP_LIMIT + 1)),
                "x": Out(operand),
                "p": Out(operand),
                "x_clipped": Out(1),
                "p_clipped": Out(1),
                "overflow": Out(shape.ways),
                "host": In(HostWithin(shape)),
                **{name: Out(state) for name in STATES.values()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, f, at, host = self.array, self.array.formats, self.stages, near(m, self.host, self.array)
        w, lanes = f.state.width, shape.tile
        digit = f.multiplier - 1
        kicks, drifts = ([Signal(name=f"{name}_{stage}") for stage in range(STORE + 1)] for name in ("kicks", "drifts"))
        for stage, kick, drift in zip(at, kicks, drifts, strict=True):
            m.d.comb += [kick.eq(stage.consumer == Consumer.KICK), drift.eq(kick | (stage.consumer == Consumer.DRIFT))]

        live = Cat(drifts)

        def place(stage: int, name: str) -> Value:
            return of_lane(at[stage].lane, at[stage].ticket[name], lanes)

        there = of_lane(host.lane, host.address, lanes)
        beyond = of_lane(host.lane, host.destination, lanes)

        # The memories, each with the stage at which an operation reads it; what is read is at hand two cycles later.
        memories = {}
        for bank, address in (
            (Bank.MOMENTUM, place(0, "state")),
            (Bank.NUDGE, of_lane(self.nudge_at.lane, self.nudge_at.nudge_address, lanes)),
            (Bank.POSITION, place(6, "state")),
            (Bank.TRACE, there),
        ):
            # Nudges are written only by the host, when no operation reads them.
            kind = SinglePortRam if bank is Bank.NUDGE else BlockRam
            m.submodules[bank.name.lower()] = memories[bank] = memory = kind(w, layout.depth(bank, shape) * lanes)
            m.d.comb += [memory.address.eq(Mux(host.active, there, address)), getattr(self, STATES[bank]).eq(memory.word)]

        # Inverse masses, which the host writes among the lanes' parameters.
        first = layout.base(Parameter.INVERSE_MASS, shape)
        m.submodules.masses = masses = store(f.weight.width, shape.rows * lanes, platform)
        mass, mass_write = masses.read_port(), masses.write_port()
        row, written = Signal(range(max(2, shape.rows))), Signal()
        m.d.comb += row.eq(host.address - first)
        # As late as `near`, which needs no comparison then.
        asked = self.host.writes[Bank.PARAMETER] & (self.host.address >= first) & (self.host.address < first + shape.rows)
        m.d.comb += written.eq(later(m, asked, "written", approach(shape)))
        m.d.comb += [
            mass.addr.eq(of_lane(at[1].lane, at[1].ticket.row, lanes)),
            mass_write.addr.eq(of_lane(host.lane, row, lanes)),
            mass_write.data.eq(host.data[: f.weight.width].as_signed()),
            mass_write.en.eq(written),
        ]

        # Stage 0 to 2: the kick, in units of the state; a drift alone changes no momentum.
        m.submodules.kick_shift = kick_shift = NearestShift(shape.sum_width, f.kick_shift(0), STEP_LIMIT)
        m.d.comb += [
            kick_shift.value.eq(self.sum),
            kick_shift.amount.eq(self.s),
            # That of stage 1, told a stage before: it goes to all of the shift.
            kick_shift.enable.eq(later(m, kicks[0], "kick_1", 1)),
        ]

        # Stage 2 to 3: the momentum takes it, and the nudge: pi - K + n, or - n, without a carry running twice.
        # A change that takes more than two bits beyond a state wraps whatever it meets, so no more of it is added up.
        ticket, wide = at[0].ticket, min(max(len(kick_shift.floor) + 1, w + 2), w + 3)
        kicked, vast = Signal(signed(wide)), Signal()
        m.d.sync += vast.eq(kick_shift.floor[w + 1 :] != kick_shift.floor[-1].replicate(max(0, len(kick_shift.floor) - w - 1)))
        nudges, negates, minus, nudge = Signal(), Signal(), Signal(), Signal(signed(w))
        m.d.sync += [
            nudges.eq(ticket.nudge & kicks[0]),
            negates.eq(ticket.nudge & kicks[0] & ticket.nudge_negate),
            minus.eq(negates),
            nudge.eq(Mux(nudges, self.nudge, 0).as_signed() ^ negates.replicate(w).as_signed()),
        ]
        addends = [Signal(signed(wide), name=f"addend_{number}") for number in range(3)]
        m.d.comb += [addends[0].eq(self.momentum), addends[1].eq(~kick_shift.floor), addends[2].eq(nudge)]
        # The inverted change lacks one, unless it is rounded up, which takes one more away; and so does the inverted nudge.
        m.d.sync += kicked.eq(sum_of_three(addends[0], addends[1], addends[2], ~kick_shift.up, minus))
        momentum = kicked[:w].as_signed()

        # Stage 3 to 6: the drift's product, of two digits.
        m.submodules.low = low = Multiplier(f.multiplier)
        m.submodules.high = high = Multiplier(f.multiplier)
        mu = later(m, mass.data, "mu", 1)
        m.d.comb += [
            low.left.eq(mu),
            high.left.eq(mu),
            low.right.eq(momentum[:digit]),
            high.right.eq(momentum >> digit),
        ]

        # Stage 6 to 8: half a drift. The most negative momentum is its own negative and must not drift.
        sign, rest = later(m, momentum[-1], "sign", 1), later(m, Cat(bits.any() for bits in in_groups(momentum[:-1])), "rest", 1)
        m.submodules.drift_shift = drift_shift = NearestShift(f.multiplier + w + 1, f.drift_shift(0), STEP_LIMIT, apart=digit)
        m.d.comb += [
            drift_shift.value.eq(low.product),
            drift_shift.other.eq(high.product),
            # A register of its own, or this shift and the kick's, far from each other, would have their amount from the same one.
            drift_shift.amount.eq(later(m, self.s, "s_later", 1)),
            drift_shift.enable.eq(later(m, ~sign | rest.any(), "drifts_at_all", 3)),
        ]
        floor, up = drift_shift.floor, drift_shift.up

        # Stage 8 to 9: the position takes it, once or twice; whether the second half alone wraps is found a cycle later.
        position, wide = Signal(signed(w)), max(len(floor), w) + 1
        drifted, twice, double = Signal(signed(wide)), Signal(signed(wide)), at[9].ticket.double
        m.d.sync += [
            position.eq(plus(self.position, Mux(at[8].ticket.double, Cat(up, floor).as_signed(), floor), up)),
            drifted.eq(plus(self.position, floor, up)),
            twice.eq(
                plus(drifted[:w].as_signed(), Mux(double, later(m, floor, "floor", 1), 0).as_signed(), double & later(m, up, "up", 1))
            ),
        ]

        # Operands; that of the momentum waits for that of the position.
        m.submodules.narrow_p = narrow_p = Narrow(w, f.operand_shift, f.operand.width)
        m.submodules.narrow_x = narrow_x = Narrow(w, f.operand_shift, f.operand.width)
        m.d.comb += [
            narrow_p.value.eq(momentum),
            narrow_x.value.eq(position),
            Cat(self.p, self.p_clipped).eq(carried(m, Cat(narrow_p.code, narrow_p.clipped), "p", live, 3 + NARROW_LATENCY, STORE, shape)),
            self.x.eq(narrow_x.code),
            self.x_clipped.eq(narrow_x.clipped),
        ]

        # What is written: by operations, or by the host, which also copies and flips.
        moved_q, moved_p = Signal(signed(w)), Signal(signed(w))
        m.d.sync += [moved_q.eq(self.position), moved_p.eq(Mux(host.flip, -self.momentum, self.momentum))]
        for bank, stage, value, enable, moved in (
            (Bank.MOMENTUM, 3, momentum, kicks[3], moved_p),
            (Bank.POSITION, 9, position, drifts[9], moved_q),
        ):
            memory = memories[bank]
            m.d.comb += [
                memory.write_address.eq(Mux(host.active, Mux(host.move, beyond, there), place(stage, "state"))),
                memory.data.eq(Mux(host.active, Mux(host.move, moved, host.data[:w].as_signed()), value)),
                memory.write.eq(Mux(host.active, host.move | host.writes[bank], enable)),
            ]
        nudge, trace = memories[Bank.NUDGE], memories[Bank.TRACE]
        m.d.comb += [
            nudge.data.eq(host.data[:w]),
            nudge.write.eq(host.writes[Bank.NUDGE]),
            trace.write_address.eq(place(9, "trace_address")),
            trace.data.eq(position),
            trace.write.eq(drifts[9] & at[9].ticket.trace),
        ]

        # Whether a sum wrapped, a cycle after it was formed.
        for total, beyond, stage, happens in ((kicked, vast, 3, kicks), (drifted, NONE, 9, drifts), (twice, NONE, 10, drifts)):
            wraps, way = Signal(name="wraps"), Signal.like(at[0].ticket.way, name="wrapping_way")
            m.d.sync += [
                wraps.eq(happens[stage] & (beyond | (total[w:] != total[w - 1].replicate(len(total) - w)))),
                way.eq(at[stage].ticket.way),
            ]
            for number in range(shape.ways):
                with m.If(wraps & (way == number)):
                    m.d.comb += self.overflow[number].eq(1)
        return m
