"""What the host asks of whatever holds an array: golden model, emulator, simulated gateware, board."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.region import Region
from loschmidt.spec.run import Run, Status
from loschmidt.spec.shape import Shape

Ints = NDArray[np.int64]


class Device(Protocol):
    """An array and its memory. Every implementation returns the same integers for the same calls.

    Arrays are int64 codes. A region with entries (`spec.region.has_entries`) has a leading axis of consecutive entries; parameters
    and products are single arrays. `spec.region.entry_shape` gives the rest. All methods raise `SpecError` for what the shape
    cannot hold, before anything changes.
    """

    @property
    def name(self) -> str:
        """How the device is called on the command line."""
        ...

    @property
    def shape(self) -> Shape: ...

    def configure(self, hamiltonian: Hamiltonian, s: int) -> None:
        """Choose the Hamiltonian and the time step ``delta = 2**-s``."""
        ...

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        """Write consecutive entries from ``entry`` on, or a whole parameter."""
        ...

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        """Read ``count`` entries from ``entry`` on, or a whole parameter or product (then both are ignored)."""
        ...

    def run(self, runs: Sequence[Run]) -> None:
        """Execute runs, each in its own context; the result does not depend on their order. Returns when all are done."""
        ...

    def copy(self, destination: int, source: int) -> None:
        """Copy a context's positions and momenta: snapshot and restore."""
        ...

    def flip(self, context: int) -> None:
        """Momenta to their negatives; the most negative code is its own."""
        ...

    def clear(self) -> None:
        """All products to zero."""
        ...

    def status(self) -> Status: ...

    def reset_status(self) -> None: ...

    def close(self) -> None: ...
