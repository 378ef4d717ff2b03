"""Narrow lanes are taken up to the last parameters that they hold, and there, at the worst states, return the golden model's integers.

Each bound of the C++ kernel decides which lanes a system goes in. Here one parameter at a time grows until the decision is about to
change, found by asking the kernel itself; a bound that leaves something out decides too late, and sums then wrap.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.vector import library
from loschmidt.sim.vector.kernel import VectorKernel
from loschmidt.spec.activation import knot_limit, rows_from_knots
from loschmidt.spec.activation import table as tanh
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter
from loschmidt.spec.region import REGIONS, Buffer, Region, State, Table, entries, entry_shape, has_entries, widths, writable
from loschmidt.spec.run import STEP_LIMIT, Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

from .broken_kernels import BY_HAND
from .cases import Case, Ints, codes, differences
from .test_kernels import RUNNABLE

#: What a plan may hold: sums in one lane of 32 bits, in two, sixteen walks in step.
NARROW, SPLIT, IN_STEP = 1, 2, 4

#: Says of a plan which of these it holds; compiled into the kernel for this test alone.
ASKED = """
extern "C" int plan_kinds(const Plan* plan) {
    return plan->narrow | plan->split_codes.possible << 1 | plan->in_step.possible << 2;
}
"""

#: As many as go in step.
WALKS = 16


def asked(texts: dict[str, str] | None = None) -> ctypes.CDLL:
    """The kernel with tiles by hand, which says what its plans hold."""
    said = dict(texts or library.sources())
    said["steps.cpp"] += ASKED
    loaded = library.compiled("plain", said, *BY_HAND)
    loaded.plan_kinds.restype, loaded.plan_kinds.argtypes = ctypes.c_int, [ctypes.c_void_p]
    return loaded


class Asked(Emulator):
    """An emulator whose plan can be asked for."""

    def __init__(self, shape: Shape, loaded: ctypes.CDLL) -> None:
        super().__init__(shape, workers=1, kernel="plain")
        self._kernel, self._loaded = VectorKernel("plain", loaded), loaded

    def kinds(self) -> int:
        """Which lanes hold what is written now."""
        return int(self._loaded.plan_kinds(self._kernel.gather(self._views, self._configured).handle))


#: Sets of formats: those with a name; states of 31 bits, of all 32 and of as few as operands; tables of two segments and of many; no
#: alignment and much; products that are much finer than a state, and hardly.
SIXTEEN = (
    PRESETS["16"],
    Formats(Format(31, 22), Format(16, 12), Format(16, 12), Format(16, 14), 48, 128),
    Formats(Format(30, 20), Format(16, 12), Format(16, 8), Format(16, 12), 48, 2),
    Formats(Format(16, 12), Format(16, 12), Format(16, 14), Format(16, 14), 48, 512, 0),
    Formats(Format(24, 20), Format(16, 4), Format(16, 12), Format(16, 14), 48, 16, 0),
    Formats(Format(23, 15), Format(12, 8), Format(12, 6), Format(12, 10), 40, 16, 1),
)
EIGHTEEN = (
    PRESETS["18"],
    Formats(Format(28, 20), Format(18, 14), Format(18, 14), Format(18, 16), 64, 512),
    Formats(Format(32, 22), Format(18, 10), Format(18, 10), Format(18, 14), 64, 64, 4),
    Formats(Format(32, 28), Format(20, 16), Format(20, 16), Format(20, 18), 64, 64),
    Formats(Format(31, 24), Format(24, 20), Format(24, 16), Format(24, 22), 64, 32),
)

Knots = Callable[[int, int], list[int]]

#: Tables through knots of a magnitude: level, with the largest value everywhere; up and down, with a rise of twice that.
KNOTS: dict[str, Knots] = {
    "level": lambda size, count: [size] * count,
    "zigzag": lambda size, count: [size if k % 2 else -size for k in range(count)],
    "rising": lambda size, count: [2 * size * k // (count - 1) - size for k in range(count)],
}


def base(rng: np.random.Generator, shape: Shape, knots: str) -> dict[Region, Ints]:
    """Parameters of one sign each and of any magnitude, and the states that make the most of them, all combinations of signs."""
    f = shape.formats
    top, signs = f.operand.highest, np.array([(1 - 2 * (c & 1), 1 - (c & 2), 1 - (c & 4) // 2) for c in range(shape.contexts)])
    found: dict[Region, Ints] = {}
    for region in REGIONS:
        if not writable(region) or isinstance(region, Table):
            continue
        size = ((entries(region, shape),) if has_entries(region) else ()) + entry_shape(region, shape)
        (width,) = widths(region, shape)
        if isinstance(region, Parameter):
            magnitude = int(2 ** rng.uniform(0, width - 1)) if rng.integers(5) else 0
            found[region] = np.full(
                size, max(-magnitude, -(1 << (width - 1))) if rng.integers(2) else min(magnitude, (1 << (width - 1)) - 1)
            )
        elif region is Buffer.INPUT:
            found[region] = np.resize([f.operand.lowest, top], size)
        elif region is Buffer.NUDGE:
            found[region] = np.array([[f.state.lowest], [f.state.highest]]) + np.zeros(size, np.int64)
    n = shape.oscillators
    reach = min(top << f.operand_shift, f.state.highest)
    found[State.POSITION] = np.repeat(signs[:, :1] * reach, n, axis=1)
    found[State.MOMENTUM] = np.repeat(np.where(signs[:, 1:2] > 0, f.state.highest, f.state.lowest + 1), n, axis=1)
    found[State.MOMENTUM][shape.contexts // 2 :] = signs[shape.contexts // 2 :, 1:2] * 1000
    found[Table.ACTIVATION] = table(f, knots, int(2 ** rng.uniform(0, f.multiplier - 2)))
    return found


def table(formats: Formats, knots: str, size: int) -> Ints:
    return np.array(rows_from_knots(KNOTS[knots](min(size, knot_limit(formats)), formats.segments + 1), formats), np.int64)


def grown(region: Region, values: Ints, size: int, shape: Shape, knots: str) -> Ints:
    """The region with ``size`` for its magnitude, its signs kept."""
    if isinstance(region, Table):
        return table(shape.formats, knots, size)
    (width,) = widths(region, shape)
    negative = bool((values < 0).any())
    return np.full_like(values, max(-size, -(1 << (width - 1))) if negative else min(size, (1 << (width - 1)) - 1))


def last(device: Asked, kind: int, region: Region, make: Callable[[int], Ints], highest: int) -> int | None:
    """The largest size of a region with which the plan holds ``kind``; None if it never does. Leaves it written."""

    def holds(size: int) -> bool:
        device.write(region, make(size))
        return bool(device.kinds() & kind)

    if not holds(0):
        return None
    low, high = 0, highest + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    device.write(region, make(low))
    return low


def runs(shape: Shape, steps: int = 2) -> list[Run]:
    """One of every context: up and down, pushed by each nudge, added and taken away; most are counted, as twelve alike go in step."""

    def run(c: int) -> Run:
        accumulate, nudge = Accumulate(1 + c % 2) if c % 8 else Accumulate.OFF, Nudge.NONE if c % 4 == 3 else Nudge.HOLD
        return Run(c, steps, 0, Direction(c % 2), accumulate, 0, nudge, c // 2 % steps, bool(c // 4 % 2))

    return [run(c) for c in range(shape.contexts)]


def boundaries(loaded: ctypes.CDLL, formats: Formats, hamiltonian: Hamiltonian, kind: int, seed: int) -> Iterator[tuple[str, Case]]:
    """Each parameter at the last size that lanes of a kind hold: which it is, and a case that makes the most of it."""
    rng = np.random.default_rng((seed, hamiltonian, kind))
    walks = WALKS if kind == IN_STEP else 8
    shape = Shape(int(rng.integers(1, 5)), 2, contexts=walks, input_depth=2, nudge_depth=2, trace_depth=1, formats=formats)
    knots = list(KNOTS)[seed % len(KNOTS)]
    s = int(rng.choice([0, 1, int(rng.integers(STEP_LIMIT + 1)), STEP_LIMIT]))
    contents = base(rng, shape, knots)
    definition = DEFINITIONS[hamiltonian]
    regions: list[Region] = [*definition.parameters, *([Table.ACTIVATION] if definition.activated else [])]
    device = Asked(shape, loaded)
    device.configure(hamiltonian, s)
    for region in regions:
        for each, values in contents.items():
            device.write(each, values)
        highest = knot_limit(formats) if isinstance(region, Table) else 1 << (formats.multiplier - 1)

        def make(size: int, region: Region = region) -> Ints:
            return grown(region, contents[region], size, shape, knots)

        size = last(device, kind, region, make, highest)
        if size is None:
            continue
        case = Case(shape, contents | {region: make(size)}, (("configure", (hamiltonian, s)), ("run", (runs(shape),))))
        yield f"{region.value} {size} of {highest}, s = {s}, seed {seed}", case


def largest(case: Case) -> dict[str, int]:
    """The largest magnitude of each number of a step, from the golden model's equations, whatever states, inputs and nudges are.

    Where all terms of a sum end in zeros, lanes leave these out.
    """
    ((_, (hamiltonian, s)), _), f = case.calls, case.shape.formats
    value = {region: np.abs(values) for region, values in case.contents.items()}
    coupling, inputs = value[Parameter.COUPLING], value[Parameter.INPUT_WEIGHT].sum(axis=1)
    operand, state = 1 << (f.multiplier - 1), 1 << (f.state.width - 1)
    rows = case.contents[Table.ACTIVATION]
    rise, y = int(value[Table.ACTIVATION][:, 1].max()), int(np.abs([rows[:, 0], rows[:, 0] + rows[:, 1]]).max())
    spring = operand * value[Parameter.STIFFNESS] << f.align_shift
    look, push = min(f.align_shift, f.table_shift, f.activation.fraction), 0
    row = operand * ((coupling.sum(axis=1) if hamiltonian in (Hamiltonian.SPRINGS, Hamiltonian.DENSE) else 0) + inputs)
    match hamiltonian:
        case Hamiltonian.SPRINGS:
            force, push = row << f.align_shift, f.align_shift
        case Hamiltonian.LINEAR:
            force, push = (row << f.align_shift) + spring, f.align_shift
        case Hamiltonian.DIAGONAL:
            row = row + operand * value[Parameter.GAIN]
            force = spring + (y << f.weight.fraction)
        case Hamiltonian.DENSE:
            force = spring + coupling.sum(axis=0) * y
    push, kick = min(push, f.kick_shift(s)), f.kick_shift(s)
    drift = int(value[Parameter.INVERSE_MASS].max()) * state >> f.drift_shift(s)
    most = int(force.max())
    found = {
        "a state as an operand": state + (1 << f.operand_shift >> 1),
        "a position that drifts": state + drift,
        "a force": (most >> push) + (1 << (kick - push) >> 1),
        "a momentum, a kick and a nudge": state + (most >> kick) + state,
    }
    if hamiltonian in (Hamiltonian.DIAGONAL, Hamiltonian.DENSE):
        z = (row << f.align_shift) + (value[Parameter.BIAS] << f.activation.fraction)
        found["where the table is read"] = (int(z.max()) >> look) + (1 << (f.table_shift - look) >> 1)
        found["what rises within a segment"] = rise * (operand - 1) + operand // 2
    if hamiltonian is Hamiltonian.DIAGONAL:
        found["an integral within a segment"] = 2 * y * (operand - 1) + operand // 2
        found["an integral"] = int(value[Table.ACTIVATION][:, 2].max()) + 2 * y
    return found


@pytest.fixture(scope="module")
def loaded() -> ctypes.CDLL:
    return asked()


def held(loaded: ctypes.CDLL, formats: Formats, hamiltonian: Hamiltonian, kind: int, seeds: int) -> None:
    """At every boundary that there is, the golden model's integers; and in one lane, room for the largest number that there could be."""
    for seed in range(seeds):
        for name, case in boundaries(loaded, formats, hamiltonian, kind, seed):
            if kind == NARROW:
                assert {number: size for number, size in largest(case).items() if size >= 1 << 31} == {}, name
            found, wanted = case.play(Asked(case.shape, loaded)), case.play(GoldenDevice(case.shape))
            assert differences(found, wanted) == [], name


