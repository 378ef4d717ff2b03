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

Ints = NDArray[np.int64]
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
    offset_mask: int
    segment_zero: int  #: the segment that starts at 0


class Store(NamedTuple):
    """Views of the memory, and of the parameters in the order that the passes read them."""

    coupling: NDArray[np.int32]  #: (N, N), W
    coupling_t: NDArray[np.int32]  #: (N, N), W^T
    input_weight_t: NDArray[np.int32]  #: (M, N), B^T
    stiffness: Ints
    gain: Ints
    bias: Ints
    inverse_mass: Ints
    value: Ints  #: (segments,), as rise and integral
    rise: Ints
    integral: Ints
    position: Ints  #: (contexts, N), as momentum
    momentum: Ints
    inputs: Ints
    nudges: Ints
    trace: Ints
    overflow: NDArray[np.bool_]
    clip: NDArray[np.bool_]


class Sums(NamedTuple):
    """Products of one call, modulo 2**64, order-free."""

    coupling: NDArray[np.uint64]  #: (N, N)
    inputs_t: NDArray[np.uint64]  #: (M, N)
    stiffness: NDArray[np.uint64]
    gain: NDArray[np.uint64]
    bias: NDArray[np.uint64]
    potential: NDArray[np.uint64]
    kinetic: NDArray[np.uint64]


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
def activate(z: Any, rules: Any, store: Any, y: Any, integral: Any, integrate: Any) -> None:
    """y(z), and if asked its integral, from the table."""
    highest, bits = rules.table_highest, rules.offset_bits
    for i in range(z.shape[0]):
        code = min(max(nearest_even(z[i], rules.table_shift), -highest), highest)
        segment = np.uint64((code >> bits) + rules.segment_zero)
        offset = code & rules.offset_mask
        value = store.value[segment]
        y[i] = value + nearest_even(store.rise[segment] * offset, bits)
        if integrate:
            integral[i] = store.integral[segment] + nearest_even((value + y[i]) * offset, bits)


@compiled
def drift(momentum: Any, rules: Any, store: Any, out: Any) -> None:
    """Half a drift; none for the momentum that is its own negative."""
    for i in range(momentum.shape[0]):
        moved = nearest_even(store.inverse_mass[i] * momentum[i], rules.drift_shift)
        out[i] = 0 if momentum[i] == rules.state_lowest else moved


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
def kick(momentum: Any, force: Any, nudge: Any, sign: Any, shift: Any, pad: Any) -> Any:
    """Take the rounded force from the momentum, add the nudge; returns the bits that were lost."""
    lost = np.int64(0)
    for i in range(momentum.shape[0]):
        target = momentum[i] - nearest_even(force[i], shift) + sign * nudge[i]
        momentum[i] = (target << pad) >> pad
        lost |= target ^ momentum[i]
    return lost


@compiled
def feel(x: Any, u: Any, rules: Any, store: Any, integrate: Any, z: Any, y: Any, integral: Any, force: Any) -> None:
    """The force F = dV/dphi at operands x under input u; on the way z, y(z) and its integral."""
    n, align = x.shape[0], rules.align_left
    sums = z if rules.activated else force
    sums[:] = 0
    multiply(store.input_weight_t, u, sums)
    if not rules.activated:
        for i in range(n):
            sums[i] = -sums[i]
    if rules.coupled:
        multiply(store.coupling_t, x, sums)
    else:
        slope = store.gain if rules.activated else store.stiffness
        for i in range(n):
            sums[i] += slope[i] * x[i]
    if not rules.activated:
        for i in range(n):
            sums[i] <<= align
        return
    for i in range(n):
        sums[i] = (sums[i] << align) + (store.bias[i] << rules.bias_left)
    activate(z, rules, store, y, integral, integrate)
    for i in range(n):
        force[i] = (store.stiffness[i] * x[i]) << align
    if rules.coupled:
        multiply(store.coupling, y, force)
    else:
        for i in range(n):
            force[i] += y[i] << rules.value_left


@compiled
def accumulate(x: Any, y: Any, integral: Any, before: Any, after: Any, sign: Any, shift: Any, activated: Any, sums: Any) -> None:
    """The products that belong to one oscillator each."""
    for i in range(x.shape[0]):
        sums.stiffness[i] += np.uint64(sign * (x[i] * x[i])) << shift
        sums.kinetic[i] += np.uint64(sign * (before[i] * before[i] + after[i] * after[i])) << shift
    if activated:
        for i in range(x.shape[0]):
            sums.gain[i] += np.uint64(sign * (y[i] * x[i])) << shift
            sums.bias[i] += np.uint64(sign * y[i]) << shift
            sums.potential[i] += np.uint64(sign * integral[i]) << shift


@compiled
def advance(jobs: Ints, rules: Rules, store: Store, sums: Sums) -> None:
    """Execute jobs (rows of `Job`), one after another, on the store; add their products to the sums."""
    n, m = store.position.shape[1], store.inputs.shape[1]
    half, x, z, y = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    integral, force, before, after = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    resting = np.zeros(n, np.int64)
    left, right, driven = np.zeros((BLOCK, n), np.int32), np.zeros((BLOCK, n), np.int32), np.zeros((BLOCK, m), np.int32)
    for row in range(jobs.shape[0]):
        context, steps, first, stride, input_base, nudge_from, nudge_base, nudge_stride, nudge_sign, sign, code, trace_base = jobs[row]
        shift, accumulating, kept = np.uint64(code), sign != 0, 0
        position, momentum = store.position[context], store.momentum[context]
        lost, clipped = np.int64(0), np.int64(0)
        drift(momentum, rules, store, half)
        for count in range(steps):
            k = first + stride * count
            u = store.inputs[input_base + k]
            nudge = store.nudges[nudge_base + nudge_stride * k] if k >= nudge_from else resting
            lost |= move(position, half, rules.state_pad)
            if trace_base >= 0:
                store.trace[trace_base + k] = position
            clipped |= narrow(position, rules.operand_shift, rules.operand_highest, x)
            feel(x, u, rules, store, accumulating, z, y, integral, force)
            if accumulating:
                clipped |= narrow(momentum, rules.operand_shift, rules.operand_highest, before)
            lost |= kick(momentum, force, nudge, nudge_sign, rules.kick_shift, rules.state_pad)
            drift(momentum, rules, store, half)
            lost |= move(position, half, rules.state_pad)
            if accumulating:
                clipped |= narrow(momentum, rules.operand_shift, rules.operand_highest, after)
                accumulate(x, y, integral, before, after, sign, shift, rules.activated, sums)
                source = y if rules.activated else x
                for i in range(n):
                    left[kept, i] = sign * source[i]
                    right[kept, i] = x[i]
                driven[kept] = u
                kept += 1
                if kept == BLOCK or count == steps - 1:
                    left[kept:] = 0
                    outer(driven, left, shift, sums.inputs_t)
                    if rules.coupled:
                        outer(left, right, shift, sums.coupling)
                    kept = 0
        store.overflow[context] |= lost != 0
        store.clip[context] |= clipped != 0
