"""What every device in software keeps: regions, flags, and the checks that come before any of them changes.

No arithmetic lives here. A device adds two things to a `Memory`: how a list of runs is executed, and how a momentum is flipped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.activation import knot_limit
from loschmidt.spec.errors import SpecError
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter, Product
from loschmidt.spec.region import Buffer, Region, State, Table, entries, entry_shape, has_entries, widths, writable
from loschmidt.spec.run import STEP_LIMIT, Run, Status
from loschmidt.spec.shape import Shape

Ints = NDArray[np.int64]

REGIONS: tuple[Region, ...] = (*Parameter, *Product, *State, *Buffer, *Table)

#: A sum of this magnitude or more is refused: below it, rounding and wrapping in 64 bits cannot lose a bit.
SUM_LIMIT = 1 << 62


def largest_sum(shape: Shape) -> int:
    """A bound on the magnitude of every sum of a step: force, activation input, drift product, momentum before it wraps.

    Values have their format's full range; an activation stays below ``2**(multiplier - 1)`` because `Memory.write` keeps the knots
    of its table within `spec.activation.knot_limit`.
    """
    f, top = shape.formats, 1 << (shape.formats.multiplier - 1)
    terms = shape.oscillators + shape.inputs + 1
    addend = top << max(f.activation.fraction, f.weight.fraction)
    return max((terms * top * top << f.align_shift) + addend, top << (f.state.width - 1))


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


class Memory(ABC):
    """An array's memory: every region as int64, zero at first, and the sticky flags; springs with ``delta = 1`` until configured.

    Parameters
    ----------
    shape : Shape, whose sums must stay below `SUM_LIMIT`

    Raises
    ------
    SpecError : by every method, before anything changes, for what the shape cannot hold
    """

    #: How the device is called on the command line.
    name: str

    def __init__(self, shape: Shape) -> None:
        if largest_sum(shape) >= SUM_LIMIT:
            raise SpecError(
                f"sums of {shape.oscillators} oscillators and {shape.inputs} inputs in {shape.formats.weight} x {shape.formats.operand} "
                f"beside state {shape.formats.state} do not fit the 64 bits that a device in software computes in: narrow the formats"
            )
        self._shape = shape
        self._hamiltonian = Hamiltonian.SPRINGS
        self._s = 0
        self._region: dict[Region, Ints] = {
            region: np.zeros(((entries(region, shape),) if has_entries(region) else ()) + entry_shape(region, shape), np.int64)
            for region in REGIONS
        }
        self._overflow = np.zeros(shape.contexts, np.bool_)
        self._clip = np.zeros(shape.contexts, np.bool_)

    @abstractmethod
    def _execute(self, runs: Sequence[Run]) -> None:
        """Execute checked runs on the regions and the flags."""

    @abstractmethod
    def _negative(self, momentum: Ints) -> Ints:
        """The momenta of a flipped context."""

    @property
    def shape(self) -> Shape:
        return self._shape

    def configure(self, hamiltonian: Hamiltonian, s: int) -> None:
        """Choose the Hamiltonian and the time step ``delta = 2**-s``; nothing is cleared."""
        if not isinstance(hamiltonian, Hamiltonian):
            raise SpecError(f"the Hamiltonian must be one of {', '.join(h.name for h in Hamiltonian)}, not {hamiltonian!r}")
        if not 0 <= s <= STEP_LIMIT:
            raise SpecError(f"the time step 2**-s needs s from 0 to {STEP_LIMIT}, not {s}")
        self._hamiltonian, self._s = hamiltonian, s

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        """Write consecutive entries from ``entry`` on, or a whole parameter; see `host.device.Device`."""
        if not writable(region):
            raise SpecError(f"{region.value} is read only")
        shape = entry_shape(region, self._shape)
        array = np.asarray(values)
        if array.dtype.kind not in "iu":
            raise SpecError(f"{region.value} takes integer codes, not {array.dtype}")
        if not has_entries(region):
            if array.shape != shape:
                raise SpecError(f"{region.value} has shape {shape}, not {array.shape}")
            self._check_range(region, array)
            self._region[region][...] = array
            return
        if array.ndim != len(shape) + 1 or array.shape[1:] != shape:
            raise SpecError(f"{region.value} takes entries of shape {shape} behind a leading axis, not an array of shape {array.shape}")
        window = self._window(region, entry, len(array))
        self._check_range(region, array)
        self._region[region][window] = array

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        """A copy of ``count`` entries from ``entry`` on, or of a whole parameter or product; see `host.device.Device`."""
        if not has_entries(region):
            return self._region[region].copy()
        return self._region[region][self._window(region, entry, count)].copy()

    def run(self, runs: Sequence[Run]) -> None:
        """Execute runs, each in its own context and, if traced, its own window of the trace."""
        check_runs(runs, self._shape)
        if runs:
            self._execute(runs)

    def copy(self, destination: int, source: int) -> None:
        """Copy a context's positions and momenta; flags stay with their contexts."""
        self._check_context(destination)
        self._check_context(source)
        for region in State:
            self._region[region][destination] = self._region[region][source]

    def flip(self, context: int) -> None:
        """Momenta to their negatives; the most negative code is its own."""
        self._check_context(context)
        momentum = self._region[State.MOMENTUM]
        momentum[context] = self._negative(momentum[context])

    def clear(self) -> None:
        """All products to zero."""
        for product in Product:
            self._region[product][...] = 0

    def status(self) -> Status:
        """Flags since they were last cleared; a device in software has no clock, so its counters are 0."""
        return Status(frozenset(map(int, np.flatnonzero(self._overflow))), frozenset(map(int, np.flatnonzero(self._clip))))

    def reset_status(self) -> None:
        self._overflow[:] = False
        self._clip[:] = False

    def close(self) -> None:
        """Give back what the device holds beside its memory: here nothing."""
        return

    def _check_context(self, context: int) -> None:
        if not 0 <= context < self._shape.contexts:
            raise SpecError(f"context must be 0 to {self._shape.contexts - 1}, not {context}")

    def _window(self, region: Region, entry: int, count: int) -> slice:
        depth = entries(region, self._shape)
        if count < 1:
            raise SpecError(f"{region.value} is read and written in at least 1 entry, not {count}")
        if not 0 <= entry <= depth - count:
            raise SpecError(f"{region.value} entries {entry} to {entry + count - 1} lie outside its {depth}")
        return slice(entry, entry + count)

    def _check_range(self, region: Region, array: NDArray[Any]) -> None:
        bits = widths(region, self._shape)
        columns = [array] if len(bits) == 1 else [array[..., c] for c in range(len(bits))]
        for width, column in zip(bits, columns, strict=True):
            low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
            for value in (int(column.min()), int(column.max())):
                if not low <= value <= high:
                    raise SpecError(f"{region.value} code {value} does not fit {width} bits, which hold {low} to {high}")
        if region is Table.ACTIVATION:
            limit = knot_limit(self._shape.formats)
            rows = array.astype(np.int64)
            farthest = int(np.abs([rows[:, 0], rows[:, 0] + rows[:, 1]]).max())
            if farthest > limit:
                raise SpecError(f"{region.value} rows must lead from knot to knot within +-{limit}, not to {farthest}")