@pytest.mark.parametrize("hamiltonian", Hamiltonian, ids=lambda hamiltonian: hamiltonian.name)
@pytest.mark.parametrize("formats", range(len(SIXTEEN)))
def test_last_parameters_of_one_lane(formats: int, hamiltonian: Hamiltonian, loaded: ctypes.CDLL) -> None:
    held(loaded, SIXTEEN[formats], hamiltonian, NARROW, 6)


@pytest.mark.parametrize("formats", range(len(EIGHTEEN)))
def test_last_parameters_of_two_lanes(formats: int, loaded: ctypes.CDLL) -> None:
    held(loaded, EIGHTEEN[formats], Hamiltonian.DENSE, SPLIT, 8)


@pytest.mark.parametrize("formats", range(len(SIXTEEN + EIGHTEEN)))
def test_last_parameters_in_step(formats: int, loaded: ctypes.CDLL) -> None:
    held(loaded, (SIXTEEN + EIGHTEEN)[formats], Hamiltonian.DENSE, IN_STEP, 6)


#: Where sums are rounded so far that what limits couplings is the low lane of a sum, and no longer where a table is read, or a kick.
COARSE = Formats(Format(32, 24), Format(18, 14), Format(18, 14), Format(18, 16), 64, 2, 6)


@pytest.mark.parametrize(("formats", "s"), [(PRESETS["18"], 5), (COARSE, 10)], ids=["fine", "coarse"])
@pytest.mark.parametrize(("kind", "walks"), [(SPLIT, 2), (IN_STEP, WALKS)])
@pytest.mark.parametrize("where", ["row", "column", "both"])
def test_last_couplings_of_many_oscillators(formats: Formats, s: int, kind: int, walks: int, where: str, loaded: ctypes.CDLL) -> None:
    """So many that sums of low digits alone fill a lane; one row has all couplings, or one column, or both."""
    n = 320
    shape = Shape(n, 1, contexts=walks, input_depth=1, nudge_depth=1, trace_depth=1, formats=formats)
    top = formats.operand.highest
    # The largest low digits there are, of two bytes and of nine bits, of either sign.
    positions = np.array([top, -top, 0xFFFF, 256 - 512, 255, -1, 512 * 100 + 255, 256])[np.arange(walks) % 8, None]
    device = Asked(shape, loaded)
    device.configure(Hamiltonian.DENSE, s)
    contents: dict[Region, Ints] = {
        Parameter.BIAS: np.full(n, 0 if where == "both" else formats.weight.highest),
        State.POSITION: np.repeat(positions << formats.operand_shift, n, axis=1),
        Table.ACTIVATION: table(formats, "rising" if where == "both" else "level", 8 * 512 + 255),
    }
    for region, values in contents.items():
        device.write(region, values)

    def cross(size: int) -> Ints:
        found = np.zeros((n, n), np.int64)
        if where != "column":
            found[0] = size
        if where != "row":
            found[:, 1] = -size
        return found

    size = last(device, kind, Parameter.COUPLING, cross, formats.weight.highest)
    if formats is COARSE and kind == IN_STEP:
        assert size is None  # its table's shift is one too many
        return
    assert size is not None
    case = Case(shape, contents | {Parameter.COUPLING: cross(size)}, (("configure", (Hamiltonian.DENSE, s)), ("run", (runs(shape, 1),))))
    assert differences(case.play(Asked(shape, loaded)), case.play(GoldenDevice(shape))) == [], size


