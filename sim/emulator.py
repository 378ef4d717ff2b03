"""The emulator: the array's integers, fast. Runs of one call go to as many cores as they keep busy; a single run stays on the caller's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter, Product
from loschmidt.spec.region import Region, Table, entry_shape
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

from . import cores
from .job import Job, Rules, Sums, Views
from .kernels import open_kernel
from .memory import Ints, Memory

#: Rows of `Sums.vectors`.
VECTORS = (Product.STIFFNESS, Product.GAIN, Product.BIAS, Product.KINETIC)

#: Runs that go to one worker if there are enough for all, the longest first and else in their order: it keeps the two echoes of a sample
#: side by side, of which a kernel may then sum the difference.
TOGETHER = 2

#: What is as much work as a step's other arithmetic on one oscillator, in multiplications.
ELEMENTWISE = 200

#: Least work of a worker, in multiplications: with half of it, sending it to another core takes longer than doing it.
SHARE = 8_000_000


# An enumeration's members are looked up slowly, and each run asks for six.
_ASCENDING, _OFF, _ADD = Direction.ASCENDING, Accumulate.OFF, Accumulate.ADD
_NONE, _IMPULSE, _STREAM = Nudge.NONE, Nudge.IMPULSE, Nudge.STREAM


class Emulator(Memory):
    """The compiled device: same integers as `GoldenDevice`, written on its own.

    Parameters
    ----------
    shape : Shape
    workers : threads that share the runs of one call; None: up to the cores of this process, as far as each has `SHARE` to do. The result
        does not depend on it.
    kernel : what computes, one of `kernels.NAMES`; None: see `kernels.choose`. The result does not depend on it, either.

    Raises
    ------
    SpecError : for what the shape cannot hold, before anything changes
    LoschmidtError : there is no such kernel, or it cannot be compiled
    """

    name = "emulator"

    def __init__(self, shape: Shape, workers: int | None = None, kernel: str | None = None) -> None:
        super().__init__(shape)
        self._kernel = open_kernel(kernel)
        self._workers, self._share = workers or cores.count(), SHARE if workers is None else 1
        self._pool: ThreadPoolExecutor | None = None
        self._process = os.getpid()
        self._configured = self._rules()
        self._views = Views(self._region, self._overflow, self._clip)
        self._store: Any = None
        self._sums = [self._empty_sums()]

    @property
    def kernel(self) -> str:
        """The name of what computes."""
        return self._kernel.name

    def configure(self, hamiltonian: Hamiltonian, s: int) -> None:
        super().configure(hamiltonian, s)
        self._configured, self._store = self._rules(), None

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        super().write(region, values, entry)
        if isinstance(region, Parameter | Table):
            self._store = None

    def close(self) -> None:
        """End the worker threads; a later run starts them again."""
        self._own()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _own(self) -> None:
        """In a forked child, leave to the parent what only there goes on: its threads, and what they may be summing up."""
        if self._process != os.getpid():
            self._process, self._pool, self._sums = os.getpid(), None, [self._empty_sums()]

    def _execute(self, runs: Sequence[Run]) -> None:
        self._own()
        rules = self._configured
        if self._store is None:
            self._store = self._kernel.gather(self._views, rules)
        store, advance = self._store, self._kernel.advance
        crew = self._crew(runs)
        while len(self._sums) < crew:
            self._sums.append(self._empty_sums())
        rows = [self._job(run) for run in sorted(runs, key=lambda run: -run.steps)]
        jobs = np.fromiter(chain.from_iterable(rows), np.int64, len(rows) * len(Job._fields)).reshape(len(rows), -1)
        turns = np.arange(len(jobs)) // (TOGETHER if len(jobs) >= TOGETHER * crew else 1) % crew
        if crew == 1:
            advance(jobs, rules, store, self._sums[0])
        else:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, "emulator")
            shares = [self._pool.submit(advance, jobs[turns == w], rules, store, self._sums[w]) for w in range(crew)]
            for share in shares:
                share.result()
        if any(run.accumulate is not _OFF for run in runs):
            self._merge(crew)

    def _crew(self, runs: Sequence[Run]) -> int:
        """How many workers the runs are for."""
        rules, shape = self._configured, self._shape
        terms = ((1 + rules.activated) * shape.oscillators if rules.coupled else 0) + shape.inputs
        work = sum(run.steps for run in runs) * shape.oscillators * (terms + ELEMENTWISE)
        return min(self._workers, len(runs), max(1, work // self._share))

    def _negative(self, momentum: Ints) -> Ints:
        return np.where(momentum == self._shape.formats.state.lowest, momentum, -momentum)

    @staticmethod
    def _job(run: Run) -> Job:
        """A run as the numbers that the compiled steps read."""
        context, steps, input_base, direction, accumulate, shift, nudge, nudge_base, negate, trace, trace_base = run
        first, stride = (0, 1) if direction is _ASCENDING else (steps - 1, -1)
        nudge_from = steps if nudge is _NONE else steps - 1 if nudge is _IMPULSE else 0
        nudge_stride, nudge_sign = 1 if nudge is _STREAM else 0, -1 if negate else 1
        product_sign = 0 if accumulate is _OFF else 1 if accumulate is _ADD else -1
        written = trace_base if trace else -1
        # By position: names take longer, and a batch of short sequences is little more than its jobs.
        return Job(
            context, steps, first, stride, input_base, nudge_from, nudge_base, nudge_stride, nudge_sign, product_sign, shift, written
        )

    def _rules(self) -> Rules:
        f, definition = self._shape.formats, DEFINITIONS[self._hamiltonian]
        return Rules(
            coupled=int(Parameter.COUPLING in definition.parameters),
            activated=int(definition.activated),
            state_pad=64 - f.state.width,
            state_lowest=f.state.lowest,
            operand_shift=f.operand_shift,
            operand_highest=f.operand.highest,
            drift_shift=f.drift_shift(self._s),
            kick_shift=f.kick_shift(self._s),
            align_left=f.align_shift,
            bias_left=f.activation.fraction,
            value_left=f.weight.fraction,
            table_shift=f.table_shift,
            table_highest=(1 << (f.table_width - 1)) - 1,
            offset_bits=f.multiplier - 1,
            segment_zero=f.segments // 2,
            segment_bits=f.segment_bits,
            multiplier=f.multiplier,
        )

    def _empty_sums(self) -> Sums:
        n, m = self._shape.oscillators, self._shape.inputs
        coupled = entry_shape(Product.COUPLING, self._shape)
        return Sums(np.zeros(coupled, np.uint64), np.zeros((m, n), np.uint64), np.zeros((len(VECTORS), n), np.uint64))

    def _merge(self, crew: int) -> None:
        """Take what the workers summed into the accumulators, modulo their width."""
        pad = 64 - self._shape.formats.accumulator
        for product in DEFINITIONS[self._hamiltonian].products:
            code = self._region[product]
            total: NDArray[np.uint64] = code.view(np.uint64)
            for sums in self._sums[:crew]:
                match product:
                    case Product.COUPLING:
                        total += sums.coupling
                    case Product.INPUT_WEIGHT:
                        total += sums.inputs_t.T
                    case _:
                        total += sums.vectors[VECTORS.index(product)]
            code <<= pad
            code >>= pad
        for sums in self._sums[:crew]:
            for part in sums:
                part[...] = 0
