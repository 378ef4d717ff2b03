"""Many trials side by side: sets x methods x seeds, their mean and deviation, and whether the echo in integers keeps up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.experiments.experiment import Check, Outcome, Tell

from .dynamics import BPTT, FIXED, METHODS
from .model import Size
from .sets import Task
from .trial import Recipe, Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Steps of all sequences that a training takes, about, unless the user gives epochs; and the bounds of epochs.
WORK, LEAST, MOST = 3_000_000, 25, 100

#: What the echo in integers may lose: points of accuracy, on average over sets; and pooled deviations, on any of them.
POINTS, DEVIATIONS = 1.0, 1.0


def epochs(task: Task) -> int:
    """More for a small set."""
    return min(MOST, max(LEAST, WORK // sum(len(sequence) for sequence in task.train.sequences)))


@dataclass(frozen=True)
class Study:
    """What is trained: every method from every seed on every set.

    Members
    -------
    tasks, methods : the sets, and some of `METHODS`
    seeds : 0 up to that
    size, recipe : of the models; how each is trained, but for
    epochs : passes over each training half; None: by its size, see `epochs`
    """

    tasks: Sequence[Task]
    methods: Sequence[str]
    seeds: int
    size: Size
    recipe: Recipe
    epochs: int | None = None

    def recipe_for(self, task: Task) -> Recipe:
        return replace(self.recipe, epochs=epochs(task) if self.epochs is None else self.epochs)

    def run(self, folder: Path, tell: Tell, stopped: Callable[[], bool]) -> Outcome | None:
        """The table; None if ``stopped`` has said so. Trials that are finished in ``folder`` are not run again."""
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for task in self.tasks:
            for seed in range(self.seeds):
                for method in self.methods:
                    trial = Trial(task, self.size, self.recipe_for(task), method, seed)
                    place = folder / f"{task.name}-{self.size.unit}-{method}-{seed}"
                    result = trial.run(place, tell, stopped)
                    if result is None:
                        return None
                    found.setdefault((task.name, method), []).append(result)
        figures = [self._figures(task, {method: found[task.name, method] for method in self.methods}) for task in self.tasks]
        settings = {"seeds": self.seeds, **asdict(self.size)}
        return Outcome(settings, [row(figure) for figure in figures], judged(figures), {"figures": figures})

    @staticmethod
    def draw(outcome: Outcome, figure: Figure) -> None:
        """Accuracies with their deviations, a group for each set; regressions are in the table alone."""
        sets = [found for found in outcome.series["figures"] if found["classes"]]
        axes = figure.subplots()
        for place, (method, colour) in enumerate(zip(METHODS, (plots.BLUE, plots.GREEN, plots.ORANGE), strict=True)):
            points = [(i + 0.2 * (place - 1), found["methods"][method]) for i, found in enumerate(sets) if method in found["methods"]]
            if points:
                at, scores = zip(*points, strict=True)
                spread = [score["deviation"] or 0.0 for score in scores]
                axes.errorbar(at, [score["mean"] for score in scores], spread, fmt="o", ms=4, capsize=3, color=colour, label=method)
        axes.set(ylabel="test accuracy, %", ylim=(0, 105))
        axes.set_xticks(range(len(sets)), [found["set"] for found in sets], rotation=30, ha="right")
        if sets:
            axes.legend(frameon=False)
        plots.dress(axes)

    def _figures(self, task: Task, found: Mapping[str, Sequence[dict[str, Any]]]) -> dict[str, Any]:
        """Numbers of one set; of each method: scores of its seeds, mean and deviation, seconds."""
        unit = 100.0 if task.classes else 1.0
        methods = {}
        for method, results in found.items():
            scores = [unit * result["test"] for result in results]
            methods[method] = {
                "scores": scores,
                "mean": float(np.mean(scores)),
                "deviation": float(np.std(scores, ddof=1)) if len(scores) > 1 else None,
                "seconds": float(np.mean([result["seconds"] for result in results])),
            }
        untrusted = [result["untrusted"] for result in found.get(FIXED, [])]
        return {
            "set": task.name,
            "T": task.steps,
            "epochs": self.recipe_for(task).epochs,
            "classes": len(task.classes),
            "untrusted": float(np.mean(untrusted)) if untrusted else None,
            "methods": methods,
        }


def row(figures: Mapping[str, Any]) -> dict[str, Any]:
    """A set's line of the table."""
    methods = figures["methods"]
    score = f"%, {figures['classes']} classes" if figures["classes"] else "RMS error"
    found = {"set": figures["set"], "T": figures["T"], "epochs": figures["epochs"], "score": score}
    found |= {method: _scored(methods[method], bool(figures["classes"])) for method in methods}
    found["untrusted"] = None if figures["untrusted"] is None else f"{100 * figures['untrusted']:.2g} %"
    return found | {"seconds": " / ".join(f"{methods[method]['seconds']:.0f}" for method in methods)}


def _scored(method: Mapping[str, Any], accuracy: bool) -> str:
    digits = ".1f" if accuracy else ".3g"
    spread = "" if method["deviation"] is None else f" ± {method['deviation']:{digits}}"
    return f"{method['mean']:{digits}}{spread}"


def judged(figures: Sequence[Mapping[str, Any]]) -> list[Check]:
    """The echo in integers beside backpropagation in floats, where both were run; of a regression, a larger error is a loss."""
    both = [figure for figure in figures if {FIXED, BPTT} <= figure["methods"].keys()]
    classified = [figure["methods"] for figure in both if figure["classes"]]
    checks = []
    if classified:
        lost = float(np.mean([methods[BPTT]["mean"] - methods[FIXED]["mean"] for methods in classified]))
        checks.append(Check.at_most(f"{FIXED}: points lost to {BPTT}, mean over {len(classified)} sets", lost, POINTS))
    shares = {figure["set"]: share for figure in both if (share := _deviations_lost(figure)) is not None}
    if shares:
        worst = max(shares, key=lambda name: shares[name])
        checks.append(Check.at_most(f"{FIXED}: pooled deviations lost to {BPTT}, at most (on {worst})", shares[worst], DEVIATIONS))
    return checks


def _deviations_lost(figures: Mapping[str, Any]) -> float | None:
    """By how many pooled deviations the echo is worse than backpropagation; None where there is one seed alone."""
    ours, theirs = (figures["methods"][method] for method in (FIXED, BPTT))
    if ours["deviation"] is None or theirs["deviation"] is None:
        return None
    lost = float(theirs["mean"] - ours["mean"]) * (1 if figures["classes"] else -1)
    pooled = math.hypot(ours["deviation"], theirs["deviation"]) / math.sqrt(2)
    if pooled == 0.0:
        return 0.0 if lost <= 0.0 else math.inf
    return lost / pooled
