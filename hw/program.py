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

from .operation import ACCUMULATOR_LATENCY, Consumer, Left, Right, activation_latency, operand_latency, position_latency


def handover(shape: Shape) -> int:
    """Cycles that pass anyway between a group's last operation and the first of the same way's next group."""
    return 5 if shape.tiles == 1 else 6


class Loop(IntEnum):
    """Inner loop of a slot, within row r of its group."""

    SINGLE = 0  #: once
    INPUT = 1  #: for m in M
    ROW = 2  #: for s in R, for c in L: operands travel
    COLUMN = 3  #: for c in 1, 2, ... L - 1, 0, for row in R: sums travel and end at home; r is the column block s


class Place(IntEnum):
    """What a slot's products are added to."""

    NONE = 0
    SUM = 1
    ACCUMULATOR = 2


@dataclass(frozen=True)
class Slot:
    """One kind of operation.

    Members
    -------
    parameter, accumulator : base addresses
    aligned : the product is of operands that are coarser than an activation: `Formats.align_shift`
    fresh, consumer : it starts the sum; what the sum is for when it has ended
    lonely : its accumulator may be that of an operation just before
    """

    loop: Loop
    left: Left
    right: Right
    place: Place
    parameter: int = 0
    accumulator: int = 0
    aligned: bool = False
    negate: bool = False
    fresh: bool = False
    consumer: Consumer = Consumer.NONE
    lonely: bool = False


@dataclass(frozen=True)
class Group:
    """Slots repeated for every row. ``wait``: cycles between the end of the group before it and its first operation."""

    name: str
    slots: tuple[Slot, ...]
    wait: int = 0


_NEEDS = {"X": "x", "RING": "x", "Y": "y", "P": "p", "CONJUGATE_LOW": "q", "CONJUGATE_HIGH": "q"}
_WRITES = {Consumer.NONE: "", Consumer.Z: "yq", Consumer.KICK: "xp", Consumer.DRIFT: "xp"}


def latencies(shape: Shape) -> dict[str, int]:
    """Cycles from the operation that finishes a sum to the first that may read what comes of it."""
    return {"y": activation_latency(shape), "x": position_latency(shape), **dict.fromkeys("pq", operand_latency(shape))}


def length(slot: Slot, shape: Shape) -> int:
    """Operations of the slot in one row."""
    return {Loop.SINGLE: 1, Loop.INPUT: shape.inputs, Loop.ROW: shape.padded, Loop.COLUMN: shape.padded}[slot.loop]


def needs(slot: Slot) -> set[str]:
    """Names of the results that the slot reads."""
    found = {_NEEDS.get(slot.left.name), _NEEDS.get(slot.right.name)}
    return {name for name in found if name is not None}


def prologue() -> Group:
    """The first half drift of a run."""
    return Group("prologue", (Slot(Loop.SINGLE, Left.X, Right.ONE, Place.NONE, consumer=Consumer.DRIFT),))


def _term(term: Term, shape: Shape) -> Slot:
    def weight(parameter: Parameter, loop: Loop, right: Right, aligned: bool = True) -> Slot:
        return Slot(loop, Left.PARAMETER, right, Place.SUM, layout.base(parameter, shape), aligned=aligned)

    match term:
        case Term.BIAS:
            return replace(weight(Parameter.BIAS, Loop.SINGLE, Right.BIAS_UNIT, aligned=False), negate=True)
        case Term.ACTIVATION:
            return Slot(Loop.SINGLE, Left.Y, Right.ACTIVATION_UNIT, Place.SUM, negate=True)
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
            return weight(Parameter.COUPLING, Loop.COLUMN, Right.Y, aligned=False)


