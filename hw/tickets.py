"""The tickets of a tile: which sums are finished and what becomes of them, stage by stage."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec.shape import Shape

from .operation import STAGES, STORE, TICKET_AGE, Consumer, nudge_layout, operation_layout, spacing, stage_layout, ticket_layout

#: Age of an operation when it comes in, a cycle before the first register here has it.
ARRIVAL = -2


class Tickets(wiring.Component):
    """An operation that finishes a sum, or drifts, becomes a ticket, which is worked on for one lane after another.

    What belongs to a ticket stands still for as long as its lanes follow each other; only its last use decides how many registers it
    takes, not the number of stages.

    Members
    -------
    operation : In, at age `ARRIVAL`
    soon, starts : Out(1), lane 0 of a ticket is at stage -1; at stage 0
    nudge : Out, whose nudge is read, at stage -1
    stages : Out, every stage with the fields that `STAGES` names
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__(
            {
                "operation": In(operation_layout(shape)),
                "soon": Out(1),
                "starts": Out(1),
                "nudge": Out(nudge_layout(shape)),
                "stages": Out(stage_layout(shape)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        arrival = ARRIVAL - TICKET_AGE
        # Lane 0 of a ticket is at that stage.
        begins: dict[int, Value] = {arrival: self.operation.valid & (self.operation.consumer != Consumer.NONE)}
        for stage in range(arrival, STORE):
            reached = Signal(name=f"begins_{stage + 1}".replace("-", "m"))
            m.d.sync += reached.eq(begins[stage])
            begins[stage + 1] = reached
        m.d.comb += [self.soon.eq(begins[-1]), self.starts.eq(begins[0])]

        def kept(name: str, value: Value, first: int) -> Value:
            """``value`` while a ticket is at stage ``first``, where it was until then at the stage before."""
            register = Signal.like(value, name=f"{name}_{first}".replace("-", "m"))
            with m.If(begins[first - 1]):
                m.d.sync += register.eq(value)
            return register

        # A register keeps its word for `apart` cycles, of which the ticket's lanes take one each.
        apart, lanes = spacing(self.array), self.array.tile
        for name in ("consumer", *(name for name, _ in ticket_layout(self.array))):
            first, word = arrival + 1, kept(name, self.operation[name], arrival + 1)
            for use in [0] if name == "consumer" else [stage for stage, names in STAGES.items() if name in names]:
                while use + lanes - first > apart:
                    first = min(use, first + apart)
                    word = kept(name, word, first)
                if name == "consumer":
                    consumer = word
                else:
                    m.d.comb += (self.nudge if use < 0 else self.stages[use].ticket)[name].eq(word)

        # Stage -1 and 0: the lanes are counted.
        coming, active, lane = Signal(), Signal(), Signal.like(self.nudge.lane)
        m.d.sync += [
            coming.eq(begins[-2] | (coming & (lane != lanes - 1))),
            lane.eq(Mux(begins[-2], 0, lane + 1)),
            active.eq(coming),
            self.stages[0].lane.eq(lane),
        ]
        m.d.comb += [self.nudge.lane.eq(lane), self.stages[0].consumer.eq(Mux(active, consumer, Consumer.NONE))]
        for stage in range(STORE):
            m.d.sync += [self.stages[stage + 1][name].eq(self.stages[stage][name]) for name in ("lane", "consumer")]
        return m
