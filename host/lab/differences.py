"""Gradients beside finite differences of the device's own loss, over all parameters that a device admits.

Golden model, emulator and gateware return the same integers, so a formula that is wrong in all of them
passes every comparison between them. The loss cannot be wrong in that way: it follows from positions
alone. `held` therefore differentiates it numerically, parameter by parameter, on the device.

Parameters are not those that training starts from: gains and couplings of either sign, biases, input
weights and inputs up to the end of their formats, and stiffnesses and masses over three decades.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from loschmidt.host import plots
from loschmidt.host.device import Device, Ints
from loschmidt.host.devices import open_device
from loschmidt.host.echo import Echo, Readout
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell, silent
from loschmidt.host.parameters import Floats, Master, check_stable, codes_of, dequantise, quantise, shapes
from loschmidt.spec.errors import SpecError
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What is drawn: N, M, T and s; the word lengths are taken in turn.
OSCILLATORS, INPUTS, SHORTEST, LONGEST, STEPS, SEED = 4, 2, 20, 200, (2, 3, 4, 5, 6), 0

#: Systems of each Hamiltonian, and with ``quick``.
SYSTEMS, FEW = 200, 4

#: Input values whose derivative is taken, of all steps' and inputs'.
PROBED = 6

#: Widths of a difference, relative to what is varied; the two that agree best are extrapolated to zero width.
WIDTHS = (2.0**-2, 2.0**-4, 2.0**-6, 2.0**-8, 2.0**-10)

#: A group within the first of the differences is right, and one further off than the second is wrong; relative. Differences that
#: are not sure to the third cannot say.
RIGHT, WRONG, SURE = 0.01, 0.1, 0.003

#: Rounding is that of the echo as a whole: a group smaller than this share of the largest is wrong only relative to that.
SMALL = 2.0**-4

#: Most of a Hamiltonian's trusted groups that may be further than `RIGHT`.
SHARE = 0.03


class Drawn(NamedTuple):
    """A system, what it is given, and what its midpoints should be.

    Members
    -------
    hamiltonian, s, shape, readout : the system, its time step ``2**-s``, the device's shape, and what the loss sees
    master : parameters, each exactly on the grid of its codes
    inputs : (T, M) operand codes
    position0, momentum0 : (N,) state codes
    target : (T, N), or (N,) if the readout has one row
    """

    hamiltonian: Hamiltonian
    s: int
    shape: Shape
    readout: Readout
    master: Master
    inputs: Ints
    position0: Ints
    momentum0: Ints
    target: Floats


class Group(NamedTuple):
    """One group of a gradient beside the differences.

    Members
    -------
    name : of the parameters, "position0", "momentum0" or "inputs"
    trusted : the detector's verdict on the sample
    error : relative distance of the gradient from the differences
    sure : relative distance of the two differences that agree best
    size : of the differences, relative to those of the largest group
    """

    name: str
    trusted: bool
    error: float
    sure: float
    size: float

    @property
    def wrong(self) -> bool:
        """Whether the gradient is further off than rounding explains."""
        return not self.error * self.size <= WRONG * max(self.size, SMALL)


def _signed(rng: np.random.Generator, low: float, high: float, size: Any) -> Floats:
    """Magnitudes from 2^low to 2^high, uniform in the logarithm, of either sign."""
    values: Floats = rng.choice([-1.0, 1.0], size) * 2.0 ** rng.uniform(low, high, size)
    return values


def draw(hamiltonian: Hamiltonian, index: int, formats: Formats, seed: int = SEED) -> Drawn:
    """Draw the system of this index from all that `parameters.quantise` admits and that does not diverge by itself.

    Where the time step is too long for the stiffest oscillator, masses are made heavier until it is
    stable, by no more than that. A springs' matrix that is not positive definite is drawn again.
    """
    rng = np.random.default_rng([seed, int(hamiltonian), index])
    s, steps = STEPS[index % len(STEPS)], round(SHORTEST * (LONGEST / SHORTEST) ** rng.random())
    shape = Shape(OSCILLATORS, INPUTS, OSCILLATORS, 2, 2, LONGEST, LONGEST, LONGEST, formats)
    readout = list(Readout)[rng.integers(len(Readout))]
    master = _stable(hamiltonian, s, shape, rng)
    end = formats.operand.highest * formats.operand.lsb
    reach = 2.0 ** rng.uniform(-8, 0)
    inputs = np.clip(rng.normal(0.0, 1.0, (steps, INPUTS)), -1.0, 1.0) * end * reach
    start = [codes_of(rng.normal(0.0, 0.5, OSCILLATORS), formats.state, "state") for _ in range(2)]
    target = rng.normal(0.0, 1.0, (steps, OSCILLATORS) if readout is Readout.EVERY else OSCILLATORS)
    return Drawn(hamiltonian, s, shape, readout, master, codes_of(inputs, formats.operand, "input"), start[0], start[1], target)


def _stable(hamiltonian: Hamiltonian, s: int, shape: Shape, rng: np.random.Generator) -> Master:
    while True:
        master = _master(hamiltonian, rng)
        with contextlib.suppress(SpecError):  # it does not fit: draw again
            if hamiltonian is Hamiltonian.SPRINGS:  # the matrix must fit when they are varied, too
                quantise({name: 1.5 * values for name, values in master.items()}, hamiltonian, shape)
            for lighter in 1.5 ** -np.arange(30.0):
                moved = master | {"inverse_mass": master["inverse_mass"] * lighter}
                moved = dequantise(quantise(moved, hamiltonian, shape), hamiltonian, shape)
                with contextlib.suppress(SpecError):
                    check_stable(moved, hamiltonian, s)
                    return moved


def _master(hamiltonian: Hamiltonian, rng: np.random.Generator) -> Master:
    n, m, end = OSCILLATORS, INPUTS, 7.1
    sizes = shapes(hamiltonian, n, m)
    drawn: Master = {
        "stiffness": 2.0 ** rng.uniform(-6, 2.8, n),
        "inverse_mass": 2.0 ** rng.uniform(-6, 2.8, n),
        "input_weight": _signed(rng, -6, 2.8, (n, m)),
        "gain": _signed(rng, -4, 2.8, n),
        "bias": rng.uniform(-end, end, n),
        "coupling": rng.normal(0.0, 2.0 ** rng.uniform(-3, 1), sizes.get("coupling", ())) / math.sqrt(n),
    }
    return {name: drawn[name] for name in sizes}


def loss(drawn: Drawn, echo: Echo) -> tuple[float, Any, Any]:
    """Half the squared error of the device's run; the run, and the loss's derivative by the run's output."""
    forward = echo.forward([drawn.inputs], drawn.position0, drawn.momentum0, drawn.readout)
    off = np.asarray(forward.output[0]) - drawn.target
    return float(np.sum(off**2)) / 2, forward, [off] if drawn.readout is Readout.EVERY else off[None]


