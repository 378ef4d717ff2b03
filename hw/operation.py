"""The micro-operation: what the sequencer issues, one a cycle, and every lane executes at the same time.

An operation is one multiplication and where its product goes. Each tile delays it for its lanes, which see it at all the ages that
`AGES` names. Ages (cycles since the tiles' lanes first see it):

    0   addresses of operands and parameters; the ring moves
    1   operands are at hand and selected        2   the multiplier takes them        3, 4   multiplies
    5   the product is shifted by eights         6   ... by ones, and signed; the accumulator is read at 5
    7   sum and accumulator take it up           8   the accumulator is written; a finished sum leaves the lane

A finished sum becomes a ticket: the tile's integrator sees one lane after another, a cycle each, so tickets are at least as many cycles
apart as a tile has lanes. Stages (cycles since the integrator has the lane's sum; lane 0 of a tile at age 8):

    0   the sum is shifted; momentum and nudge are read      1   ... and rounded
    1   z: the table is read                                 2   kick: momentum takes it, and the nudge
    3   z: rise is multiplied by offset                      3   ... is written; drift: is multiplied
    7   y is stored in the lane; potential is multiplied     6   drift: summed     7   shifted     8   rounded
    11  potential is stored in the lane                      9   position takes it, once or twice
                                                             10  ... is written, and the trace     11  operands x, p are stored
"""

from __future__ import annotations

from amaranth.lib import data, enum

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import SHIFT_LIMIT
from loschmidt.spec.shape import Shape

from .host_access import lanes_per_tile
from .index import index

#: Which fields a lane looks at, at which age.
AGES: dict[int, tuple[str, ...]] = {
    0: ("valid", "left", "right", "file", "right_file", "buffer", "parameter", "ring_move", "ring_load"),
    1: ("left", "right"),
    2: ("left",),
    5: ("shift", "accumulator"),
    6: ("shift", "negate"),
    7: ("valid", "negate", "sum_add", "sum_first", "sum_hop"),
    8: ("valid", "accumulate", "accumulator"),
}

#: The age at which an operation becomes a ticket, which is stage 0 of lane 0 of each tile.
TICKET_AGE = max(AGES)

#: Stages at which y, and all else that lanes keep, is stored.
STORE_Y, STORE = 7, 11

#: An accumulator that is read again sooner than this after an operation is read stale.
ACCUMULATOR_LATENCY = 4


def _stored(stage: int, shape: Shape) -> int:
    """Cycles from an operation's issue to the first that may read what its ticket stores in the tile's last lane at ``stage``."""
    return TICKET_AGE + (lanes_per_tile(shape) - 1) + stage + 1


def activation_latency(shape: Shape) -> int:
    """Cycles from the issue of the operation that finishes a z to the first that may read its y."""
    return _stored(STORE_Y, shape)


def operand_latency(shape: Shape) -> int:
    """Cycles from the issue of the operation that finishes a kick to the first that may read the new x and p; the same for a potential."""
    return _stored(STORE, shape)


def flag_latency(shape: Shape) -> int:
    """Cycles from age 0 of an operation to the last flag it may raise, at its tile's border."""
    return _stored(STORE, shape) + 1


def kick_to_z(shape: Shape) -> int:
    """Least cycles from a kick's or drift's last operation to that of a z: or y and x would be stored in one cycle."""
    return lanes_per_tile(shape) + STORE - STORE_Y


class Left(enum.Enum, shape=3):
    """The multiplier's first operand."""

    PARAMETER = 0
    X = 1  #: position operand
    Y = 2  #: activation
    P = 3  #: momentum operand
    POTENTIAL_LOW = 4  #: lowest ``multiplier - 1`` bits, unsigned
    POTENTIAL_HIGH = 5


