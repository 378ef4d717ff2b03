"""The emulator's kernels: each returns the golden model's integers, and the one that is asked for is the one that runs."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings

from loschmidt.sim import kernels
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.kernels import NAMES, VARIABLE, KernelError, choose
from loschmidt.sim.native import compiler
from loschmidt.sim.vector.library import KINDS, has
from loschmidt.spec.activation import knot_limit, rows_from_knots
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.region import Buffer, Region, State, Table
from loschmidt.spec.run import STEP_LIMIT, Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

from . import checks
from .broken_kernels import FAULTS, broken
from .cases import FORMATS, STYLES, Case, Ints, cases, codes, differences

#: All that this processor runs. `test_emulator` asks more of the one that is chosen.
RUNNABLE = [name for name in NAMES if name not in KINDS or has(name)]

#: Sizes around what a vector unit takes at once, and beyond a block of 64 steps.
SIZES = ((1, 1, 3), (15, 1, 65), (16, 8, 64), (17, 9, 33), (33, 3, 70), (64, 8, 66), (70, 17, 5))


def echoes(n: int, m: int, steps: int, formats: Formats, style: str, hamiltonian: Hamiltonian) -> Case:
    """Two echoes of one sample, two of another that is shorter, and a run that goes the other way."""
    rng = np.random.default_rng((n, m, steps, hamiltonian))
    shape = Shape(n, m, contexts=5, input_depth=2 * steps, nudge_depth=steps, trace_depth=steps, formats=formats)
    regions: tuple[Region, ...] = (*Parameter, *State, *(b for b in Buffer if b is not Buffer.TRACE), Table.ACTIVATION)
    contents = {region: codes(rng, region, shape, style) for region in regions}
    if style == "small":
        # Near enough to each other for the difference of two runs to be one digit.
        contents[Buffer.NUDGE] >>= 10
        for region in State:
            contents[region] >>= 6
    for region in State:
        for c in (1, 3):
            contents[region][c] = contents[region][c - 1]
    signs = ((False, Accumulate.ADD), (True, Accumulate.SUBTRACT))
    runs = [Run(c, steps, 0, Direction.DESCENDING, sign, 2, Nudge.STREAM, 0, negate) for c, (negate, sign) in enumerate(signs)]
    short = max(steps - 5, 1)
    runs += [Run(2 + c, short, steps, Direction.DESCENDING, sign, 1, Nudge.HOLD, 0, negate) for c, (negate, sign) in enumerate(signs)]
    runs.append(Run(4, steps, 0, accumulate=Accumulate.ADD, shift=1, trace=True))
    # The longest first, and else in this order: (0, 1), (4, 2), (3) are taken side by side.
    return Case(shape, contents, (("configure", (hamiltonian, 3)), ("run", (runs,)), ("flip", (0,)), ("run", (runs[:3],))))


def standing(formats: Formats, apart: int) -> Case:
    """Two echoes that do not move, at the ends of the operands' range and so many codes apart: the largest products of a difference."""
    steps, top = 70, formats.operand.highest
    shape = Shape(4, 2, contexts=2, input_depth=steps, formats=formats)
    far = np.array([top, apart - top, top - apart, -top])
    near = np.array([top - apart, -top, top, apart - top])
    contents: dict[Region, Ints] = {
        State.POSITION: np.array([far, near]) << formats.operand_shift,
        Buffer.INPUT: np.full((steps, 2), formats.operand.lowest),
    }
    runs = [Run(c, steps, accumulate=sign) for c, sign in enumerate((Accumulate.ADD, Accumulate.SUBTRACT))]
    return Case(shape, contents, (("configure", (Hamiltonian.SPRINGS, 3)), ("run", (runs,))))


#: On both sides of what fits, for any number of steps that are summed together.
APART = tuple(2**bits - low for bits in range(7, 13) for low in (1, 0))