def _loss_of(drawn: Drawn, echo: Echo) -> float:
    echo.load(quantise(drawn.master, drawn.hamiltonian, drawn.shape))
    return loss(drawn, echo)[0]


def held(drawn: Drawn, device: Device) -> list[Group]:
    """Compare each group of the gradient by echo with finite differences of the device's loss."""
    echo = Echo(device, drawn.hamiltonian, drawn.s)
    echo.load(quantise(drawn.master, drawn.hamiltonian, drawn.shape))
    _, forward, slope = loss(drawn, echo)
    found = echo.backward(forward, slope, inputs=True)
    trusted = found.report[0].trusted
    apart = []
    for name, gradient, vary, size in _variations(drawn, found):
        by_width = {width: _difference(drawn, echo, vary, size, width) for width in WIDTHS}
        expected, sure = _extrapolated(by_width)
        apart.append((name, float(np.linalg.norm(expected)), float(np.linalg.norm(gradient - expected)), sure))
    largest = max(size for _, size, _, _ in apart)
    return [Group(name, trusted, off / size, sure / size, size / largest) for name, size, off, sure in apart if size]


#: A system with its k-th value of a group moved by so much, and by how much it really was.
Vary = Callable[[int, float], tuple[Drawn, float]]


def _variations(drawn: Drawn, found: Any) -> Iterator[tuple[str, Floats, Vary, Floats]]:
    """Of every group: its name, its gradient, how to vary it, and the size of each value."""
    formats = drawn.shape.formats
    for name, values in drawn.master.items():

        def parameter(k: int, by: float, name: str = name, values: Floats = values) -> tuple[Drawn, float]:
            moved = values.copy()
            grid = formats.weight.lsb
            moved.flat[k] = np.clip(np.rint((values.flat[k] + by) / grid), formats.weight.lowest + 1, formats.weight.highest) * grid
            return drawn._replace(master=drawn.master | {name: moved}), float(moved.flat[k] - values.flat[k])

        yield name, found.parameters[name].reshape(-1), parameter, np.maximum(np.abs(values.reshape(-1)), 2.0**-4)
    for name in ("position0", "momentum0"):
        start = getattr(drawn, name)

        def state(k: int, by: float, name: str = name, start: Ints = start) -> tuple[Drawn, float]:
            moved = start.copy()
            moved[k] += round(by / formats.state.lsb)
            varied = drawn._replace(position0=moved) if name == "position0" else drawn._replace(momentum0=moved)
            return varied, float(moved[k] - start[k]) * formats.state.lsb

        yield name, getattr(found, name)[0], state, np.full(len(start), 0.25)
    places = np.random.default_rng(0).choice(drawn.inputs.size, PROBED, replace=False)

    def driven(k: int, by: float) -> tuple[Drawn, float]:
        moved = drawn.inputs.copy()
        limit = formats.operand.highest
        moved.flat[places[k]] = np.clip(moved.flat[places[k]] + round(by / formats.operand.lsb), -limit, limit)
        return drawn._replace(inputs=moved), float(moved.flat[places[k]] - drawn.inputs.flat[places[k]]) * formats.operand.lsb

    yield "inputs", found.inputs[0].reshape(-1)[places], driven, np.full(PROBED, 0.25)


