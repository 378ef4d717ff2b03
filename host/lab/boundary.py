"""Boundary conditions compared: what each leaves out, how it takes noise, what it costs, and how much it must remember."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.sim.theory import Kind, blend

from .cases import NEAR, Case, apart, random_case

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, OSCILLATORS, SEED = 60, 3, 0

#: Row -> (method, options, what its exact gradient keeps fixed).
TRIED: dict[str, tuple[str, dict[str, Any], str]] = {
    "CIVP, without residuals": ("civp", {"residual": False}, "initial"),
    "CIVP, with residuals": ("civp", {}, "initial"),
    "PFVP, by reversal": ("pfvp", {}, "initial"),
    "RHEL": ("rhel", {}, "initial"),
    "CBVP, Newton": ("cbvp", {"solver": "newton"}, "position"),
    "CBVP, shooting": ("cbvp", {"solver": "shooting"}, "position"),
    "mixed: position, then momentum": ("mixed", {}, "position-momentum"),
    "mixed: momentum, then position": ("mixed", {"boundary": "momentum-position"}, "momentum-position"),
    "periodic": ("glep", {"boundary": "periodic", "residual": False}, "periodic"),
    "final, without residuals": ("glep", {"boundary": "final", "residual": False}, "final"),
    "final, with residuals": ("glep", {"boundary": "final"}, "final"),
}
BIASED = ("CIVP, without residuals", "final, without residuals")

#: The device's noise is its last bit. Here that of float64 stands for it: a nudge so weak that rounding is all that scatters, many times.
FAINT, DRAWS = 2.0**-24, 8

#: Lengths against which CIVP's bias is measured, and points between initial values (0) and boundary values (1).
LENGTHS, POINTS = (4, 8, 16, 32, 64, 128, 256), 17


def measure(quick: bool, tell: Tell) -> Outcome:
    kinds = (Kind.DENSE,) if quick else tuple(Kind)
    rows = []
    for kind in kinds:
        case = random_case(kind, STEPS, OSCILLATORS, SEED)
        for done, name in enumerate(TRIED):
            tell(f"{kind.name.lower()}: {name}", done / len(TRIED))
            rows.append({"hamiltonian": kind.name.lower()} | _row(case, name, 2 if quick else DRAWS))
    lengths = LENGTHS[:4] if quick else LENGTHS
    by_length: dict[str, list[float]] = {kind.name.lower(): [] for kind in kinds}
    for kind in kinds:
        for done, steps in enumerate(lengths):
            tell(f"{kind.name.lower()}: bias against T", done / len(lengths))
            case = random_case(kind, steps, OSCILLATORS, SEED)
            exact = case("adjoint").parameters
            by_length[kind.name.lower()].append(apart(case("civp", residual=False).parameters, exact))
    shares = np.linspace(0.0, 1.0, 2 if quick else POINTS)
    blended = {kind.name.lower(): _blended(kind, shares, tell) for kind in kinds}
    least = {name: min(row["bias"] for row in rows if row["conditions"] == name) for name in BIASED}
    good = [row for row in rows if row["conditions"] not in BIASED]
    worst = max(row["bias"] for row in rows if row["conditions"] == BIASED[0])
    ends = max(errors[-1] for errors in blended.values())
    checks = [
        Check.at_most("bias of all but the two that leave residuals out", max(row["bias"] for row in good), NEAR),
        Check.at_least("bias of CIVP without residuals, most biased system", worst, 0.1),
        Check.at_least("bias of the final value problem without residuals, least biased system", least[BIASED[1]], 0.01),
        Check.at_most("bias at the boundary value end of the mixture", ends, NEAR),
    ]
    settings = {"T": STEPS, "delta": "2^-3", "oscillators": OSCILLATORS, "seed": SEED, "draws": DRAWS, "faint eps": FAINT}
    series = {"lengths": list(lengths), "bias by length": by_length, "shares": shares.tolist(), "bias by share": blended}
    return Outcome(settings, rows, checks, series)


def _row(case: Case, name: str, draws: int) -> dict[str, Any]:
    """Bias at the usual eps, extrapolated; scatter of a faint one, as a multiple of rounding over eps; costs of one gradient."""
    method, options, kept = TRIED[name]
    exact = case("sensitivity", boundary=kept).parameters
    found = case(method, **options)
    exponents = np.random.default_rng(SEED).uniform(0.0, 1.0, draws)
    noisy = np.stack([case(method, eps=FAINT * 2.0**e, extrapolate=False, **options).parameters for e in exponents])
    scatter = float(np.linalg.norm(np.std(noisy, axis=0, ddof=1)) / np.linalg.norm(exact))
    return {
        "conditions": name,
        "bias": apart(found.parameters, exact),
        "scatter / (rounding / eps)": scatter * FAINT / np.finfo(np.float64).eps,
        "forces": found.cost.evaluations,
        "words": found.cost.memory_words,
    }


def _blended(kind: Kind, shares: np.ndarray[Any, np.dtype[np.float64]], tell: Tell) -> list[float]:
    """Bias without residuals where the second condition turns from the start's momentum into the end's position."""
    case = random_case(kind, STEPS, OSCILLATORS, SEED)
    errors = []
    for done, share in enumerate(shares):
        tell(f"{kind.name.lower()}: mixtures", done / len(shares))
        boundary = blend(OSCILLATORS, float(share) * np.pi / 2)
        exact = case("sensitivity", boundary=boundary).parameters
        errors.append(apart(case("glep", boundary=boundary, residual=False).parameters, exact))
    return errors


def draw(outcome: Outcome, figure: Figure) -> None:
    figure.set_size_inches(13.0, 4.8)
    panels = figure.subplots(1, 3, width_ratios=(1.5, 1.0, 1.0))
    kinds = list(outcome.series["bias by length"])
    colours = dict(zip(kinds, (plots.BLUE, plots.ORANGE, plots.GREEN, plots.INK), strict=False))
    for kind, colour in colours.items():
        rows = [row for row in outcome.rows if row["hamiltonian"] == kind][::-1]
        panels[0].plot([max(row["bias"], 1e-17) for row in rows], [row["conditions"] for row in rows], "o", color=colour, ms=5, label=kind)
        panels[1].plot(outcome.series["lengths"], outcome.series["bias by length"][kind], "o-", color=colour, ms=3.5, label=kind)
        biases = [max(error, 1e-13) for error in outcome.series["bias by share"][kind]]
        panels[2].plot(outcome.series["shares"], biases, "o-", color=colour, ms=3.5, label=kind)
    panels[0].axvline(NEAR, color=plots.FAINT, ls="--")
    panels[0].set(xscale="log", xlabel="bias, relative")
    panels[1].set(xscale="log", ylim=(0.0, None), xlabel="T", ylabel="bias of CIVP without residuals")
    panels[2].set(yscale="log", xlabel="start alone (0) to both ends (1)", ylabel="bias without residuals")
    for axes in panels:
        plots.dress(axes)
        axes.legend(frameon=False, fontsize=8)


EXPERIMENT = Experiment(
    "boundary",
    "boundary conditions: bias, scatter, cost and memory",
    """What must be held fixed, so that the gradient is a sum over the trajectory and nothing else?

Each row keeps other values at the ends and is held to the exact gradient of the problem that keeps them. Fixing the start alone, or the end
alone, leaves a residual that is as large as the gradient; two ends leave none, but have to be found by a solver; the final value problem
leaves none either, and reversal solves it. Scatter is what the last bit of float64 does at a very weak nudge, in multiples of rounding
over eps: how much a method amplifies noise. Forces are evaluations for one gradient, words are numbers kept.

Exit status 1 if a method is biased that must not be, or the reverse.""",
    measure,
    draw,
)