def laden(formats: Formats, bias: int, stiffness: int) -> Case:
    """Oscillators that do not move, at the ends of the operands' range, with couplings that fill 32 bits but for a few."""
    n, steps, top = 4, 3, formats.operand.highest
    shape = Shape(n, 1, contexts=2, input_depth=steps, formats=formats)
    contents: dict[Region, Ints] = {
        Parameter.COUPLING: np.full((n, n), 2**14 - 1),
        Parameter.BIAS: np.array([bias, bias, -bias, -bias]),
        Parameter.STIFFNESS: np.full(n, stiffness),
        State.POSITION: np.array([[top] * n, [-top] * n]) << formats.operand_shift,
        State.MOMENTUM: np.full((2, n), 1000 << formats.operand_shift),  # so that a kick's sign shows in its square
        Table.ACTIVATION: codes(np.random.default_rng(), Table.ACTIVATION, shape, "small"),
    }
    runs = [Run(c, steps, accumulate=Accumulate.ADD) for c in (0, 1)]
    return Case(shape, contents, (("configure", (Hamiltonian.DENSE, 3)), ("run", (runs,))))


#: Bias and stiffness: none, the last and the first on either side of 32 bits with operands of 16, the largest.
LOADS = tuple((bias, stiffness) for bias in (0, 31, 32, 2**15 - 1) for stiffness in (0, 8233, 8234, 2**15 - 1))


def weighty(formats: Formats, masses: tuple[int, ...], s: int) -> Case:
    """Echoes that move gently but for momenta at their ends, one of which is its own negative."""
    case = echoes(4, 2, 19, formats, "small", Hamiltonian.DENSE)
    case.contents[Parameter.INVERSE_MASS][:] = masses
    case.contents[State.MOMENTUM][:, :3] = formats.state.lowest, formats.state.highest, formats.state.lowest + 1
    return replace(case, calls=(("configure", (Hamiltonian.DENSE, s)), *case.calls[1:]))


#: Of four oscillators, inverted: one for all, the smallest and the largest among them, and all unlike.
MASSES = ((1,) * 4, (2**12,) * 4, (2**14,) * 4, (3 * 2**11,) * 4, (-(2**12),) * 4, (0,) * 4, (2**12, 2**12, 2**12, 2**11))


def all_agree(case: Case) -> None:
    """Every kernel leaves what the golden model leaves, which is asked once."""
    wanted = case.play(GoldenDevice(case.shape))
    for name in RUNNABLE:
        device = Emulator(case.shape, workers=1, kernel=name)
        assert differences(case.play(device), wanted) == [], name


def alike_in_echoes(maker: checks.Maker) -> None:
    """Echoes close enough for their difference to be multiplied, and echoes that are not."""
    for formats in PRESETS.values():
        for style in STYLES:
            checks.alike(maker, echoes(5, 2, 19, formats, style, Hamiltonian.DENSE))
        for apart in APART:
            checks.alike(maker, standing(formats, apart))
        for bias, stiffness in LOADS:
            checks.alike(maker, laden(formats, bias, stiffness))
        for masses in MASSES:
            checks.alike(maker, weighty(formats, masses, 3))


@settings(max_examples=30)
@given(cases())
def test_agree_with_the_golden_model(case: Case) -> None:
    all_agree(case)


@pytest.mark.parametrize(("n", "m", "steps"), SIZES)
def test_agree_at_every_size(n: int, m: int, steps: int) -> None:
    """Weights of one digit and of two, echoes side by side and far apart, every tail of a vector and of a block."""
    for turn, style in enumerate(STYLES):
        formats = list(PRESETS.values())[(n + turn) % 3]
        all_agree(echoes(n, m, steps, formats, style, Hamiltonian.DENSE))
        all_agree(echoes(n, m, steps, formats, style, Hamiltonian((m + turn) % 3)))


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
@pytest.mark.parametrize(("n", "m", "steps"), SIZES)
def test_agree_in_lanes_of_32_bits(n: int, m: int, steps: int, hamiltonian: Hamiltonian) -> None:
    """Weights so small that 32 bits hold all sums of 16-bit codes, states anywhere; nudges held, streamed and at the end; tables that
    registers hold and, at every other size, one that is longer."""
    formats = replace(PRESETS["16"], segments=256) if n % 2 else PRESETS["16"]
    case = echoes(n, m, steps, formats, "small", hamiltonian)
    full = echoes(n, m, steps, formats, "full", hamiltonian)
    for region in (Parameter.COUPLING, Parameter.INPUT_WEIGHT):
        case.contents[region] >>= 2
    for region in (*State, Buffer.INPUT, Buffer.NUDGE):
        case.contents[region][:] = full.contents[region]
    impulse = Run(0, steps, nudge=Nudge.IMPULSE, accumulate=Accumulate.ADD)
    all_agree(replace(case, calls=(*case.calls, ("run", ([impulse, impulse._replace(context=1, direction=Direction.DESCENDING)],)))))


