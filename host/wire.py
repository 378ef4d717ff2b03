"""Arrays to words and back: a region's entries in the order of the wire, without a loop over values.

`spec.layout.order` says which logical value each wire position holds, -1 for padding; here it is an index permutation.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loschmidt.spec import layout
from loschmidt.spec.protocol import WORD
from loschmidt.spec.region import Region
from loschmidt.spec.shape import Shape

Ints = NDArray[np.int64]
Words = NDArray[np.uint32]


@lru_cache(maxsize=64)
def _permutation(region: Region, shape: Shape) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Wire positions that are not padding, the logical index of each, and the wire positions of an entry."""
    order = np.array(layout.order(region, shape), np.intp)
    wire = np.flatnonzero(order >= 0)
    return wire, order[wire], len(order)


def to_wire(region: Region, shape: Shape, values: Ints) -> Ints:
    """Entries (E, values of an entry) in the order of the wire (E, wire positions), padding at zero."""
    wire, logical, length = _permutation(region, shape)
    result = np.zeros((len(values), length), np.int64)
    result[:, wire] = values[:, logical]
    return result


def from_wire(region: Region, shape: Shape, values: Ints) -> Ints:
    """The inverse of `to_wire`."""
    wire, logical, length = _permutation(region, shape)
    result = np.empty((values.size // length, len(wire)), np.int64)
    result[:, logical] = values.reshape(-1, length)[:, wire]
    return result


def pack(values: ArrayLike, words: int) -> Words:
    """Signed integers as ``words`` words each, lowest first; `spec.protocol.pack` for arrays."""
    column = np.ascontiguousarray(values, np.int64).reshape(-1, 1)
    if words > 2:
        raise ValueError(f"a value of {words} words does not fit 64 bits")
    return (column >> np.arange(0, WORD * words, WORD)).astype(np.uint32).ravel()


def unpack(stream: Words, words: int) -> Ints:
    """The inverse of `pack`."""
    columns = stream.reshape(-1, words)
    high = columns[:, -1].astype(np.int32).astype(np.int64)
    return high if words == 1 else high << WORD | columns[:, 0]
