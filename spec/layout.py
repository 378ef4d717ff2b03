"""Where the array keeps each value: logical index to memory bank, lane and address.

Oscillator i lives in lane ``i mod L``, row ``i div L``. Couplings are skewed, so that all lanes read one address in one cycle while
operands (row pass) or sums (column pass) travel round the ring: word (r, s, c) of lane l, at address ``(r R + s) L + c``,
is ``W[l + L r, ((l + c) mod L) + L s]``. Other matrices are at ``r M + m``, vectors at ``r``, each behind its base. An array without
couplings has no such words, and all else comes as much earlier.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

from .hamiltonian import Parameter, Product
from .region import Buffer, Region, State, Table, entries
from .shape import Shape


class Bank(IntEnum):
    """A memory; the number is the code that WRITE and READ carry."""

    PARAMETER = 0  #: per lane: all parameters
    ACCUMULATOR = 1  #: per lane: all products
    POSITION = 2  #: per lane: context R + r
    MOMENTUM = 3  #: per lane: context R + r
    NUDGE = 4  #: per lane: step R + r
    TRACE = 5  #: per lane: step R + r, read only
    TABLE_VALUE = 6  #: one, copied to every lane
    TABLE_RISE = 7  #: one, copied to every lane
    TABLE_CONJUGATE = 8  #: one, copied to every lane
    INPUT = 9  #: one, broadcast: step M + m


#: Banks with one word per address instead of one per lane.
SHARED = frozenset({Bank.TABLE_VALUE, Bank.TABLE_RISE, Bank.TABLE_CONJUGATE, Bank.INPUT})
READ_ONLY = frozenset({Bank.ACCUMULATOR, Bank.TRACE})

_PARAMETERS = (Parameter.COUPLING, Parameter.INPUT_WEIGHT, Parameter.STIFFNESS, Parameter.GAIN, Parameter.BIAS, Parameter.INVERSE_MASS)
_PRODUCTS = (
    Product.COUPLING,
    Product.INPUT_WEIGHT,
    Product.STIFFNESS,
    Product.GAIN,
    Product.BIAS,
    Product.KINETIC,
)
_TABLE_BANKS = (Bank.TABLE_VALUE, Bank.TABLE_RISE, Bank.TABLE_CONJUGATE)
_OTHER: dict[Region, Bank] = {
    State.POSITION: Bank.POSITION,
    State.MOMENTUM: Bank.MOMENTUM,
    Buffer.INPUT: Bank.INPUT,
    Buffer.NUDGE: Bank.NUDGE,
    Buffer.TRACE: Bank.TRACE,
}


def banks(region: Region) -> tuple[Bank, ...]:
    """The bank of a region; the table has one for each column."""
    match region:
        case Parameter():
            return (Bank.PARAMETER,)
        case Product():
            return (Bank.ACCUMULATOR,)
        case Table():
            return _TABLE_BANKS
        case _:
            return (_OTHER[region],)


def span(region: Region, shape: Shape) -> int:
    """Addresses that one entry takes."""
    match region:
        case Parameter.COUPLING | Product.COUPLING:
            return shape.rows * shape.padded if shape.couplings else 0
        case Parameter.INPUT_WEIGHT | Product.INPUT_WEIGHT:
            return shape.rows * shape.inputs
        case Buffer.INPUT:
            return shape.inputs
        case Table():
            return 1
        case _:
            return shape.rows


def base(region: Region, shape: Shape) -> int:
    """First address of the region in its bank."""
    for family in (_PARAMETERS, _PRODUCTS):
        if region in family:
            return sum(span(other, shape) for other in family[: family.index(region)])
    return 0


def depth(bank: Bank, shape: Shape) -> int:
    """Addresses of a bank."""
    match bank:
        case Bank.PARAMETER:
            return sum(span(region, shape) for region in _PARAMETERS)
        case Bank.ACCUMULATOR:
            return sum(span(region, shape) for region in _PRODUCTS)
        case Bank.TABLE_VALUE | Bank.TABLE_RISE | Bank.TABLE_CONJUGATE:
            return shape.formats.segments
    region = next(r for r, b in _OTHER.items() if b is bank)
    return entries(region, shape) * span(region, shape)


def width(bank: Bank, shape: Shape) -> int:
    """Bits of a bank's word, signed."""
    formats = shape.formats
    return {
        Bank.PARAMETER: formats.weight.width,
        Bank.ACCUMULATOR: formats.accumulator,
        Bank.TABLE_VALUE: formats.activation.width,
        Bank.TABLE_RISE: formats.activation.width,
        Bank.TABLE_CONJUGATE: formats.conjugate.width,
        Bank.INPUT: formats.operand.width,
    }.get(bank, formats.state.width)


def lanes(bank: Bank, shape: Shape) -> int:
    """Words per address, as WRITE and READ carry them."""
    return 1 if bank in SHARED else shape.lanes


@lru_cache(maxsize=64)
def order(region: Region, shape: Shape) -> tuple[int, ...]:
    """For one entry, in the order of the wire (address by address, lane fastest): the flat logical index, or -1 for padding.

    The table has one value per bank and address; its order is ``(0,)`` for each column.
    """
    n, m, lanes_, rows = shape.oscillators, shape.inputs, shape.lanes, shape.rows
    match region:
        case Parameter.COUPLING | Product.COUPLING:
            if not shape.couplings:
                return ()
            pairs = (
                (lane + lanes_ * r, (lane + c) % lanes_ + lanes_ * s)
                for r in range(rows)
                for s in range(rows)
                for c in range(lanes_)
                for lane in range(lanes_)
            )
            return tuple(i * n + j if i < n and j < n else -1 for i, j in pairs)
        case Parameter.INPUT_WEIGHT | Product.INPUT_WEIGHT:
            triples = ((lane + lanes_ * r, k) for r in range(rows) for k in range(m) for lane in range(lanes_))
            return tuple(i * m + k if i < n else -1 for i, k in triples)
        case Buffer.INPUT:
            return tuple(range(m))
        case Table():
            return (0,)
        case _:
            return tuple(i if i < n else -1 for i in range(rows * lanes_))
