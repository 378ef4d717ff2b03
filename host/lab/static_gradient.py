"""A harmonic oscillator under a constant input: every method beside finite differences, and beside the exact gradient of its problem."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.sim.theory import Floats, Kind, Loss, System, gradient, harmonic

from .cases import NEAR, apart, order, random_case

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: One oscillator, T = 16 steps of 1/8: less than half a period, so that even gradient flow on the action finds the motion.
STEPS = 16
INPUT, TARGET = np.array([0.7]), np.array([0.9])

#: Of the estimates from one side, whose error of order eps^2 would be seen at the usual eps.
SMALL = {"sides": 1, "eps": 1e-5}

#: Problem -> the exact method for it, its options, and the options of the finite differences.
EXACT: dict[str, tuple[str, dict[str, Any]]] = {
    "from its start": ("adjoint", {}),
    "its end, from its start": ("adjoint", {}),
    "between two positions": ("sensitivity", {"boundary": "position"}),
    "position to momentum": ("sensitivity", {"boundary": "position-momentum"}),
    "at rest": ("implicit", {}),
}

#: Name, problem, method, options.
TRIED: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("adjoint (BPTT)", "from its start", "adjoint", {}),
    ("forward sensitivity", "from its start", "sensitivity", {}),
    ("GLEP, with residuals", "from its start", "glep", {"boundary": "initial"}),
    ("CIVP, with residuals", "from its start", "civp", {}),
    ("CIVP, without", "from its start", "civp", {"residual": False}),
    ("PFVP", "from its start", "pfvp", {}),
    ("PFVP, one-sided", "from its start", "pfvp", SMALL),
    ("RHEL", "from its start", "rhel", {}),
    ("RHEL, one-sided", "from its start", "rhel", SMALL),
    ("RHEL, frozen nudge", "from its start", "rhel", {"frozen": True}),
    ("HEB", "its end, from its start", "heb", {}),
    ("CBVP, Newton", "between two positions", "cbvp", {"solver": "newton"}),
    ("CBVP, shooting", "between two positions", "cbvp", {"solver": "shooting"}),
    ("CBVP, gradient flow", "between two positions", "cbvp", {"solver": "flow"}),
    ("mixed boundary", "position to momentum", "mixed", {}),
    ("implicit differentiation", "at rest", "implicit", {}),
    ("EP", "at rest", "ep", {}),
    ("EP, one-sided", "at rest", "ep", SMALL),
)
BIASED = "CIVP, without"

WIDTHS: Floats = np.ldexp(1.0, -np.arange(4, 9))

#: PFVP is RHEL in other words: to rounding.
SAME = 1e-10


def _oscillator(problem: str) -> System:
    system = harmonic(stiffness=1.3, coupling=0.7, inverse_mass=0.9, position0=0.6, momentum0=-0.4)
    return replace(system, loss=Loss(last=True)) if problem.startswith("its end") else system


def _gradient(problem: str, method: str, options: dict[str, Any]) -> Any:
    held = {} if problem == "at rest" else {"steps": STEPS}
    return gradient(_oscillator(problem), INPUT, TARGET, method, **held, **options)


def measure(quick: bool, tell: Tell) -> Outcome:
    exact: dict[str, Floats] = {}
    differences: dict[str, Floats] = {}
    for problem, (method, options) in EXACT.items():
        exact[problem] = _gradient(problem, method, options).parameters
        differences[problem] = _gradient(problem, "finite-differences", options).parameters
    rows = []
    for done, (name, problem, method, options) in enumerate(TRIED):
        tell(name, done / len(TRIED))
        found = _gradient(problem, method, options)
        rows.append(
            {
                "method": name,
                "problem": problem,
                "from exact": apart(found.parameters, exact[problem]),
                "from differences": apart(found.parameters, differences[problem]),
                "forces": found.cost.evaluations,
                "words": found.cost.memory_words,
            }
        )
    curves = {
        f"{name}, {label}": [
            apart(_gradient(problem, method, {"eps": eps, "sides": sides, "extrapolate": False}).parameters, exact[problem])
            for eps in WIDTHS
        ]
        for name, problem, method in (("EP", "at rest", "ep"), ("RHEL", "from its start", "rhel"))
        for sides, label in ((1, "one-sided"), (2, "two-sided"))
    }
    settings = {"T": STEPS, "delta": "2^-3", "theta": "(a, b, mu) = (1.3, 0.7, 0.9)", "start": "(0.6, -0.4)", "input": 0.7, "target": 0.9}
    slopes = {name: order(WIDTHS, np.array(errors)) for name, errors in curves.items()}
    good = [row for row in rows if row["method"] != BIASED]
    checks = [
        Check.at_most("farthest from finite differences, but for CIVP without residuals", max(r["from differences"] for r in good), NEAR),
        Check.at_most("farthest from the exact gradient, likewise", max(r["from exact"] for r in good), NEAR),
        Check.at_most("PFVP from RHEL, the oscillator and the four Hamiltonians", _twins(quick), SAME),
        Check.at_least("CIVP without residuals: relative error", next(r["from exact"] for r in rows if r["method"] == BIASED), 0.1),
        *(
            Check(f"order of the error in eps, {name}", slope, f"{wanted} +- 0.1", abs(slope - wanted) <= 0.1)
            for (name, slope), wanted in zip(slopes.items(), (1, 2, 1, 2), strict=True)
        ),
    ]
    return Outcome(settings, rows, checks, {"eps": WIDTHS.tolist(), "errors": curves})


def _twins(quick: bool) -> float:
    """The farthest that the final value problem and the echo are apart."""
    pairs = [tuple(_gradient("from its start", method, {}).parameters for method in ("pfvp", "rhel"))]
    for kind in Kind:
        case = random_case(kind, 20 if quick else 100, 3, 0)
        pairs.append(tuple(case(method).parameters for method in ("pfvp", "rhel")))
    return max(apart(pfvp, rhel) for pfvp, rhel in pairs)


def draw(outcome: Outcome, figure: Figure) -> None:
    figure.set_size_inches(11.0, 5.0)
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1.0))
    names = [row["method"] for row in outcome.rows][::-1]
    for column, colour, marker in (("from differences", plots.BLUE, "o"), ("from exact", plots.GREEN, "s")):
        values = [max(row[column], 1e-17) for row in outcome.rows][::-1]
        left.plot(values, names, marker, color=colour, ms=5, label=column)
    left.axvline(NEAR, color=plots.ORANGE, ls="--", lw=1.0, label="asked for")
    left.set(xscale="log", xlabel="relative error of the gradient")
    left.legend(frameon=False, fontsize=8)
    for (name, errors), colour in zip(outcome.series["errors"].items(), (plots.ORANGE, plots.BLUE, plots.GREEN, plots.INK), strict=True):
        right.plot(outcome.series["eps"], errors, "o-", color=colour, ms=4, label=f"{name}: order {order(WIDTHS, np.array(errors)):.2f}")
    right.set_xscale("log", base=2)
    right.set(yscale="log", xlabel="eps", ylabel="relative error, not extrapolated")
    right.legend(frameon=False, fontsize=8)
    for axes in (left, right):
        plots.dress(axes)


EXPERIMENT = Experiment(
    "static-gradient",
    "every method on a harmonic oscillator, beside the exact gradient",
    """Do the methods of the paper give the gradient?

A method answers for a problem: the motion from a given start, between two given ends, or the state of rest. Each is held to the exact
gradient of its own problem, and to finite differences of it. All agree but one: with constant initial values (CIVP) the residual at the
final time is as large as the gradient, and without it the estimate is wrong.

Exit status 1 if a method is farther than 1e-6 from finite differences (CIVP without residuals must be, by 10 % and more), if the parametric
final value problem and the echo differ by more than 1e-10, or if an error is not of the order in eps that the theory says.""",
    measure,
    draw,
)
