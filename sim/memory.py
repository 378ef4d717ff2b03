"""What every device in software keeps: regions, flags, and the checks that come before any of them changes.

No arithmetic lives here. A device adds two things to a `Memory`: how a list of runs is executed, and how a momentum is flipped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.errors import SpecError
from loschmidt.spec.hamiltonian import Hamiltonian, Product
from loschmidt.spec.region import REGIONS, Region, State, entries, entry_shape, has_entries
from loschmidt.spec.run import Run, Status
from loschmidt.spec.shape import Shape

from .checks import Bounds, check_configuration, check_context, check_runs

Ints = NDArray[np.int64]

#: A sum of this magnitude or more is refused: below it, rounding and wrapping in 64 bits cannot lose a bit.
SUM_LIMIT = 1 << 62


def largest_sum(shape: Shape) -> int:
    """A bound on the magnitude of every sum of a step: force, activation input, drift product, momentum before it wraps.

    Values have their format's full range; an activation stays below ``2**(multiplier - 1)`` because `Bounds` keeps the knots
    of its table within `spec.activation.knot_limit`.
    """
    f, top = shape.formats, 1 << (shape.formats.multiplier - 1)
    terms = (shape.oscillators if shape.couplings else 1) + shape.inputs + 1
    addend = top << max(f.activation.fraction, f.weight.fraction)
    return max((terms * top * top << f.align_shift) + addend, top << (f.state.width - 1))


class Memory(ABC):
    """An array's memory: every region as int64, zero at first, and the sticky flags; at first the shape's first Hamiltonian, ``delta = 1``.

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
        self._shape, self._bounds = shape, Bounds(shape)
        self._hamiltonian = shape.hamiltonians[0]
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
        check_configuration(hamiltonian, s, self._shape)
        self._hamiltonian, self._s = hamiltonian, s

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        """Write consecutive entries from ``entry`` on, or a whole parameter; see `host.device.Device`."""
        array = self._bounds.values(region, values, entry)
        if has_entries(region):
            self._region[region][entry : entry + len(array)] = array
        else:
            self._region[region][...] = array

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        """A copy of ``count`` entries from ``entry`` on, or of a whole parameter or product; see `host.device.Device`."""
        if not has_entries(region):
            return self._region[region].copy()
        self._bounds.window(region, entry, count)
        return self._region[region][entry : entry + count].copy()

    def run(self, runs: Sequence[Run]) -> None:
        """Execute runs, each in its own context and, if traced, its own window of the trace."""
        check_runs(runs, self._shape)
        if runs:
            self._execute(runs)

    def copy(self, destination: int, source: int) -> None:
        """Copy a context's positions and momenta; flags stay with their contexts."""
        check_context(destination, self._shape)
        check_context(source, self._shape)
        for region in State:
            self._region[region][destination] = self._region[region][source]

    def flip(self, context: int) -> None:
        """Momenta to their negatives; the most negative code is its own."""
        check_context(context, self._shape)
        momentum = self._region[State.MOMENTUM]
        momentum[context] = self._negative(momentum[context])

    def clear(self) -> None:
        """All products to zero."""
        for product in Product:
            self._region[product][...] = 0

    def status(self) -> Status:
        """Flags since they were last cleared; a device in software has no clock, so its counters are 0."""
        return Status(frozenset(self._overflow.nonzero()[0].tolist()), frozenset(self._clip.nonzero()[0].tolist()))

    def reset_status(self) -> None:
        self._overflow[:] = False
        self._clip[:] = False

    def close(self) -> None:
        """Give back what the device holds beside its memory: here nothing."""
        return
