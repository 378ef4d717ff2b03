"""Gradients of the device against float64 backpropagation: over word length, nudge strength, length of the run, and Hamiltonian."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.devices import open_device
from loschmidt.host.echo import EchoGradient, Readout
from loschmidt.host.errors import ConfigError
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.host.nudge import NudgePolicy, largest_exponent
from loschmidt.host.parameters import Master
from loschmidt.host.problem import Problem, by_echo, by_reference, random_problem
from loschmidt.host.verify import COSINE, NORM, agreement
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

from .formats import formats_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OSCILLATORS, INPUTS, S, SEED = 16, 4, 5, 0
WIDTHS = (10, 12, 14, 16, 18, 20, 22, 25)

#: log2 of every eps that is tried.
EXPONENTS = tuple(range(-16, 2, 2))
LENGTHS = (100, 1000, 10000)

#: Where the automatic eps must be good enough: the default multipliers, up to this length.
DEFAULT, LONGEST = 18, 1000

#: Of the cases that some eps brings within the bounds, the share that the automatic one must.
SHARE = 0.8


def measure(quick: bool, tell: Tell) -> Outcome:
    lengths, widths = ((100,), (12, DEFAULT, 25)) if quick else (LENGTHS, WIDTHS)
    rows, grid = [], []
    for hamiltonian in Hamiltonian:
        for steps in lengths:
            for done, width in enumerate(widths):
                tell(f"{hamiltonian.name.lower()}, T = {steps}", done / len(widths))
                row, cosines, norms = _case(hamiltonian, steps, width)
                rows.append(row)
                grid.append({"hamiltonian": row["hamiltonian"], "T": steps, "bits": width, "cosine": cosines, "norm": norms})
    settings = {"oscillators": OSCILLATORS, "inputs": INPUTS, "s": S, "seed": SEED, "readout": "last", "lengths": list(lengths)}
    return Outcome(settings, rows, _checks(rows, grid), {"exponents": list(EXPONENTS), "grid": grid})


def _case(hamiltonian: Hamiltonian, steps: int, width: int) -> tuple[dict[str, Any], list[float | None], list[float | None]]:
    """The automatic eps, and cosine and norm at each fixed one; None where the nudge would not fit the state."""
    shape = Shape(OSCILLATORS, INPUTS, OSCILLATORS, 2, 2, steps, 1, 1, formats_of(width))
    problem = random_problem(hamiltonian, S, shape, steps, SEED)
    expected = by_reference(problem, Readout.LAST)
    cosine, norm, echo = _echo(problem, None, expected)
    row = {
        "hamiltonian": hamiltonian.name.lower(),
        "T": steps,
        "bits": width,
        "log2 eps": round(math.log2(echo.report[0].eps)),
        "1 - cosine": 1.0 - cosine,
        "norm - 1": norm - 1.0,
        "trusted": echo.report[0].trusted,
    }
    state = shape.formats.state
    most = largest_exponent(float(np.max(np.abs(problem.target[-1]))) + 1.0, state)
    found = [_echo(problem, k, expected)[:2] if k <= most else (None, None) for k in EXPONENTS]
    best = max(range(len(found)), key=lambda i: -math.inf if (c := found[i][0]) is None else c)
    least = found[best][0]
    row |= {"best log2 eps": EXPONENTS[best], "its 1 - cosine": None if least is None else 1.0 - least}
    return row, [c for c, _ in found], [n for _, n in found]


def _echo(problem: Problem, exponent: int | None, expected: Master) -> tuple[float, float, EchoGradient]:
    """Cosine of the worst group, and norm of the group that is furthest off."""
    device = open_device("emulator", problem.shape)
    try:
        echo = by_echo(problem, device, Readout.LAST, NudgePolicy(fixed=exponent))
    finally:
        device.close()
    found = echo.parameters | {"position0": echo.position0, "momentum0": echo.momentum0}
    pairs = [agreement(found[name], group) for name, group in expected.items() if group.size]
    return min(c for c, _ in pairs), max((n for _, n in pairs), key=lambda n: abs(n - 1.0)), echo


def _good(cosine: float | None, norm: float | None) -> bool:
    return cosine is not None and norm is not None and cosine >= COSINE and abs(norm - 1.0) <= NORM


def _checks(rows: Sequence[dict[str, Any]], grid: Sequence[dict[str, Any]]) -> list[Check]:
    usual = [row for row in rows if row["bits"] == DEFAULT and row["T"] <= LONGEST]
    if not usual:
        raise ConfigError(f"the default width of {DEFAULT} bits must be among those that are measured")
    where = f"{DEFAULT} bit, T <= {LONGEST}, automatic eps"
    possible = [
        row for row, case in zip(rows, grid, strict=True) if any(_good(c, n) for c, n in zip(case["cosine"], case["norm"], strict=True))
    ]
    reached = sum(_good(1.0 - row["1 - cosine"], 1.0 + row["norm - 1"]) for row in possible) / max(1, len(possible))
    return [
        Check.at_most(f"{where}: 1 - cosine of the worst group", max(row["1 - cosine"] for row in usual), round(1.0 - COSINE, 9)),
        Check.at_most(f"{where}: norm off by", max(abs(row["norm - 1"]) for row in usual), NORM),
        Check.at_least(f"of {len(possible)} cases that some eps brings within both, the automatic one brings", reached, SHARE),
    ]


def draw(outcome: Outcome, figure: Figure) -> None:
    lengths, exponents = outcome.settings["lengths"], outcome.series["exponents"]
    names = list(dict.fromkeys(row["hamiltonian"] for row in outcome.rows))
    figure.set_size_inches(3.1 * len(lengths) + 1.2, 2.3 * len(names) + 0.6)
    panels = figure.subplots(len(names), len(lengths), sharex=True, sharey=True, squeeze=False)
    for axes_row, name in zip(panels, names, strict=True):
        for axes, steps in zip(axes_row, lengths, strict=True):
            cases = [case for case in outcome.series["grid"] if (case["hamiltonian"], case["T"]) == (name, steps)]
            rows = [row for row in outcome.rows if (row["hamiltonian"], row["T"]) == (name, steps)]
            loss = np.array([[np.nan if c is None else max(1.0 - c, 1e-9) for c in case["cosine"]] for case in cases]).T
            places, widths = np.arange(len(cases)), [str(case["bits"]) for case in cases]
            mesh = axes.pcolormesh(places, exponents, np.log10(loss), vmin=-8, vmax=0, cmap="viridis_r", shading="nearest")
            good = [
                (i, k)
                for i, case in enumerate(cases)
                for k, c, n in zip(exponents, case["cosine"], case["norm"], strict=True)
                if _good(c, n)
            ]
            axes.plot([i for i, _ in good], [k for _, k in good], ".", color="white", ms=4)
            axes.plot(places, [row["log2 eps"] for row in rows], "-", color=plots.ORANGE, lw=1.2)
            for row, place in zip(rows, places, strict=True):
                axes.plot(place, row["log2 eps"], "o" if row["trusted"] else "x", color=plots.ORANGE, ms=5)
            axes.set_xticks(places, widths)
            axes.set_title(f"{name}, T = {steps:,}", fontsize=9)
            axes.tick_params(labelsize=8)
    for axes in panels[-1]:
        axes.set_xlabel("multiplier, bit")
    for axes in panels[:, 0]:
        axes.set_ylabel("log2 eps")
    figure.colorbar(mesh, ax=panels, label="log10 (1 - cosine) of the worst group", shrink=0.6)
    kept = f"white dots: cosine >= {COSINE}, norm within {NORM:.1%}"
    figure.suptitle(f"{kept};  orange: the automatic eps, crossed out where it is not trusted", fontsize=9)


EXPERIMENT = Experiment(
    "word-length",
    "gradient against word length, eps and length of the run",
    """How many bits does a gradient need, and how hard must one nudge?

Too small an eps drowns in the rounding of operands; too large a one bends the trajectory. The map shows the gradient of the device beside
float64 backpropagation, for every width of the multipliers; pick formats where there are white dots for your length of the run. The
orange line is the eps that one probe finds by itself.

Exit status 1 if the automatic eps leaves cosine 0.9999 or norm 0.5 % at 18 bit up to 1000 steps, or reaches these bounds in less than 80 %
of the cases that any eps can bring there.""",
    measure,
    draw,
)