def _product(product: Product, activated: bool, shape: Shape) -> list[Slot]:
    """Slots that accumulate one product; y stands in for x on the left where there is an activation."""
    source = Left.Y if activated else Left.X

    def slot(left: Left, right: Right, loop: Loop = Loop.SINGLE) -> Slot:
        found = Slot(loop, left, right, Place.ACCUMULATOR, accumulator=layout.base(product, shape))
        return replace(found, lonely=length(found, shape) * shape.rows < ACCUMULATOR_LATENCY)

    match product:
        case Product.COUPLING:
            return [slot(source, Right.RING, Loop.ROW)]
        case Product.INPUT_WEIGHT:
            return [slot(source, Right.INPUT, Loop.INPUT)]
        case Product.STIFFNESS:
            return [slot(Left.X, Right.X)]
        case Product.BIAS:
            return [slot(Left.Y, Right.ONE)]
        case Product.KINETIC:
            return [slot(Left.P, Right.P)]
        case Product.GAIN:
            low, high = slot(Left.CONJUGATE_LOW, Right.ONE), slot(Left.CONJUGATE_HIGH, Right.DIGIT_UNIT)
            return [replace(low, lonely=True), replace(high, negate=True, lonely=True)]


def step(hamiltonian: Hamiltonian, accumulate: bool, shape: Shape) -> tuple[Group, ...]:
    """Groups of one time step from one midpoint to the next: forces, kick and both half drifts; products meanwhile."""
    definition = DEFINITIONS[hamiltonian]
    groups: list[Group] = []
    for item in definition.passes:
        slots = [_term(term, shape) for term in item.terms]
        slots[0] = replace(slots[0], fresh=True)
        consumer = Consumer.Z if item.target is Target.ACTIVATION else Consumer.KICK
        slots[-1] = replace(slots[-1], consumer=consumer)
        groups.append(Group(consumer.name.lower(), tuple(slots)))
    if accumulate:
        # The momentum before the kick comes first, the one after it last; while it is on its way, the midpoint's products are made.
        products = [s for p in definition.products if p is not Product.KINETIC for s in _product(p, definition.activated, shape)]
        kinetic = _product(Product.KINETIC, definition.activated, shape)
        groups[0] = replace(groups[0], slots=(*kinetic, *groups[0].slots))
        groups += [Group("products", tuple(products)), Group("kinetic", tuple(kinetic))]
    return schedule(groups, shape)


def schedule(groups: list[Group], shape: Shape) -> tuple[Group, ...]:
    """Fill in each group's wait: the least that is safe if nothing else delays it, found by timing three steps in a row."""
    latency = latencies(shape)
    ready: dict[str, int] = {}
    midpoint = 0  # when the x of the step under way is there; that of the next has another buffer
    waits = [0] * len(groups)
    end = 0
    for _ in range(3):
        ready["x"] = midpoint
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
                for name in _WRITES[slot.consumer]:
                    if name == "x":
                        midpoint = end - 1 + latency[name]
                    else:
                        ready[name] = end - 1 + latency[name]
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
    following_ends : that group has no other slot
    following_wait : that group's `Group.wait`, less `handover`
    """

    slot: Slot
    ends_group: bool
    ends_step: bool
    prologue: bool
    following: int
    following_ends: bool
    following_wait: int


def assemble(shape: Shape) -> tuple[list[Row], dict[tuple[Hamiltonian, bool], int]]:
    """All programs of the shape as rows, and where each (Hamiltonian, accumulate) begins: with its prologue."""
    rows: list[Row] = []
    starts: dict[tuple[Hamiltonian, bool], int] = {}
    for hamiltonian in shape.hamiltonians:
        for accumulate in (False, True):
            groups = (prologue(), *step(hamiltonian, accumulate, shape))
            positions = [len(rows) + sum(len(g.slots) for g in groups[:i]) for i in range(len(groups))]
            starts[hamiltonian, accumulate] = positions[0]
            for index, group in enumerate(groups):
                after = index + 1 if index + 1 < len(groups) else 1
                # Nothing precedes the first step but the prologue, so its first group waits for all a drift writes.
                wait = operand_latency(shape) - 1 if index == 0 else groups[after].wait
                wait = max(0, wait - handover(shape))
                alone = len(groups[after].slots) == 1
                for slot in group.slots:
                    last = slot is group.slots[-1]
                    final = last and index == len(groups) - 1
                    rows.append(Row(slot, last, final, index == 0, positions[after], alone, wait))
    return rows, starts