@pytest.mark.parametrize("formats", PRESETS.values())
def test_no_oscillator_beside_those_that_are_there(formats: Formats) -> None:
    """An activation that is not 0 at 0 pushes no padding of a vector until it overflows."""
    shape = Shape(1, 1, input_depth=200, formats=formats)
    knots = [knot_limit(formats)] * (formats.segments + 1)
    contents: dict[Region, Ints] = {Table.ACTIVATION: np.array(rows_from_knots(knots, formats)), Parameter.GAIN: np.array([1])}
    contents[Buffer.NUDGE] = np.full((1, 1), knots[0] << formats.weight.fraction >> formats.kick_shift(0))
    run = Run(0, 200, nudge=Nudge.HOLD, accumulate=Accumulate.ADD)
    all_agree(Case(shape, contents, (("configure", (Hamiltonian.DIAGONAL, 0)), ("run", ([run],)))))


@pytest.mark.parametrize("formats", FORMATS)
def test_agree_in_every_format(formats: Formats) -> None:
    all_agree(echoes(5, 2, 19, formats, "full", Hamiltonian.DENSE))
    all_agree(echoes(5, 2, 19, formats, "extreme", Hamiltonian.DENSE))


@pytest.mark.parametrize("apart", APART)
def test_agree_in_the_largest_differences(apart: int) -> None:
    for formats in PRESETS.values():
        all_agree(standing(formats, apart))


@pytest.mark.parametrize(("bias", "stiffness"), LOADS)
def test_agree_in_the_largest_sums(bias: int, stiffness: int) -> None:
    for formats in PRESETS.values():
        all_agree(laden(formats, bias, stiffness))


@pytest.mark.parametrize("masses", MASSES)
def test_agree_in_masses(masses: tuple[int, ...]) -> None:
    for formats in PRESETS.values():
        for s in (0, 3, STEP_LIMIT):
            all_agree(weighty(formats, masses, s))


def test_sound_kernel_passes() -> None:
    alike_in_echoes(partial(Emulator, workers=1, kernel="plain"))


@pytest.mark.parametrize("name", FAULTS)
def test_broken_kernel_is_caught(name: str) -> None:
    with pytest.raises(checks.Fault, match=r"^emulator and golden differ in product_"):
        alike_in_echoes(broken(name))


def test_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert choose() == next(kind for kind in KINDS if has(kind))
    monkeypatch.setenv(VARIABLE, "numba")
    assert choose() == "numba"
    assert choose("plain") == "plain"
    assert Emulator(Shape(1)).kernel == "numba"


def test_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The portable kernel by itself; C++ when it is asked for is an error."""

    def missing() -> object:
        raise compiler.ToolError("a C++ compiler is not there")

    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(kernels, "program", missing)
    assert choose() == "numba"
    assert choose("plain") == "plain"


def test_unknown_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    message = f"no kernel of the emulator is named 'abacus': use one of {', '.join(NAMES)}"
    monkeypatch.setenv(VARIABLE, "abacus")
    with pytest.raises(KernelError, match=f"^{re.escape(message)}$"):
        Emulator(Shape(1))


def test_kernel_for_another_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "has", lambda kind: kind == "plain")
    with pytest.raises(KernelError, match=r"^this processor cannot run the emulator's kernel avx2: leave LOSCHMIDT_KERNEL unset"):
        choose("avx2")
