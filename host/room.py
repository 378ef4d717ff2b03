"""Whether an array fits this machine's memory, asked before anything of it is made."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

from loschmidt.spec.hamiltonian import Parameter
from loschmidt.spec.region import REGIONS, Region, entries, entry_shape, has_entries
from loschmidt.spec.shape import Shape

from .errors import ConfigError

#: Bytes of a number, in integers and in floats.
_BYTES = 8

#: What training holds of each parameter beside the device: master weight, gradient, the optimiser's two, and an update.
TRAINING = 5

#: Where Linux says how much a container may have.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory() -> float:
    """Bytes of memory that this process may use; infinite where the system does not tell, and so has to refuse by itself."""
    found = math.inf
    with suppress(AttributeError, OSError, ValueError):
        found = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in _LIMITS:
        with suppress(OSError, ValueError):
            found = min(found, float(path.read_text()))
    return found


def require(shape: Shape, copies: int = 0) -> None:
    """Raise `ConfigError` if an array of that shape cannot fit.

    Parameters
    ----------
    shape : Shape
        What a device in software would hold.
    copies : int
        How many more times each parameter is held beside it.
    """
    numbers = sum(_size(region, shape) * (1 + copies * isinstance(region, Parameter)) for region in REGIONS)
    needed, available = _BYTES * numbers, memory()
    if needed > available:
        raise ConfigError(
            f"an array of {shape.oscillators:,} oscillators and {shape.inputs:,} inputs takes at least {needed / 1e9:,.1f} GB of memory, "
            f"and this machine has {available / 1e9:,.1f} GB: ask for fewer (--oscillators), or for less at a time (--batch)"
        )


def _size(region: Region, shape: Shape) -> int:
    """Numbers of a region."""
    return math.prod(entry_shape(region, shape)) * (entries(region, shape) if has_entries(region) else 1)
