"""The micro-operation: what the sequencer issues, one a cycle, and every lane executes at the same time.

An operation is one multiplication and where its product goes. Each tile delays it for its lanes, which see it at all the ages that
`AGES` names. Ages (cycles since the lanes first act on it):

   -1   the parameter's address is chosen
    0   addresses of operands and parameters; the ring moves
    1   operands are at hand and selected        2   the multiplier takes them        3, 4   multiplies
    5   the product is aligned, its sign changed; the accumulator's address is chosen; the sum learns what it will do
    6   the sum takes it up; for the accumulator, which is read, it is shifted
    7   a finished sum leaves the lane; ... and shifted again       8   the accumulator takes it up      9   ... is written

A finished sum becomes a ticket: the tile's integrator sees one lane after another, a cycle each, so tickets are at least as many cycles
apart as a tile has lanes. Stages (cycles since the integrator has the lane's sum; lane 0 of a tile at age 7):

   -1   the nudge is read, that it need not go straight from its memory into a sum
    0   the sum is kept; the momentum is read                0   z: rounded                 1   ... saturated
    1   kick: shifted      2   momentum takes it, and nudge  2   z: the table is read
    3   ... is written; drift: is multiplied                 4   z: rise is multiplied by offset
    6   drift: its digits summed          7   shifted        8   y is stored in the lane; conjugate is multiplied
    8   position takes it, once or twice                     12  conjugate is stored in the lane, and a drift's p
    9   ... is written, and the trace; operands are made     11  a drift's x is stored
"""

from __future__ import annotations

from amaranth.lib import data, enum

from loschmidt.spec import layout
from loschmidt.spec.formats import Formats
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import SHIFT_LIMIT
from loschmidt.spec.shape import Shape

from .index import index

#: Which fields a lane looks at, at which age.
AGES: dict[int, tuple[str, ...]] = {
    0: ("valid", "left", "right", "file", "right_file", "buffer", "ring_move", "ring_load"),
    1: ("left", "right"),
    2: ("left",),
    5: ("valid", "shift", "negate", "accumulator", "sum_add", "sum_first", "sum_hop"),
    6: ("shift", "negate"),
    7: ("shift", "negate"),
    8: ("accumulator",),
    9: ("valid", "accumulate"),
}

#: The age at which an operation becomes a ticket, which is stage 0 of lane 0 of each tile.
TICKET_AGE = 7

#: Stages at which a lane stores its y; its x; its p or its conjugate.
STORE_Y, STORE_X, STORE = 8, 11, 12

#: Which fields of a ticket the tile looks at, at which stage.
STAGES: dict[int, tuple[str, ...]] = {
    -1: ("nudge_address",),
    0: ("state", "nudge", "nudge_negate"),
    1: ("row",),
    3: ("state", "way"),
    6: ("state",),
    STORE_Y - 1: ("last_row", "out_file"),
    STORE_Y: ("double",),
    9: ("state", "way", "double", "trace", "trace_address"),
    STORE_X - 1: ("way", "out_file", "out_buffer"),
    STORE_X: ("check_x", "way", "out_file"),
    STORE: ("check_p", "way"),
}

#: Least cycles between tickets in tiles of few lanes, too: what belongs to a ticket then need not move on every cycle.
SPACING = 8

#: An accumulator that is read again sooner than this after an operation is read stale.
ACCUMULATOR_LATENCY = 4


def spacing(shape: Shape) -> int:
    """Least cycles from one operation that finishes a sum, or drifts, to the next."""
    return max(SPACING, shape.tile)


def _stored(stage: int, shape: Shape) -> int:
    """Cycles from an operation's issue to the first that may read what its ticket stores in the tile's last lane at ``stage``."""
    return TICKET_AGE + (shape.tile - 1) + stage + 1


def activation_latency(shape: Shape) -> int:
    """Cycles from the issue of the operation that finishes a z to the first that may read its y."""
    return _stored(STORE_Y, shape)


def position_latency(shape: Shape) -> int:
    """Cycles from the issue of the operation that finishes a kick to the first that may read the new x."""
    return _stored(STORE_X, shape)


