"""Pictures of a run: the learning curve, and one oscillator's phase portrait."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import figures
from .portrait import Portrait

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, FAINT, BLUE, ORANGE, GREEN = "#1f2430", "#c9ced8", "#2f6db3", "#e07b28", "#2a8f6d"

#: The drawn deviation of an echo, as a share of the portrait's extent.
VISIBLE = 0.12


def learning_curve(lines: Sequence[dict[str, Any]], path: Path) -> None:
    """Loss, and accuracy or error, by epoch. ``lines`` are those of ``metrics.jsonl``."""
    accuracy = "train_accuracy" in lines[0]
    measure, factor = ("accuracy", 100.0) if accuracy else ("error", 1.0)
    figure = figures.new(9.0, 3.8)
    left, right = figure.subplots(1, 2)
    for axes, key, colour, label in (
        (left, "loss", BLUE, "training"),
        (left, "test_loss", ORANGE, "test"),
        (right, f"train_{measure}", BLUE, "training"),
        (right, f"test_{measure}", ORANGE, "test"),
    ):
        points = [(line["epoch"], line[key] * (factor if axes is right else 1.0)) for line in lines if key in line]
        if points:
            axes.plot(*zip(*points, strict=True), color=colour, label=label, lw=1.8, marker="o" if len(points) < 25 else None, ms=3.5)
    left.set(title="loss", xlabel="epoch", yscale="log")
    right.set(title="accuracy (%)" if accuracy else "squared error / variance", xlabel="epoch", yscale="linear" if accuracy else "log")
    last = [line for line in lines if f"test_{measure}" in line]
    if last:
        value = last[-1][f"test_{measure}"]
        text = f"{100 * value:.1f} %" if accuracy else f"{value:.3g}"
        right.annotate(
            text, (last[-1]["epoch"], value * factor), (-4, -14), textcoords="offset points", color=ORANGE, ha="right", weight="bold"
        )
    for axes in (left, right):
        dress(axes)
        axes.legend(frameon=False)
    figures.save(figure, path)


def phase_portrait(portrait: Portrait, path: Path) -> None:
    """Free run, its exact return on top of it, and the nudged echo with its deviation enlarged by a power of two."""
    figure = figures.new(6.2, 5.6)
    axes = figure.subplots()
    deviation = portrait.echo - portrait.free
    extent = float((portrait.free.max(axis=0) - portrait.free.min(axis=0)).max())
    largest = float(abs(deviation).max())
    power = max(0, round(math.log2(VISIBLE * extent / largest))) if largest > 0.0 and extent > 0.0 else 0
    enlarged = portrait.free + deviation * 2.0**power
    axes.plot(*portrait.free.T, color=BLUE, lw=6.0, alpha=0.35, solid_capstyle="round", label="free run")
    verdict = "its return, exact to the last bit" if portrait.exact else "its return: NOT exact"
    axes.plot(*portrait.back.T, color=INK, lw=1.1, marker="o", ms=2.6, label=verdict)
    axes.plot(*enlarged.T, color=ORANGE, lw=1.5, ls=(0, (5, 2)), marker="o", ms=2.6, label=f"nudged echo, deviation x {2**power}")
    axes.plot(*portrait.free[0], color=GREEN, marker="o", ms=9, ls="none", label="start")
    axes.plot(*portrait.free[-1], color=GREEN, marker="s", ms=8, ls="none", label="momentum flipped here")
    axes.set(title=f"oscillator {portrait.oscillator}", xlabel="position", ylabel="momentum (echoes: flipped back)")
    dress(axes)
    axes.margins(0.08)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
    figures.save(figure, path)


def dress(axes: Axes) -> None:
    """Quiet frame and grid, as every picture of the house has them."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=FAINT, lw=0.5, alpha=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9)
