"""Sixteen walks in step return the golden model's integers: on a matrix unit if there is one, and on every processor with tiles by hand."""

from __future__ import annotations

import numpy as np
import pytest

from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.vector import library
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.region import Buffer, Region, State, Table
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

from . import checks
from .broken_kernels import BY_HAND, FAULTS_IN_STEP, broken, emulator
from .cases import STYLES, Case, Ints, codes, differences
from .test_kernels import RUNNABLE

#: N, M, T, runs: within a tile and beyond, inputs that fill their last quad of bytes or do not, lanes that stay empty, runs that are left.
SIZES = ((1, 1, 3, 16), (5, 2, 9, 19), (16, 8, 8, 37), (17, 3, 13, 12), (66, 5, 18, 33))

SIGNS = (Accumulate.ADD, Accumulate.SUBTRACT)


def crowd(n: int, m: int, steps: int, walks: int, formats: Formats, style: str) -> Case:
    """Runs of every kind in one call: lengths, directions, nudges, traces, products of either sign and of several shifts, and without."""
    rng = np.random.default_rng((n, m, steps, walks))
    shape = Shape(n, m, contexts=walks, input_depth=3 * steps, nudge_depth=2 * steps, trace_depth=2 * steps, formats=formats)
    regions: tuple[Region, ...] = (*Parameter, *State, *(b for b in Buffer if b is not Buffer.TRACE), Table.ACTIVATION)
    contents = {region: codes(rng, region, shape, style) for region in regions}
    if style != "small":
        # So that sums fit lanes of 32 bits.
        for parameter in Parameter:
            contents[parameter] >>= 4
        contents[Table.ACTIVATION] = codes(rng, Table.ACTIVATION, shape, "small")
    runs = [
        Run(
            c,
            int(rng.integers(max(1, steps - 3), steps + 1)) if c % 5 == 0 else steps,
            int(rng.integers(2 * steps)),
            Direction(int(rng.integers(2))),
            SIGNS[rng.integers(2)] if c % 7 else Accumulate.OFF,
            int(rng.integers(2)),
            list(Nudge)[rng.integers(len(Nudge))],
            int(rng.integers(steps)),
            bool(rng.integers(2)),
            trace=c in (3, 9),
            trace_base=steps if c == 9 else 0,
        )
        for c in range(walks)
    ]
    return Case(shape, contents, (("configure", (Hamiltonian.DENSE, 3)), ("run", (runs,)), ("flip", (0,)), ("run", (runs,))))


def alone(formats: Formats, steps: int = 1, nudge: int = 0, sign: Accumulate = Accumulate.OFF, **single: int) -> Case:
    """Sixteen walks of one oscillator without couplings, all alike; what is named is as given, all else is 0."""
    shape = Shape(1, 1, contexts=16, input_depth=steps, formats=formats)
    contents: dict[Region, Ints] = {Table.ACTIVATION: codes(np.random.default_rng(), Table.ACTIVATION, shape, "small")}
    for parameter in (Parameter.STIFFNESS, Parameter.BIAS, Parameter.INVERSE_MASS, Parameter.COUPLING):
        contents[parameter] = np.full((1, 1) if parameter is Parameter.COUPLING else (1,), single.get(parameter.value, 0))
    for state in State:
        contents[state] = np.full((16, 1), single.get(state.value, 0))
    contents[Buffer.NUDGE] = np.full((1, 1), nudge)
    runs = [Run(c, steps, nudge=Nudge.HOLD, negate=nudge < 0, accumulate=sign) for c in range(16)]
    return Case(shape, contents, (("configure", (Hamiltonian.DENSE, 3)), ("run", (runs,))))


def edges(formats: Formats) -> list[Case]:
    """One value each at the end of what it may be."""
    state, top = formats.state, formats.operand.highest
    unit, one = 1 << formats.operand_shift, 1 << formats.weight.fraction
    return [
        # The last position that is rounded to the largest operand, and the first that is clipped.
        *(alone(formats, position=top * unit + unit // 2 - low) for low in (1, 0)),
        # A nudge takes a momentum out of its range, the spring brings it back.
        alone(formats, position=top * unit // 2, momentum=state.highest, stiffness=one, nudge=1),
        # The nudge that has no negative, taken away.
        alone(formats, momentum=-1, nudge=state.lowest),
        # Squares and products as large as there are, of either kind, for longer than 32 bits hold their sums.
        alone(formats, 18, sign=Accumulate.SUBTRACT, position=top * unit, momentum=top * unit),
        # Sums of a force on both sides of 32 bits.
        *(
            alone(formats, 3, sign=Accumulate.ADD, position=top * unit, bias=top, coupling=2**14, stiffness=stiffness)
            for stiffness in (2**14 - 1, 2**14, 2**15 - 1)
        ),
    ]


def long(formats: Formats) -> Case:
    """The largest products of bytes in every step, for longer than 32 bits hold their sums."""
    return alone(formats, 1300, sign=Accumulate.ADD, position=formats.operand.highest << formats.operand_shift, bias=formats.weight.highest)


def alike_in_step(maker: checks.Maker) -> None:
    for formats in (PRESETS["16"], PRESETS["18"]):
        for case in edges(formats):
            checks.alike(maker, case)
        for style in STYLES:
            checks.alike(maker, crowd(5, 2, 9, 19, formats, style))
    checks.alike(maker, long(PRESETS["18"]))


@pytest.mark.parametrize(("n", "m", "steps", "walks"), SIZES)
def test_agree_with_the_golden_model(n: int, m: int, steps: int, walks: int) -> None:
    for formats in PRESETS.values():
        for style in STYLES:
            case = crowd(n, m, steps, walks, formats, style)
            wanted = case.play(GoldenDevice(case.shape))
            for name in RUNNABLE:
                device = Emulator(case.shape, workers=1, kernel=name)
                assert differences(case.play(device), wanted) == [], name


@pytest.mark.parametrize("name", RUNNABLE)
def test_agree_at_the_edges(name: str) -> None:
    alike_in_step(lambda shape: Emulator(shape, workers=1, kernel=name))


def test_tiles_by_hand_agree() -> None:
    alike_in_step(emulator(library.sources(), BY_HAND))


def test_tiles_that_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor whose tiles the operating system does not lend counts as one without."""
    monkeypatch.setattr(library, "_lends_tiles", lambda: False)
    assert not library.has.__wrapped__("amx")


@pytest.mark.parametrize("name", FAULTS_IN_STEP)
def test_broken_kernel_is_caught(name: str) -> None:
    with pytest.raises(checks.Fault, match=r"^emulator and golden differ in "):
        alike_in_step(broken(name))