def operand_latency(shape: Shape) -> int:
    """Cycles from the issue of the operation that finishes a kick to the first that may read the new p as well; or a z's conjugate."""
    return _stored(STORE, shape)


def flag_latency(shape: Shape) -> int:
    """Cycles from age 0 of an operation to the last flag it may raise, at its tile's border."""
    return _stored(STORE, shape) + 1


def kick_to_z(shape: Shape) -> int:
    """Least cycles from a kick's or drift's last operation to that of a z: or y and x would be stored in one cycle."""
    return max(spacing(shape), shape.tile + STORE_X - STORE_Y)


class Left(enum.Enum, shape=3):
    """The multiplier's first operand. Bit 2: not of the main file; bit 1: of neither, if clear, too; bit 0: which of two."""

    PARAMETER = 0b000
    X = 0b010  #: position operand
    Y = 0b011  #: activation
    P = 0b100  #: momentum operand
    CONJUGATE_LOW = 0b110  #: lowest ``multiplier - 1`` bits, unsigned
    CONJUGATE_HIGH = 0b111


class Right(enum.Enum, shape=4):
    """The multiplier's second operand. A negative power of two scales by the multiplier itself: every one of them fits an operand.

    Bit 3: a constant; bits 2 and 1: which source or constant; bit 0: which of the lane's own operands.
    """

    X = 0b0000
    Y = 0b0001
    RING = 0b0010
    INPUT = 0b0100
    P = 0b0110  #: of ``file``; not beside a conjugate
    ONE = 0b1000
    BIAS_UNIT = 0b1010  #: minus ``2**activation.fraction``: a bias into a sum
    ACTIVATION_UNIT = 0b1100  #: minus ``2**weight.fraction``: an activation into a sum
    DIGIT_UNIT = 0b1110  #: minus ``2**(multiplier - 1)``: the high digit of a conjugate


def constants(formats: Formats) -> list[int]:
    """What bits 2 and 1 of a `Right` with bit 3 set choose from."""
    values = {
        Right.ONE: 1,
        Right.BIAS_UNIT: -(1 << formats.activation.fraction),
        Right.ACTIVATION_UNIT: -(1 << formats.weight.fraction),
        Right.DIGIT_UNIT: -(1 << (formats.multiplier - 1)),
    }
    return [values[Right(0b1000 | choice << 1)] for choice in range(4)]


class Consumer(enum.Enum, shape=2):
    """What becomes of a finished sum."""

    NONE = 0
    Z = 1  #: table input, and from there activation and conjugate
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
    shift, negate : the product is shifted left, by `Formats.align_shift` or not at all if the sum takes it; its sign is changed
    sum_add, sum_first, sum_hop : the sum takes the product: onto itself, onto zero, onto the neighbour's sum
    accumulate : the accumulator takes the product
    consumer : what the finished sum is for; what follows is of a ticket alone
    way, row, last_row : whose; which row, and whether it is the last, which may be padded
    out_file, out_buffer : ``way * R + row`` of what is stored; in which of two x
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
    """What a lane sees of the operations under way: members ``age_0`` to ``age_9``, each with the fields of `AGES`."""
    fields = operation_layout(shape).members
    return data.StructLayout({f"age_{age}": data.StructLayout({name: fields[name] for name in names}) for age, names in AGES.items()})


def nudge_layout(shape: Shape) -> data.StructLayout:
    """Where the nudge lies that is read a stage before its ticket's sum is there."""
    return data.StructLayout({"lane": index(shape.tile), "nudge_address": ticket_layout(shape).members["nudge_address"]})


def stage_layout(shape: Shape) -> data.ArrayLayout:
    """The integrator's work: for every stage the ticket there, as far as `STAGES` says, whose sum it is, and what for
    (`Consumer.NONE`: nothing)."""
    stage = data.StructLayout({"consumer": Consumer, "lane": index(shape.tile), "ticket": ticket_layout(shape)})
    return data.ArrayLayout(stage, STORE + 1)
