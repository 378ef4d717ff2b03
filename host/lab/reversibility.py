"""How far from its start a run ends that went forward, was flipped and came back, against its length, in floats and in integers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.devices import open_device
from loschmidt.host.echo import Echo
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.host.parameters import real_values
from loschmidt.host.problem import Problem, random_problem
from loschmidt.host.reversal import there_and_back, windows
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

from .formats import formats_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OSCILLATORS, S, SEED, PERIOD = 4, 5, 0, 1024

#: Widths of the multipliers.
WIDTHS = (10, 12, 16, 18, 25)
PRECISIONS: dict[str, type[np.floating[Any]]] = {"float32": np.float32, "float64": np.float64}

#: A float that came back exactly from a run this long would say that nothing was measured.
LONG = 1000


def measure(quick: bool, tell: Tell) -> Outcome:
    lengths = [10**k for k in range(2, 5 if quick else 8)]
    names = ("dense",) if quick else tuple(h.name.lower() for h in Hamiltonian)
    rows = []
    for name in names:
        hamiltonian = Hamiltonian[name.upper()]
        top = lengths if hamiltonian is Hamiltonian.DENSE else lengths[:-1] or lengths
        for arithmetic, problem in _arithmetics(hamiltonian):
            row: dict[str, Any] = {"hamiltonian": name, "arithmetic": arithmetic} | {_column(steps): None for steps in lengths}
            for done, steps in enumerate(top):
                tell(f"{name}, {arithmetic}", done / len(top))
                row[_column(steps)] = _error(problem, PRECISIONS.get(arithmetic), steps)
            rows.append(row)
    fixed = [error for row in rows if row["arithmetic"] not in PRECISIONS for _, error in _errors(row, lengths)]
    checks = [Check("largest return error in fixed point, any word length, any length", max(fixed), "exactly 0", max(fixed) == 0.0)]
    for arithmetic in PRECISIONS:
        least = min(error for row in rows if row["arithmetic"] == arithmetic for steps, error in _errors(row, lengths) if steps >= LONG)
        checks.append(Check(f"least return error in {arithmetic}, T >= {LONG}", least, "above 0: floats do not return", least > 0.0))
    settings = {"oscillators": OSCILLATORS, "s": S, "seed": SEED, "widths": list(WIDTHS), "lengths": lengths}
    return Outcome(settings, rows, checks)


def _column(steps: int) -> str:
    return f"T = {steps:,}"


def _errors(row: dict[str, Any], lengths: Sequence[int]) -> list[tuple[int, float]]:
    """Length and error, where there is one."""
    return [(steps, row[_column(steps)]) for steps in lengths if row[_column(steps)] is not None]


def _arithmetics(hamiltonian: Hamiltonian) -> Iterator[tuple[str, Problem]]:
    """Names, and the problem as devices of that width hold it; floats compute that of the widest."""
    problems = {
        width: random_problem(hamiltonian, S, Shape(OSCILLATORS, 1, 1, 2, 1, PERIOD, 1, 1, formats_of(width)), PERIOD, SEED)
        for width in WIDTHS
    }
    for precision in PRECISIONS:
        yield precision, problems[WIDTHS[-1]]
    for width, problem in problems.items():
        yield f"{width} x {width} bit", problem


def _error(problem: Problem, precision: type[np.floating[Any]] | None, steps: int) -> float:
    """Largest distance of a position or momentum from its start: in floats, or on the device."""
    return _device_error(problem, steps) if precision is None else _float_error(problem, precision, steps)


def _float_error(problem: Problem, precision: type[np.floating[Any]], steps: int) -> float:
    formats = problem.shape.formats
    inputs = np.ldexp(problem.inputs.astype(np.float64), -formats.operand.fraction)
    start = [np.ldexp(code.astype(np.float64), -formats.state.fraction) for code in (problem.position0, problem.momentum0)]
    # It loads a compiler, and the list of experiments does not need it.
    from loschmidt.sim import floats

    system = floats.system(problem.hamiltonian, real_values(problem.codes, formats), inputs, precision)
    end = floats.there_and_back(system, start[0], start[1], problem.s, steps)
    first = [value.astype(precision) for value in start]
    return float(max(np.max(np.abs(e - f)) for e, f in zip(end, first, strict=True)))


def _device_error(problem: Problem, steps: int) -> float:
    """On the emulator: from the ordinary state, and from a random one that wraps."""
    state = problem.shape.formats.state
    anywhere = np.random.default_rng(SEED).integers(state.lowest, state.highest, (2, OSCILLATORS), endpoint=True)
    before = [np.stack(pair) for pair in zip((problem.position0, problem.momentum0), anywhere, strict=True)]
    device = open_device("emulator", problem.shape)
    try:
        Echo(device, problem.hamiltonian, problem.s).load(problem.codes)
        pieces = list(windows(steps, len(problem.inputs), device.shape.input_depth))
        moved, after = there_and_back(problem, device, pieces, before, lambda share: None)
    finally:
        device.close()
    if np.array_equal(moved, before[0]):
        raise RuntimeError("a run that goes nowhere says nothing of its return")
    return float(max(np.max(np.abs(a - b)) for a, b in zip(after, before, strict=True))) * state.lsb


def draw(outcome: Outcome, figure: Figure) -> None:
    axes = figure.subplots()
    colours = {"float32": plots.ORANGE, "float64": plots.BLUE}
    lengths = outcome.settings["lengths"]
    styles = dict(zip(dict.fromkeys(row["hamiltonian"] for row in outcome.rows), ("-", "--", ":", "-."), strict=False))
    least = 1.0
    for row in outcome.rows:
        points = [(steps, error) for steps, error in _errors(row, lengths) if error > 0.0]
        least = min((least, *(error for _, error in points)))
        if points and row["arithmetic"] in PRECISIONS:
            look, label = styles[row["hamiltonian"]], f"{row['arithmetic']}, {row['hamiltonian']}"
            axes.plot(*zip(*points, strict=True), color=colours[row["arithmetic"]], ls=look, marker="o", ms=3.5, label=label)
        elif points:
            axes.plot(*zip(*points, strict=True), "x", color="red", ms=9)
    floor = least / 30
    label = f"fixed point, {', '.join(str(width) for width in outcome.settings['widths'])} bit: exactly 0"
    axes.plot(lengths, [floor] * len(lengths), color=plots.GREEN, lw=2.5, marker="s", ms=4, label=label)
    axes.set(xscale="log", yscale="log", xlabel="steps forward, and as many back: T", ylabel="largest return error")
    ticks = axes.get_yticks()
    axes.set_yticks([floor, *(tick for tick in ticks if tick > 5 * floor)], ["0", *(f"{t:.0e}" for t in ticks if t > 5 * floor)])
    axes.set_ylim(floor / 3, None)
    plots.dress(axes)
    axes.legend(frameon=False, fontsize=8, ncols=2)


EXPERIMENT = Experiment(
    "reversibility",
    "return error against length",
    """Run forward, flip every momentum, run back, flip: how far from the start?

In floating point the error grows with the number of steps: sums round differently on the way back. In fixed point a step is a shear of
integers, modulo the word: the return is exact at any word length and any number of steps, even from states that wrap.

Exit status 1 if one integer differs.""",
    measure,
    draw,
)
