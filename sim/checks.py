"""What every device refuses before anything changes: one wording for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loschmidt.spec.activation import knot_limit
from loschmidt.spec.errors import SpecError
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.region import REGIONS, Region, Table, entries, entry_shape, has_entries, widths, writable
from loschmidt.spec.run import STEP_LIMIT, Run
from loschmidt.spec.shape import Shape

Ints = NDArray[np.int64]


def check_configuration(hamiltonian: Hamiltonian, s: int, shape: Shape) -> None:
    """Raise `SpecError` unless the shape has such a Hamiltonian, and there is such a time step ``2**-s``."""
    if not isinstance(hamiltonian, Hamiltonian):
        raise SpecError(f"the Hamiltonian must be one of {', '.join(h.name for h in Hamiltonian)}, not {hamiltonian!r}")
    if hamiltonian not in shape.hamiltonians:
        held = " and ".join(h.name for h in shape.hamiltonians)
        raise SpecError(f"this array holds no couplings, so {hamiltonian.name} cannot be computed: take {held}, or an array with couplings")
    if not 0 <= s <= STEP_LIMIT:
        raise SpecError(f"the time step 2**-s needs s from 0 to {STEP_LIMIT}, not {s}")


def check_context(context: int, shape: Shape) -> None:
    """Raise `SpecError` unless the shape has such a context."""
    if not 0 <= context < shape.contexts:
        raise SpecError(f"context must be 0 to {shape.contexts - 1}, not {context}")


def check_runs(runs: Sequence[Run], shape: Shape) -> None:
    """Raise `SpecError` unless the runs can be executed in any order: each valid, contexts distinct, traces apart."""
    for run in runs:
        run.validate(shape)
    contexts = sorted(run.context for run in runs)
    for a, b in pairwise(contexts):
        if a == b:
            raise SpecError(f"context {a} appears twice among the runs of one call: make it two calls")
    traces = sorted((run.trace_base, run.trace_base + run.steps) for run in runs if run.trace)
    for (_, stop), (start, _) in pairwise(traces):
        if start < stop:
            raise SpecError(f"two runs of one call would both write trace entry {start}: give them windows of their own")


@dataclass(frozen=True)
class _Slot:
    """What fits a region: an entry's shape, how many there are (None: no axis of entries), bits of each column."""

    entry: tuple[int, ...]
    depth: int | None
    bits: tuple[int, ...]


class Bounds:
    """What may be written to the regions of one shape, and where; worked out once, as everything that is written is held to it."""

    def __init__(self, shape: Shape) -> None:
        self._knots = knot_limit(shape.formats)
        self._slots: dict[Region, _Slot] = {}
        for region in REGIONS:
            depth = entries(region, shape) if has_entries(region) else None
            self._slots[region] = _Slot(entry_shape(region, shape), depth, widths(region, shape))

    def window(self, region: Region, entry: int, count: int) -> None:
        """Raise `SpecError` unless ``count`` entries from ``entry`` on exist."""
        self._window(region, entry, count, self._slots[region].depth or 1)

    def values(self, region: Region, values: ArrayLike, entry: int) -> Ints:
        """The values as int64 codes, or `SpecError` if they cannot be written: read only, not integers, wrong shape, out of range."""
        if not writable(region):
            raise SpecError(f"{region.value} is read only")
        slot = self._slots[region]
        array = np.asarray(values)
        if array.dtype.kind not in "iu":
            raise SpecError(f"{region.value} takes integer codes, not {array.dtype}")
        if slot.depth is None:
            if array.shape != slot.entry:
                raise SpecError(f"{region.value} has shape {slot.entry}, not {array.shape}")
        else:
            if array.shape[1:] != slot.entry:
                wanted = f"entries of shape {slot.entry} behind a leading axis"
                raise SpecError(f"{region.value} takes {wanted}, not an array of shape {array.shape}")
            self._window(region, entry, len(array), slot.depth)
        if array.size:
            self._range(region, array, slot)
        return array if array.dtype == np.int64 else array.astype(np.int64)

    @staticmethod
    def _window(region: Region, entry: int, count: int, depth: int) -> None:
        if count < 1:
            raise SpecError(f"{region.value} is read and written in at least 1 entry, not {count}")
        if not 0 <= entry <= depth - count:
            raise SpecError(f"{region.value} entries {entry} to {entry + count - 1} lie outside its {depth}")

    def _range(self, region: Region, array: NDArray[Any], slot: _Slot) -> None:
        columns = [array] if len(slot.bits) == 1 else [array[..., c] for c in range(len(slot.bits))]
        for column, width in zip(columns, slot.bits, strict=True):
            low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
            for value in (int(np.minimum.reduce(column, None)), int(np.maximum.reduce(column, None))):
                if not low <= value <= high:
                    raise SpecError(f"{region.value} code {value} does not fit {width} bits, which hold {low} to {high}")
        if region is Table.ACTIVATION:
            rows = array.astype(np.int64)
            farthest = int(np.abs([rows[:, 0], rows[:, 0] + rows[:, 1]]).max())
            if farthest > self._knots:
                raise SpecError(f"{region.value} rows must lead from knot to knot within +-{self._knots}, not to {farthest}")