def _difference(drawn: Drawn, echo: Echo, vary: Vary, size: Floats, width: float) -> Floats:
    """The loss's central difference by each value of a group; next to the end of a format it is lopsided."""
    result = np.zeros(len(size))
    for k in range(len(size)):
        (above, up), (below, down) = (vary(k, sign * width * size[k]) for sign in (1, -1))
        result[k] = (_loss_of(above, echo) - _loss_of(below, echo)) / (up - down) if up > down else math.nan
    return result


def _extrapolated(by_width: dict[float, Floats]) -> tuple[Floats, float]:
    """The estimate at zero width from the two neighbouring widths that agree best, and how far apart those are."""
    widths = sorted(by_width, reverse=True)
    best, sure = np.zeros(0), math.inf
    for wide, narrow in itertools.pairwise(widths):
        apart = float(np.linalg.norm(by_width[wide] - by_width[narrow]))
        if apart < sure or not best.size:
            ratio = (wide / narrow) ** 2
            best, sure = (ratio * by_width[narrow] - by_width[wide]) / (ratio - 1), apart
    return best, sure


def measure(quick: bool, tell: Tell) -> Outcome:
    count = FEW if quick else SYSTEMS
    rows, checks = [], []
    for hamiltonian in Hamiltonian:
        groups = [group for _, found in study(hamiltonian, count, tell=tell) for group in found]
        names = dict.fromkeys(group.name for group in groups)
        rows += [
            {"hamiltonian": hamiltonian.name.lower(), "group": name} | figures([g for g in groups if g.name == name]) for name in names
        ]
        total = figures(groups)
        what = f"{hamiltonian.name.lower()}: trusted groups further from sure differences than"
        checks += [
            Check.at_most(f"{what} rounding explains", total["wrong"], 0),
            Check.at_most(f"{what} 1 % ({SHARE:.0%} of {total['trusted']})", total["off by > 1 %"], math.ceil(SHARE * total["trusted"])),
        ]
    drawn = f"N = {OSCILLATORS}, M = {INPUTS}, T = {SHORTEST} to {LONGEST}, s = {STEPS[0]} to {STEPS[-1]}"
    return Outcome({"systems of each Hamiltonian": count, "drawn": drawn, "seed": SEED}, rows, checks)


def study(
    hamiltonian: Hamiltonian, count: int, presets: tuple[str, ...] = tuple(PRESETS), seed: int = SEED, tell: Tell = silent
) -> Iterator[tuple[Drawn, list[Group]]]:
    """So many systems, of the word lengths in turn, each held to its differences on the emulator."""
    devices: dict[str, Device] = {}
    try:
        for index in range(count):
            tell(hamiltonian.name.lower(), index / count)
            bits = presets[index // len(STEPS) % len(presets)]
            drawn = draw(hamiltonian, index, PRESETS[bits], seed)
            if bits not in devices:
                devices[bits] = open_device("emulator", drawn.shape)
            yield drawn, held(drawn, devices[bits])
    finally:
        for device in devices.values():
            device.close()


def figures(groups: list[Group]) -> dict[str, Any]:
    """Count groups: how many differences are sure, how many of those gradients are trusted, and how many of those are off."""
    sure = [group for group in groups if group.sure <= SURE]
    trusted = [group for group in sure if group.trusted]
    off = [group for group in trusted if not group.error <= RIGHT]
    return {
        "groups": len(groups),
        "sure": len(sure),
        "trusted": len(trusted),
        "off by > 1 %": len(off),
        "wrong": sum(group.wrong for group in trusted),
        "worst, %": 100 * max((group.error for group in trusted), default=0.0),
    }


def plot(outcome: Outcome, figure: Figure) -> None:
    axes = figure.subplots()
    names = [f"{row['hamiltonian']} {row['group']}" for row in outcome.rows]
    axes.barh(names, [row["worst, %"] for row in outcome.rows], color=plots.BLUE)
    axes.axvline(100 * RIGHT, color=plots.FAINT, lw=1)
    axes.set_xscale("log")
    axes.set_xlabel("worst trusted gradient, % from finite differences")
    axes.tick_params(axis="y", labelsize=6)
    axes.invert_yaxis()


EXPERIMENT = Experiment(
    "differences",
    "gradients beside finite differences of the device's loss",
    """Is there a formula that is wrong on all devices alike?

Random systems from all that a device admits: gains and couplings of either sign, biases, input weights and inputs up to the end of
their formats, stiffnesses and masses over three decades. Each group of the gradient by echo is compared with finite differences of the
loss on the emulator itself. Differences have four widths; where no two of them agree to 0.3 %, they cannot judge.

A group may be further than 1 % from them and trusted, for two reasons: it is small beside the rest of the gradient, whose rounding it
shares, as where activations are saturated; or the nudge bent the trajectory, which the asymmetry shows. No group may be further than
10 %, of itself or of a sixteenth of the largest group.

Exit status 1 if one is, or if more than 3 % of a Hamiltonian's trusted groups are further than 1 %.""",
    measure,
    plot,
)
