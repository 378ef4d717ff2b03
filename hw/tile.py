"""A tile: some lanes, and the integrator and activation that they share."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import STEP_LIMIT
from loschmidt.spec.shape import Shape

from .activation import TABLES, Activation
from .host_access import HostAccess, lanes_per_tile
from .index import index
from .integrator import STATES, Integrator
from .lane import Lane
from .operation import AGES, STORE, STORE_Y, TICKET_AGE, Consumer, operation_layout, stage_layout
from .parameters import Parameters


class Tile(wiring.Component):
    """Lanes ``number * G`` on, G = `lanes_per_tile`; all inputs from outside the ring are registered here first, so that what goes to all
    tiles goes no further than to their borders.

    Members
    -------
    operation : In, a cycle before its age 0
    input : In(operand), the broadcast input word a cycle before it is needed (age 1)
    s, restart : In, likewise
    number, padded : In, static: which tile, and which of its lanes hold no oscillator in their last row
    ring_i, ring_o, sum_i, sum_o : to the last lane from the next tile, and from the first to the one before; unregistered
    overflow, clip : Out(ways), sticky until ``restart``
    host : In(HostAccess); its ``answer`` is zero if it asked another tile
    """

    def __init__(self, shape: Shape, lanes: int) -> None:
        self.array, self.lanes = shape, lanes
        operand, total = signed(shape.formats.operand.width), signed(shape.sum_width)
        super().__init__(
            {
                "operation": In(operation_layout(shape)),
                "input": In(operand),
                "s": In(range(STEP_LIMIT + 1)),
                "restart": In(shape.ways),
                "number": In(index(-(-shape.lanes // lanes_per_tile(shape)))),
                "padded": In(lanes_per_tile(shape)),
                "ring_i": In(operand),
                "ring_o": Out(operand),
                "sum_i": In(total),
                "sum_o": Out(total),
                "overflow": Out(shape.ways),
                "clip": Out(shape.ways),
                "host": In(HostAccess(shape)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, size = self.array, lanes_per_tile(self.array)
        lanes = [Lane(shape) for _ in range(self.lanes)]
        pairs = [Parameters(shape, len(lanes[k : k + 2])) for k in range(0, self.lanes, 2)]
        m.submodules.integrator = integrator = Integrator(shape)
        m.submodules.activation = activation = Activation(shape)

        # The border.
        operation, word = Signal(operation_layout(shape)), Signal.like(self.input)
        restart = Signal(shape.ways)
        m.d.sync += [operation.eq(self.operation), word.eq(self.input), integrator.s.eq(self.s), restart.eq(self.restart)]
        host = {
            name: Signal.like(getattr(self.host, name), name=f"host_{name}") for name in self.host.signature.members if name != "answer"
        }
        m.d.sync += [signal.eq(getattr(self.host, name)) for name, signal in host.items()]
        for part in (integrator, activation, *lanes, *pairs):
            m.d.comb += [getattr(part.host, name).eq(signal) for name, signal in host.items()]

        # Which lane the host means.
        own, within = Signal(), Signal(range(max(2, size)))
        m.d.comb += own.eq(1)
        if shape.lanes > size:
            m.d.comb += own.eq(host["lane"][(size - 1).bit_length() :] == self.number)
        if size > 1:
            m.d.comb += within.eq(host["lane"])
        meant = own | host["every"]
        m.d.comb += integrator.host.write.eq(host["write"] & meant)

        # Operations age.
        aged = {0: operation}
        for age in range(max(AGES)):
            aged[age + 1] = Signal(operation_layout(shape), name=f"age_{age + 1}")
            m.d.sync += aged[age + 1].eq(aged[age])
        for lane in lanes:
            for age, names in AGES.items():
                m.d.comb += [lane.operation[f"age_{age}"][name].eq(aged[age][name]) for name in names]
            m.d.comb += lane.input.eq(word)
        m.d.comb += [pair.address.eq(operation.parameter) for pair in pairs]

        starts = Signal()
        m.d.sync += starts.eq(aged[TICKET_AGE - 1].valid & (aged[TICKET_AGE - 1].consumer != Consumer.NONE))

        # The lanes in their row.
        answers: Value = Signal(signed(max(layout.width(bank, shape) for bank in Bank)), name="no_answer")
        for number in reversed(range(self.lanes)):
            lane, pair, last = lanes[number], pairs[number // 2], number == self.lanes - 1
            m.submodules[f"lane_{number}"] = lane
            if number % 2 == 0:
                m.submodules[f"parameters_{number // 2}"] = pair
                mine = (within >> 1) == number // 2 if size > 2 else 1
                m.d.comb += [
                    pair.host_lane.eq(within[0]),
                    pair.host_write.eq(host["active"] & host["write"] & (host["bank"] == Bank.PARAMETER) & meant & (host["every"] | mine)),
                ]
            following = None if last else lanes[number + 1]
            m.d.comb += [
                lane.parameter.eq(pair.word_1 if number % 2 else pair.word_0),
                lane.ring_i.eq(self.ring_i if last else following.ring_o),
                lane.sum_i.eq(self.sum_i if last else following.sum_o),
                lane.starts.eq(starts),
                lane.behind.eq(0 if last else following.sum_o),
                lane.sent_i.eq(0 if last else following.sent_o),
            ]
            # What the host asked a lane for goes from lane to lane, towards the first.
            asked = own & (within == number) & (host["bank"] == Bank.ACCUMULATOR)
            passed = Signal.like(answers, name=f"answer_{number}")
            found = Mux(asked, lane.word, 0)
            if number % 2 == 0:
                found = found | Mux(own & mine & (host["bank"] == Bank.PARAMETER), pair.word_0, 0)
            m.d.sync += passed.eq(found | answers)
            answers = passed
        m.d.comb += [self.ring_o.eq(lanes[0].ring_o), self.sum_o.eq(lanes[0].sum_o)]

        # A finished sum becomes a ticket, which is worked on for one lane after another.
        stages = Signal(stage_layout(shape))
        first, held = stages[0], Signal(stage_layout(shape).elem_shape)
        m.d.comb += first.eq(held)
        with m.If(starts):
            m.d.comb += [first.consumer.eq(aged[TICKET_AGE].consumer), first.lane.eq(0)]
            m.d.comb += [first.ticket[name].eq(aged[TICKET_AGE][name]) for name, _ in first.ticket.shape()]
        m.d.sync += [held.eq(first), held.lane.eq(first.lane + 1)]
        with m.If(first.lane == size - 1):
            m.d.sync += held.consumer.eq(Consumer.NONE)
        for stage in range(STORE):
            m.d.sync += stages[stage + 1].eq(stages[stage])
        total = Mux(starts, lanes[0].sum_o, lanes[0].sent_o)
        padded = Signal(8)
        m.d.comb += [
            integrator.stages.eq(stages),
            integrator.sum.eq(total),
            activation.sum.eq(total),
            padded.eq(self.padded),
            activation.rests.eq(stages[STORE_Y - 1].ticket.last_row & padded.bit_select(stages[STORE_Y - 1].lane, 1)),
        ]

        # What the lanes keep: y early, all else late; a drift is never so soon before a z that both would come in one cycle.
        early, late = stages[STORE_Y], stages[STORE]
        drifts = (late.consumer == Consumer.KICK) | (late.consumer == Consumer.DRIFT)
        unit = shape.formats.multiplier - 1
        for number, lane in enumerate(lanes):
            m.d.comb += [
                lane.main.activation.eq(~drifts),
                lane.main.buffer.eq(late.ticket.out_buffer),
                lane.main.file.eq(Mux(drifts, late.ticket.out_file, early.ticket.out_file)),
                lane.main.value.eq(Mux(drifts, integrator.x, activation.y)),
                lane.main_write.eq(Mux(drifts, late.lane == number, (early.consumer == Consumer.Z) & (early.lane == number))),
                lane.side.potential.eq(~drifts),
                lane.side.file.eq(late.ticket.out_file),
                lane.side.low.eq(Mux(drifts, integrator.p, activation.potential[:unit])),
                lane.side.high.eq(activation.potential >> unit),
                lane.side_write.eq((late.consumer != Consumer.NONE) & (late.lane == number)),
            ]

        # Flags.
        for way in range(shape.ways):
            checked = (late.ticket.check_x & integrator.x_clipped) | (late.ticket.check_p & integrator.p_clipped)
            clips = drifts & (late.ticket.way == way) & checked
            m.d.sync += [
                self.overflow[way].eq(~restart[way] & (self.overflow[way] | integrator.overflow[way])),
                self.clip[way].eq(~restart[way] & (self.clip[way] | clips)),
            ]

        # The tile's own words join those of its lanes.
        shown = {
            **{bank: getattr(integrator, name) for bank, name in STATES.items()},
            **{bank: getattr(activation, name) for bank, name in TABLES.items()},
        }
        chosen = Signal.like(answers, name="chosen")
        with m.Switch(host["bank"]):
            for bank, value in shown.items():
                with m.Case(bank):
                    m.d.sync += chosen.eq(Mux(own, value, 0))
            with m.Default():
                m.d.sync += chosen.eq(0)
        m.d.sync += self.host.answer.eq(chosen | answers)
        return m
