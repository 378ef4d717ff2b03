"""The table of passes, compiled from `spec.hamiltonian`: which operations make one time step of each Hamiltonian.

A program is a list of groups; a group is repeated for every row (r = 0..R-1) and consists of slots; a slot is one kind of operation in
an inner loop. Groups run one after another, each after a wait that covers what it needs from those before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from loschmidt.spec import layout
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter, Product, Target, Term
from loschmidt.spec.shape import Shape

from .operation import (
    ACTIVATION_LATENCY,
    MOMENTUM_LATENCY,
    MOMENTUM_OPERAND_LATENCY,
    OPERAND_LATENCY,
    Consumer,
    Left,
    Right,
    Scale,
    Source,
)

#: Cycles that pass anyway between a group's last operation and the next group's first.
HANDOVER = 1


class Loop(IntEnum):
    """Inner loop of a slot, within row r of its group."""

    SINGLE = 0  #: once
    INPUT = 1  #: for m in M
    ROW = 2  #: for s in R, for c in L: operands travel
    COLUMN = 3  #: for c in L, for row in R: sums travel; r is the column block s


class Place(IntEnum):
    """What a slot's products are added to."""

    SUM = 0
    SCRATCH = 1
    ACCUMULATOR = 2


@dataclass(frozen=True)
class Slot:
    """One kind of operation. ``parameter`` and ``accumulator`` are base addresses; ``fresh`` starts the sum, ``consumer`` ends it."""

    loop: Loop
    left: Left
    right: Right
    place: Place
    scale: Scale = Scale.NONE
    parameter: int = 0
    accumulator: int = 0
    negate: bool = False
    fresh: bool = False
    consumer: Consumer = Consumer.NONE
    source: Source = Source.SUM


@dataclass(frozen=True)
class Group:
    """Slots repeated for every row.

    Members
    -------
    short : may go between the operations of another way's long group (touches neither ring nor sum)
    wait : cycles between the end of the group before it and its first operation, filled in by `schedule`
    """

    name: str
    slots: tuple[Slot, ...]
    short: bool = False
    wait: int = 0


_LATENCY = {"x": OPERAND_LATENCY, "z": ACTIVATION_LATENCY, "y": ACTIVATION_LATENCY, "q": ACTIVATION_LATENCY, "pi": MOMENTUM_LATENCY}
_LATENCY["p"] = MOMENTUM_OPERAND_LATENCY

_LEFT_NEEDS = {Left.X: "x", Left.Y: "y", Left.PAIR: "y", Left.P: "p", Left.RISE: "z", Left.POTENTIAL_LOW: "q", Left.POTENTIAL_HIGH: "q"}
_RIGHT_NEEDS = {
    Right.MOMENTUM_LOW: "pi",
    Right.MOMENTUM_HIGH: "pi",
    Right.X: "x",
    Right.RING: "x",
    Right.Y: "y",
    Right.OFFSET: "z",
    Right.P: "p",
}
_CONSUMER_WRITES = {
    Consumer.Z: {"z"},
    Consumer.Y: {"y"},
    Consumer.POTENTIAL: {"q"},
    Consumer.KICK: {"pi", "p"},
    Consumer.DRIFT: {"x", "p"},
    Consumer.NONE: set[str](),
}


def length(slot: Slot, shape: Shape) -> int:
    """Operations of the slot in one row."""
    return {Loop.SINGLE: 1, Loop.INPUT: shape.inputs, Loop.ROW: shape.padded, Loop.COLUMN: shape.padded}[slot.loop]


def needs(slot: Slot) -> set[str]:
    """Names of the intermediate results that the slot reads."""
    found = {_LEFT_NEEDS.get(slot.left), _RIGHT_NEEDS.get(slot.right)}
    return {name for name in found if name is not None}


def drift(shape: Shape) -> Group:
    """Half a drift, or two halves at once: mu times the two digits of the momentum."""
    mu = layout.base(Parameter.INVERSE_MASS, shape)
    low = Slot(Loop.SINGLE, Left.PARAMETER, Right.MOMENTUM_LOW, Place.SCRATCH, parameter=mu, fresh=True)
    high = replace(low, right=Right.MOMENTUM_HIGH, scale=Scale.DIGIT, fresh=False, consumer=Consumer.DRIFT, source=Source.SCRATCH)
    return Group("drift", (low, high), short=True)


def _activate() -> Group:
    slot = Slot(Loop.SINGLE, Left.RISE, Right.OFFSET, Place.SCRATCH, fresh=True, consumer=Consumer.Y, source=Source.SCRATCH)
    return Group("activate", (slot,), short=True)


def _term(term: Term, shape: Shape) -> Slot:
    def weight(parameter: Parameter, loop: Loop, right: Right, scale: Scale = Scale.OPERAND) -> Slot:
        return Slot(loop, Left.PARAMETER, right, Place.SUM, scale, layout.base(parameter, shape))

    match term:
        case Term.BIAS:
            return weight(Parameter.BIAS, Loop.SINGLE, Right.ONE, Scale.ACTIVATION)
        case Term.ACTIVATION:
            return Slot(Loop.SINGLE, Left.Y, Right.ONE, Place.SUM, Scale.WEIGHT)
        case Term.INPUT:
            return weight(Parameter.INPUT_WEIGHT, Loop.INPUT, Right.INPUT)
        case Term.MINUS_INPUT:
            return replace(weight(Parameter.INPUT_WEIGHT, Loop.INPUT, Right.INPUT), negate=True)
        case Term.STIFFNESS:
            return weight(Parameter.STIFFNESS, Loop.SINGLE, Right.X)
        case Term.GAIN:
            return weight(Parameter.GAIN, Loop.SINGLE, Right.X)
        case Term.ROW:
            return weight(Parameter.COUPLING, Loop.ROW, Right.RING)
        case Term.COLUMN:
            return weight(Parameter.COUPLING, Loop.COLUMN, Right.Y, Scale.NONE)


