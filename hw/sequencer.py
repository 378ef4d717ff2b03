"""The sequencer: takes runs, walks their programs, and issues one operation a cycle to all lanes.

Each way walks the program of one run, group by group; while one way waits for a result, another's group uses the multipliers. What
`walk` offers becomes a candidate, which waits here until nothing stands in its way.
"""

from __future__ import annotations

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import Accumulate, Direction, Nudge
from loschmidt.spec.shape import Shape

from .index import index
from .operation import ACCUMULATOR_LATENCY, Consumer, Right, flag_latency, kick_to_z, operation_layout, spacing
from .program import assemble
from .request import run_layout
from .ring import GATHERED, entry
from .walk import Walk


def drain(shape: Shape) -> int:
    """Cycles from the last operation of a run to its last flag, gathered from all tiles, with some to spare."""
    return entry(shape) + flag_latency(shape) + GATHERED + 2


class Sequencer(wiring.Component):
    """Runs contexts through their programs.

    Members
    -------
    run, run_valid, run_ready : a run is taken when both are high, and stays until then; ready means that a way is free and the context
        is not under way, as it was found a cycle before
    hamiltonian, s : In, static while runs are under way
    operation : Out, one a cycle, or with ``valid`` low
    input_address : Out, of the input word that the operation issued next cycle wants
    restart : Out(ways), the way's sticky flags begin anew
    done : Out(ways), a pulse when a run has ended and all its writes are done; ``done_context`` says whose
    idle : Out(1), no run is under way
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__(
            {
                "run": In(run_layout(shape)),
                "run_valid": In(1),
                "run_ready": Out(1),
                "hamiltonian": In(2),
                "operation": Out(operation_layout(shape)),
                "input_address": Out(index(layout.depth(Bank.INPUT, shape))),
                "restart": Out(shape.ways),
                "done": Out(shape.ways),
                "done_context": Out(data.ArrayLayout(index(shape.contexts), shape.ways)),
                "idle": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, f, ways = self.array, self.array.formats, range(self.array.ways)
        rows, starts = assemble(shape)
        start_rows = Array([Const(starts.get((h, a), 0), len(rows).bit_length()) for h in Hamiltonian for a in (False, True)])

        # Ways.
        runs = [Signal(run_layout(shape), name=f"run_{w}") for w in ways]
        steps = index(shape.input_depth + 1)
        active, draining, between = Signal(shape.ways), Signal(shape.ways), Signal(shape.ways)  # between: none of its groups is under way
        first_step, last_step, odd = Signal(shape.ways), Signal(shape.ways), Signal(shape.ways)  # odd: which x is read
        timers = [Signal(range(max(64, drain(shape) + 1)), name=f"timer_{w}") for w in ways]
        over = Signal(shape.ways, init=-1)  # whose timer has come to zero
        counters = [Signal(range(len(rows)), name=f"counter_{w}") for w in ways]
        remaining = [Signal(steps, name=f"remaining_{w}") for w in ways]
        alone = Signal(shape.ways)  # whether its group's first row is the last as well
        bases = [Signal(index(layout.depth(Bank.POSITION, shape)), name=f"base_{w}") for w in ways]  # of the context's rows
        waiting = Signal(shape.ways)
        for w in ways:
            m.d.comb += waiting[w].eq(between[w] & over[w])
            m.d.sync += bases[w].eq(runs[w].context * shape.rows)
            m.d.sync += [timers[w].eq(timers[w] - 1), over[w].eq(over[w] | (timers[w] == 1))]
        m.d.comb += self.idle.eq(~active.any())

        # Taking a run.
        clash, taken = Signal(), Signal(shape.ways)
        for w in ways:
            with m.If(active[w] & (runs[w].context == self.run.context)):
                m.d.comb += clash.eq(1)
        # Found a cycle before it is said; until then the run waits, and what is under way only becomes less.
        m.d.sync += self.run_ready.eq(self.run_valid & ~self.run_ready & ~active.all() & ~clash)
        with m.If(self.run_valid & self.run_ready):
            for w in reversed(ways):
                with m.If(~active[w]):
                    m.d.comb += taken.eq(1 << w)
        m.d.comb += self.restart.eq(taken)

        # Whose group is next: the way that had the last one gives way.
        m.submodules.walk = walk = Walk(shape, rows)
        favourite, chosen = Signal(index(shape.ways)), Signal(index(shape.ways))
        for distance in reversed(ways):
            for w in ways:
                with m.If((favourite == w) & waiting[(w + 1 + distance) % shape.ways]):
                    m.d.comb += chosen.eq((w + 1 + distance) % shape.ways)
        m.d.comb += [
            walk.start.eq(waiting.any() & walk.free),
            walk.way.eq(chosen),
            walk.row.eq(Array(counters)[chosen]),
            walk.ends.eq(alone.bit_select(chosen, 1)),
        ]
        with m.If(walk.start):
            m.d.sync += [between.bit_select(chosen, 1).eq(0), favourite.eq(chosen)]

        # The candidate, and what stands in its way: an accumulator just used, the integrator's lanes, a cycle in which y and x would meet.
        op = Signal(operation_layout(shape))
        go = Signal()  # it is issued in this cycle, as was found in the one before
        lonely, input_address = Signal(), Signal.like(self.input_address)
        # Of each way, whether its group ends with the candidate, and a drift with that, and a step.
        ends_group, ends_drift, ends_step = (Signal(shape.ways, name=name) for name in ("ends_group", "ends_drift", "ends_step"))
        following, following_ends, following_wait, no_wait = Signal.like(counters[0]), Signal(), Signal(6), Signal()
        recent, lately = Signal(ACCUMULATOR_LATENCY - 1), Signal()  # of the last operations, which were lonely; whether any will be
        kick_in, z_in = Signal(range(spacing(shape) + 1)), Signal(range(kick_to_z(shape) + 1))
        kick_waits, z_waits = Signal(), Signal()  # whether their counters have not come to zero
        kick_will_wait, z_will_wait = Signal(), Signal()  # ... will not have a cycle later
        ended = go & (op.consumer != Consumer.NONE)
        m.d.comb += [
            walk.advance.eq(walk.valid & (~op.valid | go)),
            lately.eq(recent[:-1].any() | (go & lonely)),
            kick_will_wait.eq(ended | (kick_waits & (kick_in != 1))),
            z_will_wait.eq(ended | (z_waits & (z_in != 1))),
        ]

        def unhindered(consumer: View[Consumer], lonely: Value) -> Value:
            """Whether nothing will stand in the way of such a candidate."""
            return ~((lonely & lately) | ((consumer == Consumer.Z) & z_will_wait) | (consumer.as_value()[1] & kick_will_wait))

        m.d.sync += [
            recent.eq((recent << 1) | (go & lonely)),
            kick_waits.eq(kick_will_wait),
            z_waits.eq(z_will_wait),
            kick_in.eq(kick_in - 1),
            z_in.eq(z_in - 1),
            self.operation.eq(op),
            self.operation.valid.eq(go),
            go.eq(op.valid & ~go & unhindered(op.consumer, lonely)),
        ]
        m.d.comb += self.input_address.eq(input_address)
        with m.If(ended):
            m.d.sync += kick_in.eq(spacing(shape) - 1)
            m.d.sync += z_in.eq(Mux(op.consumer == Consumer.Z, spacing(shape), kick_to_z(shape)) - 1)

        # From walk to candidate.
        current, slot, way = walk.current, walk.current.slot, walk.current.way
        run = Signal(run_layout(shape))
        m.d.comb += run.eq(Array(item.as_value() for item in runs)[way])

        def of_way(flags: Value) -> Value:
            return flags.bit_select(way, 1)

        last, back = of_way(last_step), run.direction == Direction.DESCENDING
        consumer = Signal(Consumer)
        m.d.comb += consumer.eq(Mux(walk.finishes, slot.consumer, Consumer.NONE))
        kicks = consumer == Consumer.KICK
        moves = kicks | (consumer == Consumer.DRIFT)
        midpoint = moves & (slot.prologue | ~last)
        row, own = current.row, way * shape.rows
        with m.If(walk.advance):
            m.d.sync += [
                op.valid.eq(1),
                go.eq(unhindered(consumer, slot.lonely)),
                op.left.eq(slot.left),
                op.right.eq(slot.right),
                op.file.eq(own + walk.operand_row),
                op.right_file.eq(own + Mux(slot.right == Right.RING, walk.block, walk.operand_row)),
                op.buffer.eq(of_way(odd)),
                op.parameter.eq(slot.parameter + walk.offset_parameter),
                op.accumulator.eq(slot.accumulator + walk.offset),
                op.ring_move.eq(slot.loop_row),
                op.ring_load.eq(walk.column == 0),
                op.shift.eq(Mux(slot.place_accumulator, run.shift, Mux(slot.aligned, f.align_shift, 0))),
                op.negate.eq(slot.negate ^ (slot.place_accumulator & (run.accumulate == Accumulate.SUBTRACT))),
                op.sum_add.eq(slot.place_sum),
                op.sum_first.eq(slot.fresh & walk.begins),
                op.sum_hop.eq(walk.hops),
                op.accumulate.eq(slot.place_accumulator),
                op.consumer.eq(consumer),
                op.way.eq(way),
                op.out_file.eq(own + row),
                op.out_buffer.eq(~of_way(odd)),
                op.row.eq(row),
                op.last_row.eq(row == shape.rows - 1),
                op.state.eq(Array(bases)[way] + row),
                op.nudge.eq(Mux(run.nudge == Nudge.IMPULSE, Mux(back, of_way(first_step), last), run.nudge != Nudge.NONE) & kicks),
                op.nudge_negate.eq(run.negate),
                op.nudge_address.eq(run.nudge_address + row),
                op.trace.eq(midpoint & run.trace),
                op.trace_address.eq(run.trace_address + row),
                op.double.eq(kicks & ~last),
                op.check_p.eq(moves & (run.accumulate != Accumulate.OFF)),
                op.check_x.eq(midpoint),
                lonely.eq(slot.lonely),
                input_address.eq(run.input_address + walk.column),
                following.eq(slot.following),
                following_ends.eq(slot.following_ends),
                following_wait.eq(slot.following_wait),
                no_wait.eq(slot.following_wait == 0),
            ]
            for w in ways:
                ends = walk.group_ends & (way == w)
                m.d.sync += [
                    ends_group[w].eq(ends),
                    ends_drift[w].eq(ends & (slot.prologue | slot.ends_step)),
                    ends_step[w].eq(ends & slot.ends_step),
                ]
        with m.Elif(go):
            m.d.sync += [op.valid.eq(0), lonely.eq(0)]

        # The end of a group, of a step, of a run.
        for w in ways:
            stride = Mux(runs[w].direction == Direction.DESCENDING, Const(-shape.rows, signed(32)), shape.rows)
            feed = Mux(runs[w].direction == Direction.DESCENDING, Const(-shape.inputs, signed(32)), shape.inputs)
            with m.If(go & ends_group[w]):
                m.d.sync += [between[w].eq(1), timers[w].eq(following_wait), over[w].eq(no_wait)]
                m.d.sync += [counters[w].eq(following), alone[w].eq(following_ends)]
            with m.If(go & ends_drift[w]):
                m.d.sync += [odd[w].eq(~odd[w]), runs[w].trace_address.eq(runs[w].trace_address + stride)]
            with m.If(go & ends_step[w]):
                m.d.sync += [
                    first_step[w].eq(0),
                    last_step[w].eq(remaining[w] == 2),
                    remaining[w].eq(remaining[w] - 1),
                    runs[w].input_address.eq(runs[w].input_address + feed),
                ]
                with m.If(runs[w].nudge == Nudge.STREAM):
                    m.d.sync += runs[w].nudge_address.eq(runs[w].nudge_address + stride)
                with m.If(last_step[w]):
                    m.d.sync += [draining[w].eq(1), between[w].eq(0), timers[w].eq(drain(shape)), over[w].eq(0)]
            m.d.comb += [
                self.done[w].eq(active[w] & draining[w] & over[w]),
                self.done_context[w].eq(runs[w].context),
            ]
            with m.If(self.done[w]):
                m.d.sync += [active[w].eq(0), draining[w].eq(0)]

        # A run is taken by a way that has none, where nothing ends: said last, its fields need not wait for what ends.
        for w in ways:
            with m.If(taken[w]):
                m.d.sync += [
                    runs[w].eq(self.run),
                    active[w].eq(1),
                    between[w].eq(1),
                    timers[w].eq(2),
                    over[w].eq(0),
                    first_step[w].eq(1),
                    last_step[w].eq(self.run.steps == 1),
                    remaining[w].eq(self.run.steps),
                    counters[w].eq(start_rows[(self.hamiltonian << 1) | (self.run.accumulate != Accumulate.OFF)]),
                    alone[w].eq(1),  # the half drift is one row
                ]
        return m
