"""The state of a tile's lanes, all contexts of it, and the integer shears that advance it, one lane a cycle."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.hamiltonian import Parameter
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import STEP_LIMIT
from loschmidt.spec.shape import Shape

from .block_ram import BlockRam
from .delay import later
from .host_access import HostAccess, lanes_per_tile
from .multiplier import Multiplier
from .narrow import Narrow
from .operation import STORE, Consumer, stage_layout
from .rounding import ONE, NearestShift, sum_of_three
from .store import of_lane, store

#: Banks of a tile, and the members of `Integrator` that show them to the host.
STATES = {Bank.POSITION: "position", Bank.MOMENTUM: "momentum", Bank.NUDGE: "nudge", Bank.TRACE: "trace"}


class Integrator(wiring.Component):
    """Kick and drift. Each adds to momentum a function of position, or to position a function of momentum, and wraps modulo 2^width,
    so each can be undone. Throughput one lane a cycle; stages as in `operation`.

    Members
    -------
    stages : In, the tickets under way
    sum : In(signed(sum)), at stage 0
    s : In, static: the time step is 2**-s
    x, p : Out(operand), at stage 11
    x_clipped, p_clipped : Out(1), likewise
    overflow : Out(ways), a pulse if a shear wrapped
    host : In; position, momentum, nudge, trace : Out(state), read at ``host.address`` of ``host.lane``, two cycles later
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        operand, state = signed(shape.formats.operand.width), signed(shape.formats.state.width)
        super().__init__(
            {
                "stages": In(stage_layout(shape)),
                "sum": In(signed(shape.sum_width)),
                "s": In(range(STEP_LIMIT + 1)),
                "x": Out(operand),
                "p": Out(operand),
                "x_clipped": Out(1),
                "p_clipped": Out(1),
                "overflow": Out(shape.ways),
                "host": In(HostAccess(shape)),
                **{name: Out(state) for name in STATES.values()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, f, at, host = self.array, self.array.formats, self.stages, self.host
        w, lanes = f.state.width, lanes_per_tile(shape)
        digit = f.multiplier - 1
        kicks, drifts = ([Signal(name=f"{name}_{stage}") for stage in range(STORE + 1)] for name in ("kicks", "drifts"))
        for stage, kick, drift in zip(at, kicks, drifts, strict=True):
            m.d.comb += [kick.eq(stage.consumer == Consumer.KICK), drift.eq(kick | (stage.consumer == Consumer.DRIFT))]

        def place(stage: int, name: str) -> Value:
            return of_lane(at[stage].lane, at[stage].ticket[name], lanes)

        there = of_lane(host.lane, host.address, lanes)
        beyond = of_lane(host.lane, host.destination, lanes)

        # The memories, each with the stage at which an operation reads it; what is read is at hand two cycles later.
        memories = {}
        for bank, address in (
            (Bank.MOMENTUM, place(0, "state")),
            (Bank.NUDGE, place(0, "nudge_address")),
            (Bank.POSITION, place(7, "state")),
            (Bank.TRACE, there),
        ):
            m.submodules[bank.name.lower()] = memories[bank] = memory = BlockRam(w, layout.depth(bank, shape) * lanes)
            m.d.comb += [memory.address.eq(Mux(host.active, there, address)), getattr(self, STATES[bank]).eq(memory.word)]

        # Inverse masses, which the host writes among the lanes' parameters.
        first = layout.base(Parameter.INVERSE_MASS, shape)
        m.submodules.masses = masses = store(f.weight.width, shape.rows * lanes, platform)
        mass, mass_write = masses.read_port(), masses.write_port()
        row = Signal(range(max(2, shape.rows)))
        m.d.comb += row.eq(host.address - first)
        written = host.active & host.write & (host.bank == Bank.PARAMETER) & (host.address >= first) & (host.address < first + shape.rows)
        m.d.comb += [
            mass.addr.eq(of_lane(at[1].lane, at[1].ticket.row, lanes)),
            mass_write.addr.eq(of_lane(host.lane, row, lanes)),
            mass_write.data.eq(host.data[: f.weight.width].as_signed()),
            mass_write.en.eq(written),
        ]

        # Stage 0 to 2: the kick, in units of the state; a drift alone changes no momentum.
        m.submodules.kick_shift = kick_shift = NearestShift(shape.sum_width, f.kick_shift(0), STEP_LIMIT)
        m.d.comb += [kick_shift.value.eq(self.sum), kick_shift.amount.eq(self.s)]

        # Stage 2 to 3: the momentum takes it, and the nudge: pi - K + n, or - n, without a carry running twice.
        ticket, wide = at[2].ticket, max(len(kick_shift.result), w) + 2
        kicked = Signal(signed(wide))
        minus = Signal()
        m.d.comb += minus.eq(ticket.nudge & ticket.nudge_negate & kicks[2])
        addends = [Signal(signed(wide), name=f"addend_{number}") for number in range(3)]
        m.d.comb += [
            addends[0].eq(self.momentum),
            addends[1].eq(~Mux(kicks[2], kick_shift.result, 0).as_signed()),
            addends[2].eq(Mux(ticket.nudge & kicks[2], self.nudge, 0).as_signed() ^ minus.replicate(w).as_signed()),
        ]
        # The inverted change lacks one, and so does the inverted nudge.
        m.d.sync += kicked.eq(sum_of_three(addends[0], addends[1], addends[2], ONE, minus))
        momentum = kicked[:w].as_signed()

        # Stage 3 to 7: the drift's product, of two digits; the most negative code is its own negative and must not drift.
        m.submodules.low = low = Multiplier(f.multiplier)
        m.submodules.high = high = Multiplier(f.multiplier)
        mu = later(m, mass.data, "mu", 1)
        m.d.comb += [
            low.left.eq(mu),
            high.left.eq(mu),
            low.right.eq(momentum[:digit]),
            high.right.eq(Mux(momentum == f.state.lowest, 0, momentum >> digit)),
        ]
        product = Signal(signed(f.multiplier + w + 1))
        m.d.sync += product.eq(low.product + (high.product << digit))

        # Stage 7 to 9: half a drift.
        m.submodules.drift_shift = drift_shift = NearestShift(len(product), f.drift_shift(0), STEP_LIMIT)
        m.d.comb += [drift_shift.value.eq(product), drift_shift.amount.eq(self.s)]
        half = drift_shift.result

        # Stage 9 to 10: the position takes it, once or twice; whether the second half alone wraps is found a cycle later.
        position, wide = Signal(signed(w)), max(len(half), w) + 1
        drifted, twice = Signal(signed(wide)), Signal(signed(wide))
        m.d.sync += [
            position.eq(self.position + Mux(at[9].ticket.double, half << 1, half)),
            drifted.eq(self.position + half),
            twice.eq(drifted[:w].as_signed() + Mux(at[10].ticket.double, later(m, half, "half", 1), 0).as_signed()),
        ]

        # Operands; that of the momentum waits for that of the position.
        m.submodules.narrow_p = narrow_p = Narrow(f)
        m.submodules.narrow_x = narrow_x = Narrow(f)
        m.d.comb += [
            narrow_p.value.eq(momentum),
            narrow_x.value.eq(position),
            self.p.eq(later(m, narrow_p.operand, "p_later", STORE - 4)),
            self.p_clipped.eq(later(m, narrow_p.clipped, "p_clipped_later", STORE - 4)),
            self.x.eq(narrow_x.operand),
            self.x_clipped.eq(narrow_x.clipped),
        ]

        # What is written: by operations, or by the host, which also copies and flips.
        moved_q, moved_p = Signal(signed(w)), Signal(signed(w))
        m.d.sync += [moved_q.eq(self.position), moved_p.eq(Mux(host.flip, -self.momentum, self.momentum))]
        mine = host.active & host.write
        for bank, stage, value, enable, moved in (
            (Bank.MOMENTUM, 3, momentum, kicks[3], moved_p),
            (Bank.POSITION, 10, position, drifts[10], moved_q),
        ):
            memory = memories[bank]
            m.d.comb += [
                memory.write_address.eq(Mux(host.active, Mux(host.move, beyond, there), place(stage, "state"))),
                memory.data.eq(Mux(host.active, Mux(host.move, moved, host.data[:w].as_signed()), value)),
                memory.write.eq(Mux(host.active, host.move | (mine & (host.bank == bank)), enable)),
            ]
        nudges, trace = memories[Bank.NUDGE], memories[Bank.TRACE]
        m.d.comb += [
            nudges.write_address.eq(there),
            nudges.data.eq(host.data[:w]),
            nudges.write.eq(mine & (host.bank == Bank.NUDGE)),
            trace.write_address.eq(place(10, "trace_address")),
            trace.data.eq(position),
            trace.write.eq(drifts[10] & at[10].ticket.trace),
        ]

        # Whether a sum wrapped, a cycle after it was formed.
        for total, stage, happens in ((kicked, 3, kicks), (drifted, 10, drifts), (twice, 11, drifts)):
            wraps, way = Signal(name="wraps"), Signal.like(at[0].ticket.way, name="wrapping_way")
            m.d.sync += [
                wraps.eq(happens[stage] & (total[w:] != total[w - 1].replicate(len(total) - w))),
                way.eq(at[stage].ticket.way),
            ]
            for number in range(shape.ways):
                with m.If(wraps & (way == number)):
                    m.d.comb += self.overflow[number].eq(1)
        return m
