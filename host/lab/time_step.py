"""How good the echo's gradient is at each time step and word length.

The figures are those of `loschmidt verify --check gradient`, side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from loschmidt.host import plots
from loschmidt.host.checks import BOUND_STEP
from loschmidt.host.config import Config
from loschmidt.host.devices import open_device
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.host.verify import COSINE, NORM, quality, verify
from loschmidt.spec.formats import PRESETS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OSCILLATORS, INPUTS, LENGTH, SEED = 64, 8, 1000, 0

#: s of the time steps: around those of the bounds, and down to training's own.
STEPS = (6, BOUND_STEP, 4, 3, 2)

#: What training uses, unless it is told otherwise.
TRAINED = Config()


def measure(quick: bool, tell: Tell) -> Outcome:
    n, steps, tried = (8, 60, (BOUND_STEP, TRAINED.step)) if quick else (OSCILLATORS, LENGTH, STEPS)
    rows = []
    for bits, formats in PRESETS.items():
        for done, s in enumerate(tried):
            tell(f"{bits} bits", done / len(tried))
            settings: dict[str, Any] = {"oscillators": n, "inputs": INPUTS, "steps": steps, "seed": SEED, "formats": formats}
            report = verify(partial(open_device, "emulator"), s=s, checks=("gradient",), **settings)
            own = "yes" if (s, bits) == (TRAINED.step, TRAINED.formats) else None
            row: dict[str, Any] = {"delta": f"2^-{s}", "bits": int(bits), "training's own": own}
            for who, trusted in (("all", False), ("trusted", True)):
                found = quality(report, trusted)
                row |= {f"{who}: groups": found.groups, f"{who}: beyond the bounds": found.missed}
                row |= {f"{who}: 1 - cosine": 1 - found.cosine, f"{who}: norm off, %": 100 * found.norm}
            rows.append(row)
    settings = {"oscillators": n, "inputs": INPUTS, "T": steps, "seed": SEED, "cosine": COSINE, "norm": NORM}
    return Outcome(settings, rows, _checks(rows))


def _checks(rows: Sequence[dict[str, Any]]) -> list[Check]:
    """The bounds hold at their own time step, with the default multipliers and wider ones."""
    held = [row for row in rows if row["delta"] == f"2^-{BOUND_STEP}" and row["bits"] >= int(TRAINED.formats)]
    return [
        Check.at_most(f"delta = {row['delta']}, {row['bits']} bits: groups beyond the bounds", row["all: beyond the bounds"], 0)
        for row in held
    ]


def draw(outcome: Outcome, figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    for bits, colour in zip(PRESETS, (plots.ORANGE, plots.BLUE, plots.GREEN), strict=True):
        rows = [row for row in outcome.rows if row["bits"] == int(bits)]
        names = [row["delta"] for row in rows]
        left.semilogy(names, [max(row["all: 1 - cosine"], 1e-9) for row in rows], "o-", color=colour, label=f"{bits} bits")
        right.semilogy(names, [max(row["all: norm off, %"], 1e-6) for row in rows], "o-", color=colour)
    for axes, limit, title in (
        (left, 1 - COSINE, "1 - cosine of the worst group"),
        (right, 100 * NORM, "norm of the worst group, off by %"),
    ):
        axes.axhline(limit, color=plots.INK, lw=0.8)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("time step delta")
    left.legend(fontsize=8)


EXPERIMENT = Experiment(
    "time-step",
    "gradient against time step and word length",
    f"""How good is a gradient at the time step that training uses?

N = {OSCILLATORS}, T = {LENGTH:,}: every group of parameters of every Hamiltonian, for every
readout, beside float64 backpropagation. The same number of longer steps is a longer time, over
which rounding and the activation table's kinks add up. The bounds, cosine {COSINE} and norm
{NORM:.1%}, are stated for delta = 2^-{BOUND_STEP}; the rows of larger steps say how many groups are
beyond them there.

Exit status 1 if a group is beyond the bounds at delta = 2^-{BOUND_STEP} with {TRAINED.formats} bits or more.""",
    measure,
    draw,
)
