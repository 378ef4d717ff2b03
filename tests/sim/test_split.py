"""Wider codes in lanes of 32 bits, sums in two of them, return the golden model's integers; and so they do however a process rounds."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.spec.activation import rows_from_knots
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.region import Buffer, Region, State, Table
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

from . import checks
from .broken_kernels import FAULTS_SPLIT, broken
from .cases import STYLES, Case, Ints, differences
from .test_in_step import alone, crowd, edges
from .test_kernels import RUNNABLE, echoes

WIDE = PRESETS["18"]

#: With fewer bits than a lane, so that states do not end where it does.
NARROWER = replace(WIDE, state=Format(28, 20))

#: With multipliers so wide that a mass times a momentum may be more than a double holds.
WIDER = replace(WIDE, operand=Format(24, 20), weight=Format(24, 20), activation=Format(24, 22), segments=128)

#: Time steps: a kick's rounding cuts within the low lane of a sum, at its end, and beyond.
TIME_STEPS = (0, 3, 5, 12)

#: `fesetround`'s codes: downwards, upwards, towards zero.
MODES = {"x86_64": (0x400, 0x800, 0xC00), "aarch64": (0x800000, 0x400000, 0xC00000)}


def heavy(formats: Formats, s: int, stiffness: int, value: int) -> Case:
    """One oscillator that as many others pull with the largest couplings as two lanes hold the sum of; low digits as far out as they go."""
    n, steps = 254, 2
    shape = Shape(n, 1, contexts=2, input_depth=steps, formats=formats)
    x = 256 - 512 * 20
    contents: dict[Region, Ints] = {
        Parameter.COUPLING: np.outer(np.full(n, 2**15 - 1), np.arange(n) == 0),
        Parameter.STIFFNESS: np.full(n, stiffness),
        Parameter.INVERSE_MASS: np.full(n, 1 << formats.weight.fraction),
        State.POSITION: np.array([[x] * n, [-x] * n]) << formats.operand_shift,
        State.MOMENTUM: np.full((2, n), 1000 << formats.operand_shift),
        Table.ACTIVATION: np.array(rows_from_knots([value] * (formats.segments + 1), formats)),
    }
    runs = [Run(c, steps, accumulate=Accumulate.ADD) for c in (0, 1)]
    return Case(shape, contents, (("configure", (Hamiltonian.DENSE, s)), ("run", (runs,))))


def steep(formats: Formats) -> Case:
    """Sums so large that 32 bits would not hold where in its table the activation is read."""
    case = heavy(formats, 12, 0, 0)
    case.contents[Parameter.COUPLING] = case.contents[Parameter.COUPLING].T.copy()
    knots = np.linspace(-1000, 1000, formats.segments + 1).astype(int).tolist()
    case.contents[Table.ACTIVATION] = np.array(rows_from_knots(knots, formats))
    return case


def massive(formats: Formats, s: int) -> Case:
    """Momenta whose product with a mass, rounded to a double, is rounded to another integer than itself."""
    mass, shift = 3 << 21 | 1, formats.drift_shift(s)
    # Products that end one unit past half a unit of the quotient, of which a double of their size does not hold the last.
    first = ((1 << (shift - 1)) + 1) * pow(mass, -1, 1 << shift) % (1 << shift)
    momenta = np.arange(first, formats.state.highest, 1 << shift)[-64:]
    upwards = (momenta * mass >> shift) + 1
    found = momenta[np.rint(np.ldexp((momenta * mass).astype(np.float64), -shift)) != upwards][:8]
    shape = Shape(8, 1, contexts=1, input_depth=1, formats=formats)
    contents: dict[Region, Ints] = {Parameter.INVERSE_MASS: np.full(8, mass), State.MOMENTUM: found[None]}
    return Case(shape, contents, (("configure", (Hamiltonian.DENSE, s)), ("run", ([Run(0, 1)],))))


def hard() -> list[Case]:
    found = [*edges(WIDE), *edges(NARROWER), alone(WIDE, 3, momentum=WIDE.state.lowest, inverse_mass=1 << WIDE.weight.fraction)]
    for s in TIME_STEPS:
        case = echoes(5, 2, 19, WIDE, "small", Hamiltonian.DENSE)
        found.append(replace(case, calls=(("configure", (Hamiltonian.DENSE, s)), *case.calls[1:])))
        found += [heavy(WIDE, s, stiffness, 256 + 512 * high) for stiffness in (0, WIDE.weight.highest) for high in (-11, 10, 100)]
    # A kick by little more than 2^32, which takes a momentum once round.
    found.append(heavy(WIDE, 0, 0, 33027))
    return [
        *found,
        massive(WIDER, 2),
        steep(WIDE),
        *(crowd(5, 2, 9, 19, formats, style) for formats in (WIDE, NARROWER) for style in STYLES),
    ]


@contextmanager
def rounding(mode: int) -> Iterator[None]:
    """All of this thread's doubles round that way."""
    library = ctypes.CDLL(None if hasattr(ctypes.CDLL(None), "fesetround") else "libm.so.6")
    before = library.fegetround()
    library.fesetround(mode)
    try:
        yield
    finally:
        library.fesetround(before)


def alike_in_two_lanes(maker: checks.Maker) -> None:
    for case in hard():
        checks.alike(maker, case)


def alike_however_rounded(maker: checks.Maker) -> None:
    """Runs in which half a drift falls on either side of what is nearest."""
    for formats in (PRESETS["16"], WIDE):
        case = echoes(17, 2, 40, formats, "small", Hamiltonian.DENSE)
        wanted = case.play(GoldenDevice(case.shape))
        for mode in MODES[platform.machine()]:
            device = maker(case.shape)
            with rounding(mode):
                found = case.play(device)
            if wrong := differences(found, wanted):
                raise checks.Fault(f"{device.name} and golden differ in {', '.join(wrong)} where doubles are rounded by mode {mode:#x}")


@pytest.mark.parametrize("name", RUNNABLE)
def test_agree_in_two_lanes(name: str) -> None:
    alike_in_two_lanes(partial(Emulator, workers=1, kernel=name))


@pytest.mark.parametrize("name", [name for name in RUNNABLE if name != "numba"])
def test_agree_however_the_process_rounds(name: str) -> None:
    alike_however_rounded(partial(Emulator, workers=1, kernel=name))


def test_nudges_of_every_kind_reach_both_lanes() -> None:
    """Held, streamed, at the end, added and taken away, at the ends of the state's range."""
    rng = np.random.default_rng(5)
    case = echoes(17, 3, 20, WIDE, "small", Hamiltonian.DENSE)
    case.contents[Buffer.NUDGE][:] = rng.choice([WIDE.state.lowest, WIDE.state.highest, 0, -1], case.contents[Buffer.NUDGE].shape)
    runs = [Run(c, 20, direction=Direction(c % 2), nudge=nudge, negate=c > 1, accumulate=Accumulate.ADD) for c, nudge in enumerate(Nudge)]
    case = replace(case, calls=(case.calls[0], ("run", (runs,))))
    wanted = case.play(GoldenDevice(case.shape))
    for name in RUNNABLE:
        assert differences(case.play(Emulator(case.shape, workers=1, kernel=name)), wanted) == [], name


@pytest.mark.parametrize("name", FAULTS_SPLIT)
def test_broken_kernel_is_caught(name: str) -> None:
    check = alike_however_rounded if name == "rounding_of_the_process" else alike_in_two_lanes
    with pytest.raises(checks.Fault, match=r"^emulator and golden differ in "):
        check(broken(name))
