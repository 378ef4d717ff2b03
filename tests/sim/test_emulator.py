"""The emulator: the golden model's integers, whatever the number of workers, for as long as it takes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings

from loschmidt.sim import cores, emulator, kernel
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.job import Ints, Kernel
from loschmidt.sim.kernels import open_kernel
from loschmidt.spec.errors import LoschmidtError
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.region import Buffer, Region, State, Table
from loschmidt.spec.run import Accumulate, Direction, Run
from loschmidt.spec.shape import Shape

from . import checks
from .cases import Case, cases, codes, differences

#: Steps in one run of the long return, and how many runs: ten million steps each way.
WINDOW, WINDOWS = 100_000, 100


def test_agrees_with_the_golden_model() -> None:
    checks.agreement(Emulator)


def test_reverses() -> None:
    checks.reversal(Emulator)


@settings(max_examples=30)
@given(cases())
def test_does_not_depend_on_workers(case: Case) -> None:
    several = Emulator(case.shape, workers=3)
    assert differences(case.play(Emulator(case.shape, workers=1)), case.play(several)) == []
    several.close()


def test_larger_array_agrees() -> None:
    """More oscillators than a vector unit takes at once, more steps than a block of products, more runs than workers."""
    rng = np.random.default_rng(5)
    shape = Shape(oscillators=37, inputs=11, contexts=5, input_depth=23, formats=Shape(1).formats)
    regions: tuple[Region, ...] = (*Parameter, *State, Buffer.INPUT, Table.ACTIVATION)
    contents = {region: codes(rng, region, shape, "small") for region in regions}
    runs = [Run(c, 23 - 2 * c, c, Direction.DESCENDING, Accumulate(1 + c % 2), shift=3 * c) for c in range(5)]
    for hamiltonian in Hamiltonian:
        case = Case(shape, contents, (("configure", (hamiltonian, 2)), ("run", (runs,))))
        checks.alike(partial(Emulator, workers=2), case)


class Counted:
    """A kernel that keeps how many runs each of its calls was for, one call a worker."""

    def __init__(self, kernel: Kernel) -> None:
        self.calls: list[int] = []
        self._kernel = kernel
        self.name, self.gather = kernel.name, kernel.gather

    def advance(self, jobs: Ints, *given: Any) -> None:
        self.calls.append(len(jobs))
        self._kernel.advance(jobs, *given)


@pytest.mark.parametrize(
    ("steps", "workers", "wanted"), [(10, None, 1), (1000, None, 4), (100, None, 2), (1000, 3, 3), (10, 3, 3), (10, 1, 1)]
)
def test_workers_are_as_many_as_it_is_worth(steps: int, workers: int | None, wanted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight runs of 64 coupled oscillators, on four cores."""
    monkeypatch.setattr(cores, "count", lambda: 4)
    counted = Counted(open_kernel())
    monkeypatch.setattr(emulator, "open_kernel", lambda _: counted)
    device = Emulator(Shape(oscillators=64, inputs=8, contexts=8, input_depth=1000), workers)
    device.configure(Hamiltonian.DENSE, 3)
    device.run([Run(context, steps) for context in range(8)])
    assert len(counted.calls) == wanted
    assert sum(counted.calls) == 8
    device.close()


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_returns_after_ten_million_steps(hamiltonian: Hamiltonian) -> None:
    """From a gentle start and from the ends of the state's range, wrapping round; the inputs differ from window to window."""
    rng = np.random.default_rng(hamiltonian)
    shape = Shape(oscillators=3, contexts=2, input_depth=WINDOW + WINDOWS)
    device = Emulator(shape)
    device.configure(hamiltonian, 3)
    for region in (*Parameter, Buffer.INPUT, Table.ACTIVATION):
        device.write(region, codes(rng, region, shape, "small"))
    starts = {region: np.stack([codes(rng, region, shape, style)[c] for c, style in enumerate(("small", "extreme"))]) for region in State}
    for region, values in starts.items():
        device.write(region, values)
    contexts, windows = range(shape.contexts), range(WINDOWS)
    for base in windows:
        device.run([Run(c, WINDOW, base) for c in contexts])
    assert all(np.all(device.read(region, 0, 2) != values) for region, values in starts.items())
    assert 1 in device.status().overflow
    for c in contexts:
        device.flip(c)
    for base in reversed(windows):
        device.run([Run(c, WINDOW, base, Direction.DESCENDING) for c in contexts])
    for c in contexts:
        device.flip(c)
    assert all(np.array_equal(device.read(region, 0, 2), values) for region, values in starts.items())
    device.close()


def test_unwritable_cache_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> object:
        raise RuntimeError("cannot cache function")

    monkeypatch.setattr(numba, "njit", refuse)
    with pytest.raises(
        LoschmidtError, match=r"^the emulator finds no folder for compiled code \(.*\): set NUMBA_CACHE_DIR to a writable one$"
    ):
        kernel.compiled(len)
