"""Memory of a gradient against the length of the run: the echo beside JAX's backpropagation through time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from loschmidt.host import plots
from loschmidt.host.errors import DeviceError
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell

from . import footprint
from .workload import INPUTS, Case, S

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OSCILLATORS, BATCHES, STEPS = (16, 64, 256), (1, 32), (1_000, 10_000, 100_000, 1_000_000)

#: Larger ones, by B T N, would take JAX more than the 8 GB of a small machine.
MOST = 3e8

#: What may come on top of the inputs from the shortest to the longest run: bytes, allocators keep some of what was freed.
SLACK = 4 << 20

WHO = {"echo": footprint.ECHO, "JAX": footprint.JAX}


def cases(quick: bool) -> list[Case]:
    if quick:
        return [Case(8, 1, steps) for steps in (100, 20_000)]
    every = [Case(n, batch, steps) for n in OSCILLATORS for batch in BATCHES for steps in STEPS]
    return [case for case in every if case.batch * case.steps * case.oscillators <= MOST]


def measure(quick: bool, tell: Tell) -> Outcome:
    rows: list[dict[str, Any]] = []
    failed: list[str] = []
    asked = cases(quick)
    for done, case in enumerate(asked):
        row: dict[str, Any] = {"N": case.oscillators, "B": case.batch, "T": case.steps}
        for part, (label, who) in enumerate(WHO.items()):
            tell(f"N = {case.oscillators}, B = {case.batch}, T = {case.steps:,}, {label}", (done + part / 2) / len(asked))
            found: dict[str, int] = {}
            try:
                found = footprint.measured(who, case)
            except DeviceError as error:
                failed.append(str(error))
            row |= {f"{label} bytes": found.get("grown"), f"{label} bytes of inputs": found.get("inputs")}
        rows.append(row)
    settings: dict[str, Any] = {"inputs": INPUTS, "s": S}
    if failed:
        settings["failed"] = failed
    return Outcome(settings, rows, judged(rows))


def curves(rows: Sequence[dict[str, Any]]) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """Rows of one N and B, by these; in each, T goes up."""
    sizes = sorted({(row["N"], row["B"]) for row in rows})
    return {size: sorted((row for row in rows if (row["N"], row["B"]) == size), key=lambda row: int(row["T"])) for size in sizes}


def judged(rows: Sequence[dict[str, Any]]) -> list[Check]:
    """For every N and B, the echo grows by its inputs. JAX keeps at least the midpoints: or else too little would have been counted."""
    beyond, share, kept = [], [], []
    # What could not be measured is not kept.
    none = math.nan
    for (n, batch), curve in curves([row for row in rows if None not in row.values()]).items():
        short, long = curve[0], curve[-1]
        if short is long:
            continue
        grown = {label: long[f"{label} bytes"] - short[f"{label} bytes"] for label in WHO}
        inputs = long["echo bytes of inputs"] - short["echo bytes of inputs"]
        beyond.append(grown["echo"] - inputs)
        share.append(grown["echo"] / inputs)
        kept.append(grown["JAX"] / (4 * n * batch * (long["T"] - short["T"])))
    return [
        Check.at_most("echo: bytes more than its inputs', from the shortest T to the longest, at most", max(beyond, default=none), SLACK),
        Check.at_least("echo: bytes more over its inputs', at least", min(share, default=none), 0.5),
        Check.at_least("JAX: bytes more over those of the midpoints, at least", min(kept, default=none), 1.0),
    ]


def draw(outcome: Outcome, figure: Figure) -> None:
    """A panel for each N; whole lines one sequence, broken ones a batch, dotted ones the echo's inputs alone."""
    found = curves([row for row in outcome.rows if None not in row.values()])
    sizes = sorted({n for n, _ in found})
    if not sizes:
        return
    panels = figure.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    for axes, n in zip(panels, sizes, strict=True):
        for index, ((_, batch), curve) in enumerate((size, curve) for size, curve in found.items() if size[0] == n):
            steps = [row["T"] for row in curve]
            for label, colour in zip(WHO, (plots.BLUE, plots.ORANGE), strict=True):
                style = "-o" if index == 0 else "--o"
                axes.plot(steps, [row[f"{label} bytes"] for row in curve], style, color=colour, ms=4, label=f"{label}, B = {batch}")
            axes.plot(steps, [row["echo bytes of inputs"] for row in curve], ":", color=plots.INK, lw=0.8)
        axes.set(title=f"N = {n}", xscale="log", yscale="log", xlabel="T")
        plots.dress(axes)
    panels[0].set_ylabel("bytes")
    panels[-1].legend(frameon=False, fontsize=7)


EXPERIMENT = Experiment(
    "memory",
    "peak memory of a gradient against the length of the run",
    """How much memory does a gradient take?

Backpropagation through time keeps the trajectory; the echo walks it again and keeps nothing. Each point is a process of its own: the
largest resident set while inputs are made and one gradient is taken, over what was resident when everything had been loaded.

Exit status 1 if the echo grows by more than its inputs, or if less was counted than must be there.""",
    measure,
    draw,
)