#: Formats whose shifts reach each end of what lanes can do, with time steps among which some do.
SHIFTS = (
    *(PRESETS["16"], PRESETS["18"], *SIXTEEN[1:], *EIGHTEEN[1:]),
    Formats(Format(32, 24), Format(18, 14), Format(18, 14), Format(18, 16), 64, 2, 6),  # a table's shift of 17
    Formats(Format(28, 22), Format(16, 14), Format(16, 14), Format(16, 14), 48, 2, 6),  # of 19
    Formats(Format(30, 30), Format(16, 1), Format(16, 16), Format(16, 14), 48, 32, 6),  # 29 bits from a state to an operand
    Formats(Format(31, 15), Format(16, 4), Format(16, 12), Format(16, 14), 48, 16, 0),  # a table finer than its products are aligned
    Formats(Format(28, 8), Format(16, 4), Format(16, 16), Format(16, 14), 48, 32, 2),  # kicks that are 22 bits finer than a state
    Formats(Format(20, 18), Format(18, 14), Format(18, 14), Format(18, 16), 64, 64, 2),  # states far shorter than a lane
    Formats(Format(16, 16), Format(16, 0), Format(16, 16), Format(16, 14), 48, 64, 0),
)


@pytest.mark.parametrize("formats", range(len(SHIFTS)))
def test_every_time_step_in_every_lane(formats: int, loaded: ctypes.CDLL) -> None:
    """Parameters so small that nothing but a shift decides where a system goes; states from small to the ends of their range."""
    f = SHIFTS[formats]
    for hamiltonian in Hamiltonian:
        walks = WALKS if hamiltonian is Hamiltonian.DENSE else 4
        shape = Shape(2, 1, contexts=walks, input_depth=2, nudge_depth=2, trace_depth=1, formats=f)
        rng = np.random.default_rng((formats, hamiltonian))
        contents = {region: codes(rng, region, shape, "full") for region in REGIONS if writable(region)}
        # Steep tables and flat ones in turn: words of 32 bits hold value and rise of a wide steep one not.
        tables = [table(f, "rising", 1 << bits) for bits in (31 - f.multiplier, min(f.activation.fraction, f.multiplier - 3))]
        for parameter in Parameter:
            contents[parameter] >>= f.multiplier - 6
        for state in State:
            contents[state] >>= np.arange(walks)[:, None] % 4 * (f.state.width // 4)
        # Only dense systems have lanes of several kinds; of the others, one format's time steps are every fourth.
        for s in range(STEP_LIMIT + 1) if hamiltonian is Hamiltonian.DENSE else range(formats % 4, STEP_LIMIT + 1, 4):
            contents[Table.ACTIVATION] = tables[s % 2]
            case = Case(shape, contents, (("configure", (hamiltonian, s)), ("run", (runs(shape),))))
            wanted = case.play(GoldenDevice(shape))
            for name, device in (("tiles", Asked(shape, loaded)), *((kernel, Emulator(shape, 1, kernel)) for kernel in RUNNABLE)):
                assert differences(case.play(device), wanted) == [], f"{name}, {hamiltonian.name}, s = {s}"


@pytest.mark.parametrize(("preset", "kinds"), [("16", NARROW | IN_STEP), ("18", SPLIT | IN_STEP), ("25", 0)])
def test_systems_as_they_are_made_go_in_narrow_lanes(preset: str, kinds: int, loaded: ctypes.CDLL) -> None:
    """A bound that asks too much returns the same integers, later."""
    shape = Shape(64, 8, contexts=WALKS, formats=PRESETS[preset])
    device = Asked(shape, loaded)
    rng, one = np.random.default_rng(1), 1 << shape.formats.weight.fraction
    for parameter in Parameter:
        scale = one // 8 if parameter in (Parameter.COUPLING, Parameter.INPUT_WEIGHT, Parameter.BIAS) else one
        device.write(parameter, rng.integers(-scale // 2, scale + 1, entry_shape(parameter, shape)))
    device.write(Table.ACTIVATION, np.array(tanh(shape.formats)))
    device.configure(Hamiltonian.DENSE, 5)
    assert device.kinds() == kinds
