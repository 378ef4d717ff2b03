"""What every device refuses before anything changes: one wording for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loschmidt.spec.activation import knot_limit
from loschmidt.spec.errors import SpecError
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.region import Region, Table, entries, entry_shape, has_entries, widths, writable
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


def check_window(region: Region, entry: int, count: int, shape: Shape) -> None:
    """Raise `SpecError` unless ``count`` entries from ``entry`` on exist."""
    depth = entries(region, shape)
    if count < 1:
        raise SpecError(f"{region.value} is read and written in at least 1 entry, not {count}")
    if not 0 <= entry <= depth - count:
        raise SpecError(f"{region.value} entries {entry} to {entry + count - 1} lie outside its {depth}")


def check_values(region: Region, values: ArrayLike, entry: int, shape: Shape) -> Ints:
    """The values as int64 codes, or `SpecError` if they cannot be written: read only, not integers, wrong shape, out of range."""
    if not writable(region):
        raise SpecError(f"{region.value} is read only")
    wanted = entry_shape(region, shape)
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise SpecError(f"{region.value} takes integer codes, not {array.dtype}")
    if has_entries(region):
        if array.ndim != len(wanted) + 1 or array.shape[1:] != wanted:
            raise SpecError(f"{region.value} takes entries of shape {wanted} behind a leading axis, not an array of shape {array.shape}")
        check_window(region, entry, len(array), shape)
    elif array.shape != wanted:
        raise SpecError(f"{region.value} has shape {wanted}, not {array.shape}")
    _check_range(region, array, shape)
    return array.astype(np.int64, copy=False)


def _check_range(region: Region, array: NDArray[Any], shape: Shape) -> None:
    bits = widths(region, shape)
    if not array.size:
        return
    columns = [array] if len(bits) == 1 else [array[..., c] for c in range(len(bits))]
    for width, column in zip(bits, columns, strict=True):
        low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
        for value in (int(column.min()), int(column.max())):
            if not low <= value <= high:
                raise SpecError(f"{region.value} code {value} does not fit {width} bits, which hold {low} to {high}")
    if region is Table.ACTIVATION:
        limit = knot_limit(shape.formats)
        rows = array.astype(np.int64)
        farthest = int(np.abs([rows[:, 0], rows[:, 0] + rows[:, 1]]).max())
        if farthest > limit:
            raise SpecError(f"{region.value} rows must lead from knot to knot within +-{limit}, not to {farthest}")
