"""A tile: some lanes, and the integrator and activation that they share."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out

from loschmidt.spec.layout import Bank
from loschmidt.spec.run import STEP_LIMIT
from loschmidt.spec.shape import Shape

from .activation import TABLES, Activation
from .branch import TILES_OF_A_BRANCH
from .delay import later
from .host_access import HostAccess, HostWithin
from .index import index
from .integrator import STATES, Integrator
from .lane import UNREGISTERED, Lane
from .operation import AGES, STORE, STORE_X, STORE_Y, Consumer, constants, operation_layout, ticket_layout
from .parameters import Parameters
from .tickets import Tickets


class Tile(wiring.Component):
    """Lanes ``number * G`` on, G = `Shape.tile`; all inputs from outside the ring are registered here first, so that what goes to all
    tiles goes no further than to their borders.

    Members
    -------
    operation : In, two cycles before its age 0
    input : In(operand), the broadcast input word two cycles before it is needed (age 1)
    s, restart : In, likewise
    number, padded : In, static: which tile, and which of its lanes hold no oscillator in their last row
    following : Out, the number after this one: no tile has its own built in, so they are all alike
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
                "number": In(index(shape.tiles)),
                "following": Out(index(shape.tiles)),
                "padded": In(shape.tile),
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
        shape = self.array
        lanes = [Lane(shape) for _ in range(self.lanes)]
        pairs = [Parameters(shape, len(lanes[k : k + 2])) for k in range(0, self.lanes, 2)]
        m.submodules.integrator = integrator = Integrator(shape)
        m.submodules.activation = activation = Activation(shape)
        m.submodules.tickets = tickets = Tickets(shape)

        m.d.sync += self.following.eq(self.number + 1)

        # The border. Operations age.
        restart = later(m, self.restart, "restart_entered", 1)
        m.d.sync += integrator.s.eq(self.s)
        m.d.comb += tickets.operation.eq(self.operation)
        fields = operation_layout(shape).members.keys() - ticket_layout(shape).members.keys() - {"consumer"}
        aged = {-2: {name: self.operation[name] for name in sorted(fields)}}
        for age in range(-1, max(AGES) + 1):
            aged[age] = {name: later(m, value, f"{name}_{age}".replace("-", "m"), 1) for name, value in aged[age - 1].items()}
        # Where an operation wants a constant, that comes in the input's place.
        word, right = Signal.like(self.input), aged[0]["right"].as_value()
        constant = Array(Const(value, len(word)) for value in constants(shape.formats))[right[1:3]]
        m.d.comb += word.eq(Mux(right[3], constant, later(m, self.input, "input_entered", 1)))
        for lane in lanes:
            for age, names in AGES.items():
                m.d.comb += [lane.operation[f"age_{age}"][name].eq(aged[age - (name not in UNREGISTERED)][name]) for name in names]
            m.d.comb += [lane.input.eq(word), lane.starts.eq(tickets.soon)]
        m.d.comb += [pair.address.eq(aged[-1]["parameter"]) for pair in pairs]

        # The host's request comes in, and then what it asks for is known: in which tile, and of which lane.
        asked = self._host(m, lanes, pairs, integrator, activation)

        # The lanes in their row.
        for number in reversed(range(self.lanes)):
            lane, pair, last = lanes[number], pairs[number // 2], number == self.lanes - 1
            m.submodules[f"lane_{number}"] = lane
            if number % 2 == 0:
                m.submodules[f"parameters_{number // 2}"] = pair
            m.d.comb += lane.parameter.eq(pair.word_1 if number % 2 else pair.word_0)
            if last:
                m.d.comb += [lane.ring_i.eq(self.ring_i), lane.sum_i.eq(self.sum_i)]
            else:
                following = lanes[number + 1]
                m.d.comb += [lane.ring_i.eq(following.ring_o), lane.sum_i.eq(following.sum_o)]
                m.d.comb += [lane.behind.eq(following.sum_o), lane.sent_i.eq(following.sent_o)]
        m.d.comb += [self.ring_o.eq(lanes[0].ring_o), self.sum_o.eq(lanes[0].sum_o)]

        # A finished sum goes to integrator and activation.
        stages = tickets.stages
        total, padded = Signal(signed(shape.sum_width)), Signal(8)
        m.d.comb += [
            total.eq(Mux(tickets.starts, lanes[0].sum_o, lanes[0].sent_o)),
            integrator.nudge_at.eq(tickets.nudge),
            integrator.stages.eq(stages),
            integrator.sum.eq(total),
            activation.sum.eq(total),
            activation.live.eq(Cat(stage.consumer != Consumer.NONE for stage in stages)),
            padded.eq(self.padded),
            activation.rests.eq(stages[STORE_Y - 1].ticket.last_row & padded.bit_select(stages[STORE_Y - 1].lane, 1)),
        ]

        # What the lanes keep: y early, x later, p and conjugate last; x is never so soon before y that both would come in one cycle.
        # Where it goes is known a cycle before it is there.
        late, latest = stages[STORE_X], stages[STORE]
        drifts, drifted = (_drifts(stage) for stage in (late, latest))
        before_y, before_x, before = stages[STORE_Y - 1], stages[STORE_X - 1], stages[STORE - 1]
        moves, moved = Signal(), Signal()
        main_file, buffer, side_file = (Signal.like(before.ticket[name]) for name in ("out_file", "out_buffer", "out_file"))
        m.d.sync += [
            moves.eq(_drifts(before_x)),
            main_file.eq(Mux(_drifts(before_x), before_x.ticket.out_file, before_y.ticket.out_file)),
            buffer.eq(before_x.ticket.out_buffer & _drifts(before_x)),
            moved.eq(_drifts(before)),
            side_file.eq(before.ticket.out_file),
        ]
        unit = shape.formats.multiplier - 1
        for number, lane in enumerate(lanes):
            m.d.sync += [
                lane.main_write.eq(
                    Mux(_drifts(before_x), before_x.lane == number, (before_y.consumer == Consumer.Z) & (before_y.lane == number))
                ),
                lane.side_write.eq((before.consumer != Consumer.NONE) & (before.lane == number)),
            ]
            m.d.comb += [
                lane.main.activation.eq(~moves),
                lane.main.buffer.eq(buffer),
                lane.main.file.eq(main_file),
                lane.main.value.eq(Mux(moves, integrator.x, activation.y)),
                lane.side.conjugate.eq(~moved),
                lane.side.file.eq(side_file),
                lane.side.low.eq(Mux(moved, integrator.p, activation.conjugate[:unit])),
                lane.side.high.eq(activation.conjugate >> unit),
            ]

        # Flags.
        for way in range(shape.ways):
            x_clips = drifts & (late.ticket.way == way) & late.ticket.check_x & integrator.x_clipped
            p_clips = drifted & (latest.ticket.way == way) & latest.ticket.check_p & integrator.p_clipped
            m.d.sync += [
                self.overflow[way].eq(~restart[way] & (self.overflow[way] | integrator.overflow[way])),
                self.clip[way].eq(~restart[way] & (self.clip[way] | x_clips | p_clips)),
            ]

        # Of all words that the host may ask for one is chosen.
        sums = later(m, reduce(or_, (lane.answer for lane in lanes)), "sums", 1 if len(lanes) > 1 else 0)
        weights = Array(pair.word_0 for pair in pairs)[asked["lane"] >> 1]
        found = [sums]
        for shown in (
            {Bank.PARAMETER: weights},
            {bank: getattr(integrator, name) for bank, name in STATES.items()},
            {bank: getattr(activation, name) for bank, name in TABLES.items()},
        ):
            found.append(Signal(signed(max(len(value) for value in shown.values())), name="found"))
            m.d.sync += found[-1].eq(reduce(or_, (Mux(asked[bank.name], value, 0) for bank, value in shown.items())))
        m.d.comb += self.host.answer.eq(later(m, reduce(or_, found), "answered", 0 if shape.tiles == 1 else 1))
        return m

    def _host(
        self, m: Module, lanes: list[Lane], pairs: list[Parameters], integrator: Integrator, activation: Activation
    ) -> dict[str, Value]:
        """Registers for the host's request, and a second time, with what follows from it. Returns which ``lane`` is asked, and, by the name
        of each bank, whether a word of it."""
        shape, size = self.array, self.array.tile
        # A tile alone is where the request comes from: nothing has far to come.
        alone = shape.tiles == 1
        names = [name for name in self.host.signature.members if name != "answer"]
        far = (shape.tiles > 1) + (shape.tiles > TILES_OF_A_BRANCH)
        host = {name: later(m, getattr(self.host, name), f"entered_{name}", far) for name in names}
        own, within, writes = Signal(), Signal(range(max(2, size))), Signal()
        m.d.comb += own.eq(1 if alone else later(m, self.host.lane[(size - 1).bit_length() :] == self.number, "entered_own", far))
        m.d.comb += writes.eq(host["active"] & host["write"] & (own | host["every"]))
        if size > 1:
            m.d.comb += within.eq(host["lane"])
        known = {
            "writes": Cat(writes & (host["bank"] == bank) for bank in range(max(Bank) + 1)),
            **{name: host[name] for name in HostWithin(shape).members if name in host},
        }
        reached = {name: later(m, value, f"host_{name}", 1) for name, value in known.items()}
        for part in (integrator.host, activation.host, *(lane.host for lane in lanes), *(pair.host for pair in pairs)):
            m.d.comb += [getattr(part, name).eq(value) for name, value in reached.items()]
        for k, pair in enumerate(pairs):
            mine = writes & (host["bank"] == Bank.PARAMETER) & (host["every"] | (within >> 1 == k))
            m.d.comb += [
                pair.host_lane.eq(later(m, within[0], "host_odd", 1)),
                pair.host_write.eq(later(m, mine, f"host_write_{k}", 1)),
            ]
        for number, lane in enumerate(lanes):
            mine = own & (host["bank"] == Bank.ACCUMULATOR) & (within == number)
            m.d.comb += lane.asked.eq(later(m, mine, f"asked_{number}", 1))
        asked = {bank.name: later(m, own & (host["bank"] == bank), f"asked_{bank.name.lower()}", 1) for bank in Bank if bank != Bank.INPUT}
        return asked | {"lane": later(m, within, "asked_lane", 1)}


def _drifts(stage: View[data.StructLayout]) -> Value:
    """Whether the ticket there is of a kick or a drift."""
    return (stage.consumer == Consumer.KICK) | (stage.consumer == Consumer.DRIFT)
