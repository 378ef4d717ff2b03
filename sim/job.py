"""What the emulator's kernels are given, whichever computes: runs, rules and sums as plain numbers and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.region import Region

Ints = NDArray[np.int64]


class Rules(NamedTuple):
    """A Hamiltonian, a time step and formats as the numbers that a step needs; shifts are to the right unless named otherwise."""

    coupled: int  #: a matrix couples the oscillators
    activated: int  #: the force goes through the activation table
    state_pad: int  #: 64 - width of the state
    state_lowest: int  #: the code that is its own negative
    operand_shift: int
    operand_highest: int
    drift_shift: int
    kick_shift: int
    align_left: int  #: weight x operand to a sum
    bias_left: int  #: bias to a sum
    value_left: int  #: activation to a force
    table_shift: int
    table_highest: int
    offset_bits: int  #: bits of the offset within a segment
    segment_zero: int  #: the segment that starts at 0
    segment_bits: int
    multiplier: int  #: width of weights and operands


class Sums(NamedTuple):
    """Products of one call, modulo 2**64, order-free."""

    coupling: NDArray[np.uint64]  #: (N, N), or (0, 0)
    inputs_t: NDArray[np.uint64]  #: (M, N)
    vectors: NDArray[np.uint64]  #: (4, N): stiffness, gain, bias, kinetic


class Job(NamedTuple):
    """One run, as a row of int64: step indices ``first, first + stride, ...``; a nudge applies from index ``nudge_from`` on."""

    context: int
    steps: int
    first: int
    stride: int
    input_base: int
    nudge_from: int
    nudge_base: int
    nudge_stride: int
    nudge_sign: int
    product_sign: int  #: 0: no products
    shift: int
    trace_base: int  #: -1: no trace


class Views(NamedTuple):
    """The emulator's memory: its own arrays, of which a kernel changes states, trace and flags."""

    region: Mapping[Region, Ints]
    overflow: NDArray[np.bool_]
    clip: NDArray[np.bool_]


class Kernel(Protocol):
    """Something that executes jobs. All kernels return the same integers."""

    @property
    def name(self) -> str: ...

    def gather(self, views: Views, rules: Rules) -> Any:
        """Views of the memory, and parameters in the order that steps read them; stands until one is written, or the rules change."""
        ...

    def advance(self, jobs: Ints, rules: Rules, store: Any, sums: Sums) -> None:
        """Execute jobs (rows of `Job`) on a gathered store; add their products to the sums. Lets other threads run."""
        ...
