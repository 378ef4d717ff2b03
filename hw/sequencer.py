"""The sequencer: takes runs, walks their programs, and issues one operation a cycle to all lanes.

Each way walks the program of one run, group by group. Two engines issue: the long one owns ring and sum, and works on one way's group
until it ends; the short one slips its groups in between and goes first. While one way waits for a result, another uses the multipliers.
"""

from __future__ import annotations

from amaranth.hdl import Array, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import STEP_LIMIT, Accumulate, Direction, Nudge
from loschmidt.spec.shape import Shape

from .engine import Engine, row_layout
from .index import index
from .operation import ACCUMULATOR_LATENCY, STAGES, Consumer, operation_layout
from .program import assemble
from .request import run_layout

#: Cycles from the last operation of a run to its last write, with some to spare for flags to reach the sequencer.
DRAIN = STAGES + 6


class Sequencer(wiring.Component):
    """Runs contexts through their programs.

    Members
    -------
    run, run_valid, run_ready : a run is taken when both are high; ready means that a way is free and the context is not under way
    hamiltonian, s : In, static while runs are under way
    operation : Out, one a cycle, or with ``valid`` low
    input_address : Out, of the input word that the operation issued *next* cycle wants
    restart : Out(ways), the way's sticky flags begin anew
    done : Out(ways), a pulse when a run has ended and all its writes are done; ``done_context`` says whose
    idle : Out(1), no run is under way
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        context = index(shape.contexts)
        super().__init__(
            {
                "run": In(run_layout(shape)),
                "run_valid": In(1),
                "run_ready": Out(1),
                "hamiltonian": In(2),
                "s": In(range(STEP_LIMIT + 1)),
                "operation": Out(operation_layout(shape)),
                "input_address": Out(index(layout.depth(Bank.INPUT, shape))),
                "restart": Out(shape.ways),
                "done": Out(shape.ways),
                "done_context": Out(data.ArrayLayout(context, shape.ways)),
                "idle": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, f = self.array, self.array.formats
        rows, starts = assemble(shape)
        pc = range(len(rows))
        start_rows = Array([Const(starts[h, a], len(rows).bit_length()) for h in Hamiltonian for a in (False, True)])

        # Ways.
        runs = [Signal(run_layout(shape), name=f"run_{w}") for w in range(shape.ways)]
        active = Signal(shape.ways)
        draining = Signal(shape.ways)
        busy = Signal(shape.ways)  # an engine works on the way's group
        short = Signal(shape.ways)  # the way's next group is a short one
        timers = [Signal(range(64), name=f"timer_{w}") for w in range(shape.ways)]
        counters = [Signal(pc, name=f"pc_{w}") for w in range(shape.ways)]
        remaining = [Signal(32, name=f"remaining_{w}") for w in range(shape.ways)]
        ready = Signal(shape.ways)
        for w in range(shape.ways):
            m.d.comb += ready[w].eq(active[w] & ~busy[w] & ~draining[w] & (timers[w] == 0))
            with m.If(timers[w] != 0):
                m.d.sync += timers[w].eq(timers[w] - 1)
        m.d.comb += self.idle.eq(~active.any())

        # Taking a run.
        taken = Signal(shape.ways)
        clash = Signal()
        for w in range(shape.ways):
            with m.If(active[w] & (runs[w].context == self.run.context)):
                m.d.comb += clash.eq(1)
        m.d.comb += self.run_ready.eq(~active.all() & ~clash)
        with m.If(self.run_valid & self.run_ready):
            for w in reversed(range(shape.ways)):
                with m.If(~active[w]):
                    m.d.comb += taken.eq(1 << w)
        for w in range(shape.ways):
            with m.If(taken[w]):
                m.d.sync += [
                    runs[w].eq(self.run),
                    active[w].eq(1),
                    short[w].eq(1),
                    busy[w].eq(0),
                    timers[w].eq(0),
                    remaining[w].eq(self.run.steps),
                    counters[w].eq(start_rows[(self.hamiltonian << 1) | (self.run.accumulate != Accumulate.OFF)]),
                ]
        m.d.comb += self.restart.eq(taken)

        # Engines.
        m.submodules.long = long = Engine(shape, rows)
        m.submodules.quick = quick = Engine(shape, rows)
        favourite = Signal(index(shape.ways))  # the way that issued a long group last gives way
        for engine, wanted in ((quick, short), (long, ~short)):
            waiting = Signal(shape.ways, name="waiting")
            chosen = Signal(index(shape.ways), name="chosen")
            m.d.comb += waiting.eq(ready & wanted)
            for distance in reversed(range(shape.ways)):
                for w in range(shape.ways):
                    with m.If((favourite == w) & waiting[(w + 1 + distance) % shape.ways]):
                        m.d.comb += chosen.eq((w + 1 + distance) % shape.ways)
            m.d.comb += [engine.start.eq(waiting.any() & engine.free), engine.way_i.eq(chosen), engine.row_i.eq(Array(counters)[chosen])]
            with m.If(engine.start):
                m.d.sync += busy.bit_select(chosen, 1).eq(1)
                if engine is long:
                    m.d.sync += favourite.eq(chosen)

        # Which engine issues. A stale accumulator is avoided by waiting for the operations just issued.
        issued = self.operation
        history = [issued]
        for age in range(ACCUMULATOR_LATENCY - 2):
            history.append(Signal(operation_layout(shape), name=f"history_{age}"))
            m.d.sync += history[age + 1].eq(history[age])
        op = Signal(operation_layout(shape))
        use_quick = Signal()
        m.d.comb += use_quick.eq(quick.valid)
        slot = Signal(row_layout(shape, rows))
        m.d.comb += slot.eq(Mux(use_quick, quick.slot, long.slot))
        way = Signal(index(shape.ways))
        m.d.comb += way.eq(Mux(use_quick, quick.way, long.way))
        run = Signal(run_layout(shape))
        m.d.comb += run.eq(Array(item.as_value() for item in runs)[way])
        last_step = Signal()
        m.d.comb += last_step.eq(Array(remaining)[way] == 1)
        first_step = Signal()
        m.d.comb += first_step.eq(Array(remaining)[way] == run.steps)

        def pick(name: str) -> Signal:
            """A field of whichever engine issues."""
            both = getattr(quick, name), getattr(long, name)
            result = Signal.like(both[1], name=name)
            m.d.comb += result.eq(Mux(use_quick, *both))
            return result

        row, column, block = pick("row"), pick("column"), pick("block")
        finishes = pick("finishes")
        accumulator = Signal.like(op.accumulator)
        m.d.comb += accumulator.eq(slot.accumulator + pick("offset"))
        consumer = Signal(Consumer)
        m.d.comb += consumer.eq(Mux(finishes, slot.consumer, Consumer.NONE))
        drifts, kicks = consumer == Consumer.DRIFT, consumer == Consumer.KICK
        midpoint = drifts & (slot.prologue | ~last_step)
        highest = Mux(run.direction == Direction.DESCENDING, first_step, last_step)
        nudged = Mux(run.nudge == Nudge.IMPULSE, highest, run.nudge != Nudge.NONE)
        adds = slot.place_accumulator
        m.d.comb += [
            op.way.eq(way),
            op.file.eq(way * shape.rows + pick("operand_row")),
            op.ring_file.eq(way * shape.rows + block),
            op.out_file.eq(way * shape.rows + row),
            op.state.eq(run.context * shape.rows + row),
            op.parameter.eq(slot.parameter + pick("offset_parameter")),
            op.accumulator.eq(accumulator),
            op.left.eq(slot.left),
            op.right.eq(slot.right),
            op.scale.eq(slot.scale),
            op.ring_move.eq(slot.loop_row),
            op.ring_load.eq(column == 0),
            op.sum_add.eq(slot.place_sum),
            op.sum_first.eq(slot.fresh & pick("begins")),
            op.sum_hop.eq(pick("hops")),
            op.scratch_add.eq(slot.place_scratch),
            op.scratch_first.eq(slot.fresh),
            op.accumulate.eq(adds),
            op.shift.eq(run.shift),
            op.negate.eq(slot.negate ^ (adds & (run.accumulate == Accumulate.SUBTRACT))),
            op.consumer.eq(consumer),
            op.source.eq(slot.source),
            op.nudge.eq(nudged),
            op.nudge_negate.eq(run.negate),
            op.nudge_address.eq(run.nudge_address + row),
            op.trace.eq(midpoint & run.trace),
            op.trace_address.eq(run.trace_address + row),
            op.double.eq(drifts & ~slot.prologue & ~last_step),
            op.store_p.eq(kicks | (drifts & slot.prologue)),
            op.check_p.eq((kicks | (drifts & slot.prologue)) & (run.accumulate != Accumulate.OFF)),
            op.check_x.eq(midpoint),
        ]
        with m.Switch(consumer):
            with m.Case(Consumer.Z):
                m.d.comb += op.amount.eq(f.table_shift)
            with m.Case(Consumer.KICK):
                m.d.comb += op.amount.eq(f.kick_shift(0) + self.s)
            with m.Case(Consumer.DRIFT):
                m.d.comb += op.amount.eq(f.drift_shift(0) + self.s)
            with m.Default():
                m.d.comb += op.amount.eq(f.multiplier - 1)

        stale = Signal()
        for past in history:
            with m.If(past.valid & past.accumulate & (past.accumulator == accumulator)):
                m.d.comb += stale.eq(adds)
        issue = Signal()
        m.d.comb += [
            issue.eq((quick.valid | long.valid) & ~stale),
            op.valid.eq(issue),
            quick.advance.eq(issue & use_quick),
            long.advance.eq(issue & ~use_quick),
            self.input_address.eq(Array(item.input_address for item in runs)[long.way] + long.column),
        ]
        m.d.sync += self.operation.eq(op)

        # The end of a group, of a step, of a run.
        with m.If(issue & pick("group_ends")):
            m.d.sync += busy.bit_select(way, 1).eq(0)
            for w in range(shape.ways):
                with m.If(way == w):
                    m.d.sync += [
                        counters[w].eq(slot.following),
                        short[w].eq(slot.following_short),
                        timers[w].eq(slot.following_wait),
                    ]
                    back = runs[w].direction == Direction.DESCENDING
                    with m.If(slot.prologue | slot.ends_step):
                        stride = Mux(back, Const(-shape.rows, signed(32)), shape.rows)
                        m.d.sync += runs[w].trace_address.eq(runs[w].trace_address + stride)
                    with m.If(slot.ends_step):
                        m.d.sync += [
                            remaining[w].eq(remaining[w] - 1),
                            runs[w].input_address.eq(runs[w].input_address + Mux(back, Const(-shape.inputs, signed(32)), shape.inputs)),
                        ]
                        with m.If(runs[w].nudge == Nudge.STREAM):
                            m.d.sync += runs[w].nudge_address.eq(runs[w].nudge_address + stride)
                        with m.If(last_step):
                            m.d.sync += [draining[w].eq(1), timers[w].eq(DRAIN)]
        for w in range(shape.ways):
            m.d.comb += [
                self.done[w].eq(active[w] & draining[w] & (timers[w] == 0)),
                self.done_context[w].eq(runs[w].context),
            ]
            with m.If(self.done[w]):
                m.d.sync += [active[w].eq(0), draining[w].eq(0)]
        return m
