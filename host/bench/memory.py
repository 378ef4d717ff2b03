"""Memory of a gradient against the length of the run: the echo beside JAX's backpropagation through time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from loschmidt.host import plots
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell

from . import footprint
from .workload import INPUTS, S

OSCILLATORS, STEPS = 64, (1_000, 10_000, 100_000, 1_000_000)

#: What may come on top of the inputs from the shortest to the longest run: bytes, allocators keep some of what was freed.
SLACK = 4 << 20


def measure(quick: bool, tell: Tell) -> Outcome:
    n, lengths = (8, (100, 20_000)) if quick else (OSCILLATORS, STEPS)
    rows: list[dict[str, Any]] = []
    for done, steps in enumerate(lengths):
        row: dict[str, Any] = {"T": steps}
        for part, (who, label) in enumerate(((footprint.ECHO, "echo"), (footprint.JAX, "JAX"))):
            tell(f"T = {steps:,}, {label}", (done + part / 2) / len(lengths))
            found = footprint.measured(who, n, steps)
            row |= {f"{label} bytes": found["grown"], f"{label} bytes of inputs": found["inputs"]}
        rows.append(row)
    return Outcome({"N": n, "inputs": INPUTS, "s": S, "batch": 1}, rows, judged(rows, n))


def judged(rows: Sequence[dict[str, Any]], n: int) -> list[Check]:
    """The echo grows by its inputs. JAX keeps at least the midpoints: or else too little would have been counted."""
    short, long = rows[0], rows[-1]
    grown = {who: long[f"{who} bytes"] - short[f"{who} bytes"] for who in ("echo", "JAX")}
    inputs = long["echo bytes of inputs"] - short["echo bytes of inputs"]
    what = f"from T = {short['T']:,} to {long['T']:,}"
    return [
        Check.at_most(f"echo: bytes more than its inputs', {what}", grown["echo"] - inputs, SLACK),
        Check.at_least(f"echo: bytes more over its inputs', {what}", grown["echo"] / inputs, 0.5),
        Check.at_least(f"JAX: bytes more over those of the midpoints, {what}", grown["JAX"] / (4 * n * (long["T"] - short["T"])), 1.0),
    ]


def draw(outcome: Outcome, figure: Figure) -> None:
    axes = figure.subplots()
    steps = [row["T"] for row in outcome.rows]
    for label, colour in (("echo", plots.BLUE), ("JAX", plots.ORANGE)):
        axes.plot(steps, [row[f"{label} bytes"] for row in outcome.rows], "o-", color=colour, ms=4, label=label)
        axes.plot(steps, [row[f"{label} bytes of inputs"] for row in outcome.rows], ":", color=colour, label=f"{label}, inputs alone")
    axes.set(xscale="log", yscale="log", xlabel="T", ylabel="bytes")
    axes.legend(frameon=False)
    plots.dress(axes)


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
