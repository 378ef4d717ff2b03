"""What becomes of each method where the system loses energy: damping swept over decades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.host.verify import agreement
from loschmidt.sim.theory import Kind

from .cases import NEAR, apart, order, random_case

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KIND, STEPS, OSCILLATORS, SEED = Kind.DENSE, 100, 4, 0

#: gamma, in units of the inverse of the time in which an oscillator turns by about one radian.
DAMPINGS = tuple(float(gamma) for gamma in np.logspace(-5, 1, 13))

#: Column -> method and options. A boundary value problem has no motion to go back along, and no action once energy is lost.
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "RHEL": ("rhel", {}),
    "PFVP": ("pfvp", {}),
    "CIVP + residual": ("civp", {}),
    "CIVP": ("civp", {"residual": False}),
    "gain echo": ("gain-echo", {}),
}

#: A method has broken where its error is past this.
BROKEN = 0.01

#: Dampings so weak that an error must be proportional to them; and the cosine that the strongest must leave behind.
WEAK, LOST = 1e-2, 0.9


def measure(quick: bool, tell: Tell) -> Outcome:
    dampings = (0.0, *(DAMPINGS[::4] if quick else DAMPINGS))
    rows = []
    for done, gamma in enumerate(dampings):
        tell(f"damping {gamma:.1e}", done / len(dampings))
        rows.append(_row(gamma))
    weak = [row for row in rows if 0.0 < row["damping"] <= WEAK]
    slope = order(np.array([row["damping"] for row in weak]), np.array([row["RHEL"] for row in weak]))
    checks = [
        Check.at_most("adjoint from finite differences, at any damping", max(row["adjoint"] for row in rows), NEAR),
        *(Check.at_most(f"{name}, undamped", rows[0][name], NEAR) for name in ("RHEL", "PFVP", "CIVP + residual")),
        Check("order of RHEL's error in the damping, where it is weak", slope, "1 +- 0.1", abs(slope - 1.0) <= 0.1),
        Check.at_most("RHEL's cosine, most damped: it must break", rows[-1]["RHEL cosine"], LOST),
    ]
    breaks = {name: next((row["damping"] for row in rows if row[name] > BROKEN), None) for name in METHODS}
    settings = {"hamiltonian": KIND.name.lower(), "T": STEPS, "delta": "2^-3", "oscillators": OSCILLATORS, "seed": SEED}
    return Outcome(settings | {"1 % off from": breaks}, rows, checks)


def _row(gamma: float) -> dict[str, Any]:
    """Relative errors; the echo's cosine and norm; the size of the residuals that a reversible system has not."""
    case = random_case(KIND, STEPS, OSCILLATORS, SEED, damping=gamma)
    exact = case("adjoint").parameters
    row: dict[str, Any] = {"damping": gamma, "adjoint": apart(exact, case("finite-differences").parameters)}
    found = {name: case(method, **options) for name, (method, options) in METHODS.items()}
    row |= {name: apart(estimate.parameters, exact) for name, estimate in found.items()}
    cosine, norm = agreement(found["RHEL"].parameters, exact)
    terms = case("pfvp", residual=True).terms
    left = np.sum([value for name, value in terms.items() if name.startswith(("0:", "T:"))], axis=0)
    return row | {"RHEL cosine": cosine, "RHEL norm": norm, "residuals": float(np.linalg.norm(left) / np.linalg.norm(exact))}


def draw(outcome: Outcome, figure: Figure) -> None:
    figure.set_size_inches(11.0, 4.6)
    left, right = figure.subplots(1, 2)
    rows = [row for row in outcome.rows if row["damping"] > 0.0]
    gammas = [row["damping"] for row in rows]
    looks = {
        "RHEL": (plots.BLUE, "-"),
        "PFVP": (plots.GREEN, "--"),
        "CIVP + residual": (plots.INK, "-"),
        "CIVP": (plots.ORANGE, "-"),
        "gain echo": (plots.GREEN, "-"),
    }
    for name, (colour, style) in looks.items():
        left.plot(gammas, [max(row[name], 1e-16) for row in rows], ls=style, color=colour, marker="o", ms=3.5, label=name)
    left.plot(gammas, [row["adjoint"] for row in rows], ":", color=plots.INK, label="adjoint, from finite differences")
    left.axhline(BROKEN, color=plots.FAINT, lw=1.5)
    left.set(xscale="log", yscale="log", xlabel="damping gamma", ylabel="relative error of the gradient")
    right.plot(gammas, [row["RHEL cosine"] for row in rows], "o-", color=plots.BLUE, ms=3.5, label="RHEL: cosine")
    right.plot(gammas, [row["RHEL norm"] for row in rows], "o--", color=plots.BLUE, ms=3.5, label="RHEL: norm")
    right.plot(gammas, [row["residuals"] for row in rows], "o-", color=plots.ORANGE, ms=3.5, label="PFVP: residuals left out, relative")
    right.set(xscale="log", xlabel="damping gamma", ylim=(0.0, 1.05))
    for axes in (left, right):
        plots.dress(axes)
        axes.legend(frameon=False, fontsize=8)


EXPERIMENT = Experiment(
    "dissipation",
    "damping swept over decades",
    """How much friction does an echo stand?

The theory asks for a reversible system. With damping, the way back is not the way there: the residuals at either end no longer cancel, and
the echo's error grows in proportion to gamma until nothing of the gradient is left. Backpropagation, which stores the way, does not care;
nor does an echo with as much gain on the way back as there was damping (gain echo), until rounding has grown too far.

Exit status 1 if a method is not exact without damping, if the echo's error is not proportional to a weak damping, or if it survives a
strong one.""",
    measure,
    draw,
)
