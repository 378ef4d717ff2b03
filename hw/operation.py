"""The micro-operation: what the sequencer issues, one a cycle, and every lane executes at the same time.

An operation is one multiplication and where its product goes. It is delayed once, centrally; a lane sees it at all the ages that
`AGES` names, so lanes hold no control registers of their own. Ages (cycles since the lanes first see it):

    0   addresses: parameters, momentum, operand files; the ring moves
    1   operands are selected                    2   multiplier inputs        3, 4   product
    4   product is aligned and signed            5   sums take it up
    6   a finished sum is shifted                7   ... and rounded; state and nudge are read
    8   activation or potential is stored; kick or first drift is added
    9   momentum is written; second drift is added
    10  position and trace are written           11  the operand of the position is stored

    accumulators: shifted at 5, read at 6, added at 7, written at 8
"""

from __future__ import annotations

from amaranth.lib import data, enum

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import SHIFT_LIMIT
from loschmidt.spec.shape import Shape

from .index import index

#: Which fields a lane looks at, at which age. An operation is delayed only as far as this says.
AGES: dict[int, tuple[str, ...]] = {
    0: ("valid", "file", "ring_file", "state", "parameter", "ring_move", "ring_load"),
    1: ("left", "right"),
    4: ("scale", "negate"),
    5: ("valid", "file", "sum_add", "sum_first", "sum_hop", "scratch_add", "scratch_first", "shift"),
    6: ("source", "amount", "accumulator"),
    7: ("state", "nudge_address"),
    8: ("valid", "consumer", "out_file", "nudge", "nudge_negate", "accumulate", "accumulator"),
    9: ("valid", "way", "consumer", "state", "double"),
    10: ("valid", "way", "consumer", "state", "out_file", "trace", "trace_address", "store_p", "check_p"),
    11: ("valid", "way", "consumer", "out_file", "check_x"),
}

#: Ages that a lane sees: 0 to ``STAGES - 1``.
STAGES = max(AGES) + 1

#: Cycles from an operation's issue to the first issue that may use what it wrote.
OPERAND_LATENCY = 12  # drift -> x
ACTIVATION_LATENCY = 9  # sum -> z, product -> y, product -> potential
MOMENTUM_LATENCY = 10  # sum -> kick -> momentum
MOMENTUM_OPERAND_LATENCY = 11  # ... and its operand p

#: An accumulator that is read again sooner than this after an operation is read stale.
ACCUMULATOR_LATENCY = 3


class Left(enum.Enum, shape=3):
    """The multiplier's first operand."""

    PARAMETER = 0
    RISE = 1  #: of the activation's segment
    X = 2  #: position operand
    Y = 3  #: activation
    PAIR = 4  #: knot + activation, for the potential
    P = 5  #: momentum operand
    POTENTIAL_LOW = 6
    POTENTIAL_HIGH = 7


class Right(enum.Enum, shape=4):
    """The multiplier's second operand."""

    MOMENTUM_LOW = 0  #: lowest ``multiplier - 1`` bits, unsigned
    MOMENTUM_HIGH = 1  #: the rest, signed; 0 for the most negative code, which does not drift
    INPUT = 2
    X = 3
    RING = 4
    Y = 5
    OFFSET = 6  #: within the activation's segment
    ONE = 7
    P = 8


class Scale(enum.Enum, shape=3):
    """Left shift that aligns a product."""

    NONE = 0
    OPERAND = 1  #: `Formats.align_shift`
    ACTIVATION = 2  #: activation fraction: a bias into a sum
    WEIGHT = 3  #: weight fraction: an activation into a sum
    DIGIT = 4  #: ``multiplier - 1``: the high digit of a two-digit factor


class Consumer(enum.Enum, shape=3):
    """What becomes of a finished sum."""

    NONE = 0
    Z = 1  #: table input
    Y = 2  #: activation
    POTENTIAL = 3
    KICK = 4
    DRIFT = 5


class Source(enum.Enum, shape=2):
    """Where the finished sum stands."""

    SUM = 0
    NEIGHBOUR = 1  #: it is home after one more hop
    SCRATCH = 2


def operation_layout(shape: Shape) -> data.StructLayout:
    """Fields of an operation.

    Members
    -------
    valid : a multiplication is issued
    file, ring_file, out_file : ``way * R + row`` of the operands, of the ring's next load, of what the consumer writes
    state : ``context * R + row`` in the state banks, read at age 0 and 7, written at 9 (momentum) and 10 (position)
    parameter, accumulator : addresses in those banks
    ring_move, ring_load : the ring takes the neighbour's operand, or the lane's own
    sum_add, sum_first, sum_hop : the sum takes the product: onto itself, onto zero, onto the neighbour's sum
    scratch_add, scratch_first : likewise the scratch sum, which short passes use while a long one is under way
    accumulate, shift : the accumulator takes the product, shifted left
    negate : the product's sign is changed
    amount : right shift of the finished sum
    nudge, nudge_negate, nudge_address; trace, trace_address : read at age 7, written at age 10
    double : the second half of one drift and the first of the next are added in one go
    store_p, check_p, check_x : the momentum's operand is stored; the clipping of either operand is flagged
    """

    files = index(shape.ways * shape.rows)
    return data.StructLayout(
        {
            "valid": 1,
            "way": index(shape.ways),
            "file": files,
            "ring_file": files,
            "out_file": files,
            "state": index(layout.depth(Bank.POSITION, shape)),
            "parameter": index(layout.depth(Bank.PARAMETER, shape)),
            "accumulator": index(layout.depth(Bank.ACCUMULATOR, shape)),
            "left": Left,
            "right": Right,
            "scale": Scale,
            "negate": 1,
            "ring_move": 1,
            "ring_load": 1,
            "sum_add": 1,
            "sum_first": 1,
            "sum_hop": 1,
            "scratch_add": 1,
            "scratch_first": 1,
            "accumulate": 1,
            "shift": range(SHIFT_LIMIT + 1),
            "consumer": Consumer,
            "source": Source,
            "amount": 6,
            "nudge": 1,
            "nudge_negate": 1,
            "nudge_address": index(layout.depth(Bank.NUDGE, shape)),
            "trace": 1,
            "trace_address": index(layout.depth(Bank.TRACE, shape)),
            "double": 1,
            "store_p": 1,
            "check_p": 1,
            "check_x": 1,
        }
    )


def aged_layout(shape: Shape) -> data.StructLayout:
    """What a lane sees of the operations under way: members ``age_0`` to ``age_11``, each with the fields of `AGES`."""
    fields = operation_layout(shape).members
    return data.StructLayout({f"age_{age}": data.StructLayout({name: fields[name] for name in names}) for age, names in AGES.items()})
