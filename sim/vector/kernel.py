"""The C++ kernel behind the interface of all kernels."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loschmidt.sim.job import Ints, Rules, Sums, Views
from loschmidt.spec.errors import LoschmidtError
from loschmidt.spec.hamiltonian import Parameter
from loschmidt.spec.region import Buffer, Region, State, Table

from .library import library

#: In the order of `Memory` in steps.cpp.
_REGIONS: tuple[Region, ...] = (
    *(Parameter.COUPLING, Parameter.INPUT_WEIGHT, Parameter.STIFFNESS, Parameter.GAIN, Parameter.BIAS, Parameter.INVERSE_MASS),
    *(Table.ACTIVATION, State.POSITION, State.MOMENTUM, Buffer.INPUT, Buffer.NUDGE, Buffer.TRACE),
)


class _Memory:
    """Views as `Memory` in memory.h has them: sizes, and where the arrays are."""

    def __init__(self, views: Views) -> None:
        self.views, region = views, views.region
        sizes = (*region[Parameter.INPUT_WEIGHT].shape, len(region[Table.ACTIVATION]))
        arrays: list[NDArray[Any]] = [*(region[name] for name in _REGIONS), views.overflow, views.clip]
        self.words = np.array([*sizes, *(array.ctypes.data for array in arrays)], np.int64)


class Plan:
    """Parameters as the library holds them, and the arrays that it points into; freed with the last reference."""

    def __init__(self, loaded: ctypes.CDLL, memory: _Memory, rules: Rules) -> None:
        self._kept, self._destroy = memory, loaded.plan_destroy
        self.handle: int = loaded.plan_create(np.array(rules, np.int64).ctypes.data, memory.words.ctypes.data)
        if not self.handle:
            raise LoschmidtError(_NO_MEMORY)

    def __del__(self) -> None:
        self._destroy(self.handle)


_NO_MEMORY = "there is not enough memory for the emulator: take fewer oscillators"


class VectorKernel:
    """One kind of `library.KINDS`, compiled at first use.

    Parameters
    ----------
    kind : its name
    loaded : the library, if it is not that kind's own

    Raises
    ------
    ToolError, CacheError : it cannot be compiled, or not kept
    """

    def __init__(self, kind: str, loaded: ctypes.CDLL | None = None) -> None:
        self._kind = kind
        self._library = loaded or library(kind)
        self._memory: _Memory | None = None  # of the views that came last, as they are mostly the same

    @property
    def name(self) -> str:
        return self._kind

    def gather(self, views: Views, rules: Rules) -> Plan:
        if self._memory is None or self._memory.views is not views:
            self._memory = _Memory(views)
        return Plan(self._library, self._memory, rules)

    def advance(self, jobs: Ints, rules: Rules, store: Plan, sums: Sums) -> None:
        pointers = np.array([part.ctypes.data for part in sums], np.int64)
        if self._library.plan_advance(store.handle, jobs.ctypes.data, len(jobs), pointers.ctypes.data):
            raise LoschmidtError(_NO_MEMORY)