class Right(enum.Enum, shape=4):
    """The multiplier's second operand. A negative power of two scales by the multiplier itself: every one of them fits an operand."""

    X = 0
    Y = 1
    SAME = 2  #: as the first, which is no parameter
    RING = 3
    INPUT = 4
    ONE = 5
    BIAS_UNIT = 6  #: minus ``2**activation.fraction``: a bias into a sum
    ACTIVATION_UNIT = 7  #: minus ``2**weight.fraction``: an activation into a sum
    DIGIT_UNIT = 8  #: minus ``2**(multiplier - 1)``: the high digit of a potential


class Consumer(enum.Enum, shape=2):
    """What becomes of a finished sum."""

    NONE = 0
    Z = 1  #: table input, and from there activation and potential
    KICK = 2  #: momentum, and from there the drift
    DRIFT = 3  #: no sum at all: half a drift by the momentum as it is


def operation_layout(shape: Shape) -> data.StructLayout:
    """Fields of an operation.

    Members
    -------
    valid : a multiplication is issued, or a drift
    left, right : operands
    file, right_file : ``way * R + row`` of the first operand and of the second (for RING: of the ring's next load)
    buffer : which of two x is read; a drift stores the other
    parameter, accumulator : addresses in those banks
    ring_move, ring_load : the ring takes the neighbour's operand, or the lane's own x; only if ``right`` is RING
    shift, negate : the product is shifted left, its sign is changed
    sum_add, sum_first, sum_hop : the sum takes the product: onto itself, onto zero, onto the neighbour's sum
    accumulate : the accumulator takes the product
    consumer : what the finished sum is for; what follows is of a ticket alone
    way, out_file : whose, and ``way * R + row`` of what is stored, in the x of ``out_buffer``; ``row``, and whether it is the last, which may be padded
    state : ``context * R + row`` in the state banks
    nudge, nudge_negate, nudge_address; trace, trace_address : for a kick; for the position that follows
    double : the second half of one drift and the first of the next are added in one go
    check_p, check_x : the clipping of either operand is flagged
    """
    files = index(shape.ways * shape.rows)
    return data.StructLayout(
        {
            "valid": 1,
            "left": Left,
            "right": Right,
            "file": files,
            "right_file": files,
            "buffer": 1,
            "parameter": index(layout.depth(Bank.PARAMETER, shape)),
            "accumulator": index(layout.depth(Bank.ACCUMULATOR, shape)),
            "ring_move": 1,
            "ring_load": 1,
            "shift": range(SHIFT_LIMIT + 1),
            "negate": 1,
            "sum_add": 1,
            "sum_first": 1,
            "sum_hop": 1,
            "accumulate": 1,
            "consumer": Consumer,
            **ticket_layout(shape).members,
        }
    )


def ticket_layout(shape: Shape) -> data.StructLayout:
    """What the integrator must know of an operation beside its consumer; see `operation_layout`."""
    return data.StructLayout(
        {
            "way": index(shape.ways),
            "out_file": index(shape.ways * shape.rows),
            "out_buffer": 1,
            "row": index(shape.rows),
            "last_row": 1,
            "state": index(layout.depth(Bank.POSITION, shape)),
            "nudge": 1,
            "nudge_negate": 1,
            "nudge_address": index(layout.depth(Bank.NUDGE, shape)),
            "trace": 1,
            "trace_address": index(layout.depth(Bank.TRACE, shape)),
            "double": 1,
            "check_p": 1,
            "check_x": 1,
        }
    )


def aged_layout(shape: Shape) -> data.StructLayout:
    """What a lane sees of the operations under way: members ``age_0`` to ``age_8``, each with the fields of `AGES`."""
    fields = operation_layout(shape).members
    return data.StructLayout({f"age_{age}": data.StructLayout({name: fields[name] for name in names}) for age, names in AGES.items()})


def stage_layout(shape: Shape) -> data.ArrayLayout:
    """The integrator's work: for every stage the ticket there, whose sum it is, and what for (`Consumer.NONE`: nothing)."""
    stage = data.StructLayout({"consumer": Consumer, "lane": index(lanes_per_tile(shape)), "ticket": ticket_layout(shape)})
    return data.ArrayLayout(stage, STORE + 1)