def _product(product: Product, activated: bool, shape: Shape) -> list[Group]:
    """Groups that accumulate one product; y stands in for x on the left where there is an activation."""
    source = Left.Y if activated else Left.X

    def slot(left: Left, right: Right, loop: Loop = Loop.SINGLE, scale: Scale = Scale.NONE) -> Slot:
        return Slot(loop, left, right, Place.ACCUMULATOR, scale, accumulator=layout.base(product, shape))

    name = product.value
    match product:
        case Product.COUPLING:
            return [Group(name, (slot(source, Right.RING, Loop.ROW),))]
        case Product.INPUT_WEIGHT:
            return [Group(name, (slot(source, Right.INPUT, Loop.INPUT),))]
        case Product.STIFFNESS:
            return [Group(name, (slot(Left.X, Right.X),))]
        case Product.GAIN:
            return [Group(name, (slot(Left.Y, Right.X),))]
        case Product.BIAS:
            return [Group(name, (slot(Left.Y, Right.ONE),))]
        case Product.KINETIC:
            return [Group(name, (slot(Left.P, Right.P),), short=True)]
        case Product.POTENTIAL:
            find = Slot(Loop.SINGLE, Left.PAIR, Right.OFFSET, Place.SCRATCH, fresh=True, consumer=Consumer.POTENTIAL, source=Source.SCRATCH)
            digits = (slot(Left.POTENTIAL_LOW, Right.ONE), slot(Left.POTENTIAL_HIGH, Right.ONE, scale=Scale.DIGIT))
            return [Group("potential", (find,), short=True), Group(name, digits)]


def step(hamiltonian: Hamiltonian, accumulate: bool, shape: Shape) -> tuple[Group, ...]:
    """Groups of one time step from one midpoint to the next: forces, kick, products, both half drifts."""
    definition = DEFINITIONS[hamiltonian]
    groups: list[Group] = []
    products = [g for p in definition.products if p is not Product.KINETIC for g in _product(p, definition.activated, shape)]
    kinetic = _product(Product.KINETIC, definition.activated, shape) if accumulate else []
    groups += kinetic
    for item in definition.passes:
        slots = [_term(term, shape) for term in item.terms]
        slots[0] = replace(slots[0], fresh=True)
        travels = slots[-1].loop is Loop.COLUMN
        consumer = Consumer.Z if item.target is Target.ACTIVATION else Consumer.KICK
        slots[-1] = replace(slots[-1], consumer=consumer, source=Source.NEIGHBOUR if travels else Source.SUM)
        groups.append(Group(consumer.name.lower(), tuple(slots)))
        if item.target is Target.ACTIVATION:
            groups.append(_activate())
    groups += products if accumulate else []
    groups += kinetic
    groups.append(drift(shape))
    return schedule(groups, shape)


def schedule(groups: list[Group], shape: Shape) -> tuple[Group, ...]:
    """Fill in each group's wait: the least that is safe if nothing else delays it, found by timing three steps in a row."""
    ready: dict[str, int] = {}
    waits = [0] * len(groups)
    end = 0
    for _ in range(3):
        for index, group in enumerate(groups):
            start = end
            offset = 0
            for slot in group.slots:
                for name in needs(slot):
                    start = max(start, ready.get(name, 0) - offset)
                offset += length(slot, shape)
            waits[index] = max(waits[index], start - end)
            end = start + offset * shape.rows
            for slot in group.slots:
                for name in _CONSUMER_WRITES[slot.consumer]:
                    ready[name] = end - 1 + _LATENCY[name]
    return tuple(replace(group, wait=wait) for group, wait in zip(groups, waits, strict=True))


@dataclass(frozen=True)
class Row:
    """One slot in the sequencer's memory, with what follows it.

    Members
    -------
    slot : the slot
    ends_group, ends_step : last slot of its group, of the time step
    prologue : belongs to the first half drift of a run
    following : row of the group after this one (of the step's first group after the last)
    following_short, following_wait : that group's `Group.short` and `Group.wait`
    """

    slot: Slot
    ends_group: bool
    ends_step: bool
    prologue: bool
    following: int
    following_short: bool
    following_wait: int


def assemble(shape: Shape) -> tuple[list[Row], dict[tuple[Hamiltonian, bool], int]]:
    """All programs as rows, and where each (Hamiltonian, accumulate) begins: with its prologue."""
    rows: list[Row] = []
    starts: dict[tuple[Hamiltonian, bool], int] = {}
    for hamiltonian in Hamiltonian:
        for accumulate in (False, True):
            groups = (drift(shape), *step(hamiltonian, accumulate, shape))
            positions = [len(rows) + sum(len(g.slots) for g in groups[:i]) for i in range(len(groups))]
            starts[hamiltonian, accumulate] = positions[0]
            for index, group in enumerate(groups):
                after = index + 1 if index + 1 < len(groups) else 1
                # Nothing precedes the first step but the prologue, so its first group waits for all a drift writes.
                wait = OPERAND_LATENCY if index == 0 else groups[after].wait
                wait = max(0, wait - HANDOVER)
                for slot in group.slots:
                    last = slot is group.slots[-1]
                    final = last and index == len(groups) - 1
                    rows.append(Row(slot, last, final, index == 0, positions[after], groups[after].short, wait))
    return rows, starts
