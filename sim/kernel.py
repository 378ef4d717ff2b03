"""The emulator's arithmetic, compiled: the steps of many runs, in integers of 64 bits, on one core.

All compiled functions live in this one file, because the compiler's cache watches only the file of the function it is asked for.
Sums are exact (`sim.memory.largest_sum` stays below 2**62); products are summed modulo 2**64, of which the accumulator is a part.
Matrices hold 32-bit codes, so that a product is one widening multiplication of the vector unit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.errors import LoschmidtError
from loschmidt.spec.hamiltonian import Parameter
from loschmidt.spec.region import Buffer, State, Table

from .job import Ints, Rules, Sums, Views

P = ParamSpec("P")
R = TypeVar("R")

#: Steps whose outer products are summed together: a matrix accumulator is read and written once for all of them.
BLOCK = 4


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first use, without the interpreter's lock, and keep the machine code on disk."""
    try:
        return cast("Callable[P, R]", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError as error:
        raise LoschmidtError(f"the emulator finds no folder for compiled code ({error}): set NUMBA_CACHE_DIR to a writable one") from error


class Store(NamedTuple):
    """Views of the memory, and of the parameters in the order that the passes read them."""

    coupling: NDArray[np.int32]  #: (N, N), W
    coupling_t: NDArray[np.int32]  #: (N, N), W^T
    input_weight_t: NDArray[np.int32]  #: (M, N), B^T
    stiffness: Ints
    gain: Ints
    bias: Ints
    inverse_mass: Ints
    table: Ints  #: (3, segments), value, rise, conjugate
    position: Ints  #: (contexts, N), as momentum
    momentum: Ints
    inputs: Ints
    nudges: Ints
    trace: Ints
    overflow: NDArray[np.bool_]
    clip: NDArray[np.bool_]


@compiled
def nearest_even(value: Any, shift: Any) -> Any:
    """Add just under half, or half if the result's last bit would be odd, and cut."""
    tie_to_even = min(shift, 1) & ~(value >> shift)
    return (value + ((1 << shift) >> 1) - tie_to_even) >> shift


@compiled
def multiply(matrix: Any, vector: Any, total: Any) -> None:
    """``total[j] += sum_h matrix[h, j] vector[h]``, four rows at a time."""
    rows, columns = matrix.shape
    h = 0
    while h + 4 <= rows:
        m0, m1, m2, m3 = matrix[h], matrix[h + 1], matrix[h + 2], matrix[h + 3]
        v0, v1 = np.int64(np.int32(vector[h])), np.int64(np.int32(vector[h + 1]))
        v2, v3 = np.int64(np.int32(vector[h + 2])), np.int64(np.int32(vector[h + 3]))
        for j in range(columns):
            total[j] += np.int64(m0[j]) * v0 + np.int64(m1[j]) * v1 + np.int64(m2[j]) * v2 + np.int64(m3[j]) * v3
        h += 4
    while h < rows:
        m0, v0 = matrix[h], np.int64(np.int32(vector[h]))
        for j in range(columns):
            total[j] += np.int64(m0[j]) * v0
        h += 1


@compiled
def outer(left: Any, right: Any, shift: Any, total: Any) -> None:
    """``total[i, j] += 2**shift sum_k left[k, i] right[k, j]`` over the `BLOCK` rows k."""
    r0, r1, r2, r3 = right[0], right[1], right[2], right[3]
    for i in range(left.shape[1]):
        row = total[i]
        l0, l1, l2, l3 = np.int64(left[0, i]), np.int64(left[1, i]), np.int64(left[2, i]), np.int64(left[3, i])
        for j in range(right.shape[1]):
            term = l0 * np.int64(r0[j]) + l1 * np.int64(r1[j]) + l2 * np.int64(r2[j]) + l3 * np.int64(r3[j])
            row[j] += np.uint64(term) << shift


@compiled
def activate(z: Any, table: Any, shift: Any, highest: Any, bits: Any, zero: Any, index_bits: Any, y: Any, conjugate: Any) -> None:
    """y(z) and its conjugate from the table's columns value, rise, conjugate; the index is cut from a rounded z."""
    mask = (1 << bits) - 1
    for i in range(z.shape[0]):
        code = min(max(nearest_even(z[i], shift), -highest), highest)
        segment = np.uint64((code >> bits) + zero)
        offset = code & mask
        risen = nearest_even(table[1, segment] * offset, bits)
        y[i] = table[0, segment] + risen
        conjugate[i] = table[2, segment] + nearest_even(risen * ((code + code - offset) >> index_bits), bits - index_bits)


@compiled
def drift(momentum: Any, inverse_mass: Any, shift: Any, lowest: Any, out: Any) -> None:
    """Half a drift; none for the momentum that is its own negative."""
    for i in range(momentum.shape[0]):
        moved = nearest_even(inverse_mass[i] * momentum[i], shift)
        out[i] = 0 if momentum[i] == lowest else moved


@compiled
def move(position: Any, half: Any, pad: Any) -> Any:
    """Add half a drift to the position, modulo the state's width; returns the bits that were lost."""
    lost = np.int64(0)
    for i in range(position.shape[0]):
        target = position[i] + half[i]
        position[i] = (target << pad) >> pad
        lost |= target ^ position[i]
    return lost


@compiled
def narrow(state: Any, shift: Any, highest: Any, out: Any) -> Any:
    """State to operand, saturating; returns the bits that clipping changed."""
    clipped = np.int64(0)
    for i in range(state.shape[0]):
        rounded = nearest_even(state[i], shift)
        out[i] = min(max(rounded, -highest), highest)
        clipped |= rounded ^ out[i]
    return clipped


@compiled
def kick(momentum: Any, force: Any, nudge: Any, shift: Any, pad: Any) -> Any:
    """Take the rounded force from the momentum, add the nudge; returns the bits that were lost."""
    lost = np.int64(0)
    for i in range(momentum.shape[0]):
        target = momentum[i] - nearest_even(force[i], shift) + nudge[i]
        momentum[i] = (target << pad) >> pad
        lost |= target ^ momentum[i]
    return lost


@compiled
def accumulate(x: Any, y: Any, conjugate: Any, before: Any, after: Any, sign: Any, shift: Any, total: Any) -> None:
    """The products that belong to one oscillator each, in the order of `Sums.vectors`."""
    for i in range(x.shape[0]):
        total[0, i] += np.uint64(sign * (x[i] * x[i])) << shift
        total[1, i] += np.uint64(sign * conjugate[i]) << shift
        total[2, i] += np.uint64(sign * y[i]) << shift
        total[3, i] += np.uint64(sign * (before[i] * before[i] + after[i] * after[i])) << shift


@compiled
def advance(jobs: Ints, rules: Rules, store: Store, sums: Sums) -> None:
    """Execute jobs (rows of `Job`), one after another, on the store; add their products to the sums.

    No array is sliced and no tuple handed on within a step: for small arrays the counting of references would cost more than the step.
    """
    n, m = store.position.shape[1], store.inputs.shape[1]
    coupled, activated, align = rules.coupled != 0, rules.activated != 0, rules.align_left
    pad, lowest, drift_shift, kick_shift = rules.state_pad, rules.state_lowest, rules.drift_shift, rules.kick_shift
    operand_shift, operand_highest = rules.operand_shift, rules.operand_highest
    inputs, nudges, trace, table = store.inputs, store.nudges, store.trace, store.table
    coupling, coupling_t, input_weight_t = store.coupling, store.coupling_t, store.input_weight_t
    stiffness, gain, bias, inverse_mass = store.stiffness, store.gain, store.bias, store.inverse_mass
    sums_coupling, sums_inputs, sums_vectors = sums.coupling, sums.inputs_t, sums.vectors
    half, x, z, y = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    conjugate, force, before, after = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    u, nudge = np.zeros(m, np.int64), np.zeros(n, np.int64)
    left, right, driven = np.zeros((BLOCK, n), np.int32), np.zeros((BLOCK, n), np.int32), np.zeros((BLOCK, m), np.int32)
    for row in range(jobs.shape[0]):
        context, steps, first, stride, input_base, nudge_from, nudge_base, nudge_stride, nudge_sign, sign, code, trace_base = jobs[row]
        shift, accumulating, kept = np.uint64(code), sign != 0, 0
        position, momentum = store.position[context], store.momentum[context]
        lost, clipped = np.int64(0), np.int64(0)
        drift(momentum, inverse_mass, drift_shift, lowest, half)
        for count in range(steps):
            k = first + stride * count
            for i in range(m):
                u[i] = inputs[input_base + k, i]
            lost |= move(position, half, pad)
            if trace_base >= 0:
                for i in range(n):
                    trace[trace_base + k, i] = position[i]
            clipped |= narrow(position, operand_shift, operand_highest, x)

            # The force F = dV/dphi at operands x under input u, on the way z and y(z).
            for i in range(n):
                force[i] = 0
            multiply(input_weight_t, u, force)
            if activated:
                if coupled:
                    multiply(coupling_t, x, force)
                else:
                    for i in range(n):
                        force[i] += gain[i] * x[i]
                for i in range(n):
                    z[i] = (force[i] << align) + (bias[i] << rules.bias_left)
                    force[i] = (stiffness[i] * x[i]) << align
                activate(
                    z,
                    table,
                    rules.table_shift,
                    rules.table_highest,
                    rules.offset_bits,
                    rules.segment_zero,
                    rules.segment_bits,
                    y,
                    conjugate,
                )
                if coupled:
                    multiply(coupling, y, force)
                else:
                    for i in range(n):
                        force[i] += y[i] << rules.value_left
            else:
                for i in range(n):
                    force[i] = -force[i]
                if coupled:
                    multiply(coupling_t, x, force)
                else:
                    for i in range(n):
                        force[i] += stiffness[i] * x[i]
                for i in range(n):
                    force[i] <<= align

            if accumulating:
                clipped |= narrow(momentum, operand_shift, operand_highest, before)
            if k >= nudge_from:
                for i in range(n):
                    nudge[i] = nudge_sign * nudges[nudge_base + nudge_stride * k, i]
            else:
                for i in range(n):
                    nudge[i] = 0
            lost |= kick(momentum, force, nudge, kick_shift, pad)
            drift(momentum, inverse_mass, drift_shift, lowest, half)
            lost |= move(position, half, pad)

            if accumulating:
                clipped |= narrow(momentum, operand_shift, operand_highest, after)
                accumulate(x, y, conjugate, before, after, sign, shift, sums_vectors)
                for i in range(n):
                    left[kept, i] = sign * (y[i] if activated else x[i])
                    right[kept, i] = x[i]
                for i in range(m):
                    driven[kept, i] = u[i]
                kept += 1
                if kept == BLOCK or count == steps - 1:
                    left[kept:] = 0
                    outer(driven, left, shift, sums_inputs)
                    if coupled:
                        outer(left, right, shift, sums_coupling)
                    kept = 0
        store.overflow[context] |= lost != 0
        store.clip[context] |= clipped != 0


class PortableKernel:
    """The kernel that needs no compiler beside Python's own."""

    @property
    def name(self) -> str:
        return "numba"

    def gather(self, views: Views, rules: Rules) -> Store:
        r = views.region
        return Store(
            coupling=r[Parameter.COUPLING].astype(np.int32),
            coupling_t=np.ascontiguousarray(r[Parameter.COUPLING].T, np.int32),
            input_weight_t=np.ascontiguousarray(r[Parameter.INPUT_WEIGHT].T, np.int32),
            stiffness=r[Parameter.STIFFNESS],
            gain=r[Parameter.GAIN],
            bias=r[Parameter.BIAS],
            inverse_mass=r[Parameter.INVERSE_MASS],
            table=np.ascontiguousarray(r[Table.ACTIVATION].T),
            position=r[State.POSITION],
            momentum=r[State.MOMENTUM],
            inputs=r[Buffer.INPUT],
            nudges=r[Buffer.NUDGE],
            trace=r[Buffer.TRACE],
            overflow=views.overflow,
            clip=views.clip,
        )

    def advance(self, jobs: Ints, rules: Rules, store: Store, sums: Sums) -> None:
        advance(jobs, rules, store, sums)
