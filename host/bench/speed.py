"""Time of a training step's gradient: the emulator's echo beside JAX's and PyTorch's backpropagation through time."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.host.parameters import Floats
from loschmidt.host.verify import agreement
from loschmidt.sim.kernels import choose

from . import echo_step, jax_step, torch_step
from .processor import processor
from .workload import INPUTS, SEED, Case, S, Step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OSCILLATORS, BATCHES, STEPS = (16, 64, 256), (1, 32), (100, 1000, 10_000, 100_000, 1_000_000)

#: Larger ones, by B T N^2, would take minutes for every repetition.
MOST = 4.2e9

#: Longer ones are not for PyTorch, whose graph of single operations takes minutes and gigabytes.
EAGER = 10_000

#: A case is repeated until both are reached, but no more often than the last.
ROUNDS, SECONDS, LIMIT = 3, 12.0, 15

#: The case that is held to figures: N, T. What is (format, B) -> the largest ratio to JAX; and to PyTorch, for any.
HELD, TO_JAX = (64, 1000), {("18", 1): 0.9, ("18", 32): 1.0, ("16", 1): 0.5, ("16", 32): 0.6}
TO_TORCH = 0.05

#: Cosine of two gradients by all parameters, the least: that all compute the same thing, though float32 and integers are not equal.
SAME = 0.999

#: Letters that a contender which failed may say in the table.
SAID = 160

JAX, TORCH, COMPILED = "JAX, float32", "PyTorch eager, float32", "PyTorch, compiled steps, float32"


def name(width: str, probe: bool) -> str:
    return f"echo, {width} bits" + (", probe" if probe else "")


def contenders(case: Case, threads: int | None) -> dict[str, Step]:
    """All that compute the case, by name. Each is made when it is first called, so that one which cannot be made keeps no other back."""
    steps = {JAX: late(lambda: jax_step.step(case))}
    if case.steps <= EAGER:
        steps[TORCH] = late(lambda: torch_step.step(case, threads))
    if (case.oscillators, case.steps) == HELD:
        steps[COMPILED] = late(lambda: torch_step.step(case, threads, compiled=True))
    for width in ("16", "18"):
        for probe in (False, True):
            steps[name(width, probe)] = late(partial(_echo, replace(case, width=width), threads, probe))
    return steps


def _echo(case: Case, threads: int | None, probe: bool) -> Step:
    return echo_step.step(case, threads, probe)[0]


def late(make: Callable[[], Step]) -> Step:
    """A step that is made at its first call."""
    made: list[Step] = []

    def step() -> dict[str, Floats]:
        if not made:
            made.append(make())
        return made[0]()

    return step


#: Seconds of every call, and a gradient, by contender; and what those said that have failed.
Timed = tuple[dict[str, list[float]], dict[str, dict[str, Floats]], dict[str, str]]


def timed(steps: dict[str, Step], rounds: int, seconds: float, limit: int) -> Timed:
    """Seconds of every call, one of each contender a turn, so that what else the machine does hits all alike; and the gradients.

    Each turn has an order of its own: PyTorch's graph leaves cold caches behind, in a fixed order always to the same one, which then
    looks slower than those that do more. A contender that fails takes no further part.
    """
    order = random.Random(SEED)
    gradients: dict[str, dict[str, Floats]] = {}
    taken: dict[str, list[float]] = {}
    failed: dict[str, str] = {}

    def call(who: str) -> dict[str, Floats] | None:
        try:
            return steps[who]()
        except Exception as error:  # noqa: BLE001  other people's compilers raise what they like; the table says what
            failed[who] = reason(error)
            taken.pop(who, None)
            gradients.pop(who, None)
            return None

    for who in steps:
        found = call(who)
        if found is not None:
            gradients[who], taken[who] = found, []
    began = time.perf_counter()
    for turn in range(limit):
        if not taken or (turn >= rounds and time.perf_counter() - began > seconds):
            break
        for who in order.sample(list(taken), len(taken)):
            start = time.perf_counter()
            if call(who) is not None:
                taken[who].append(time.perf_counter() - start)
    return taken, gradients, failed


def reason(error: Exception) -> str:
    """The beginning of what an error says, in one line."""
    said = " ".join((str(error).strip() or type(error).__name__).split())
    return said if len(said) <= SAID else f"{said[:SAID]}..."


def cases(quick: bool) -> list[Case]:
    if quick:
        return [Case(8, batch, 50) for batch in (1, 2)]
    every = [Case(n, batch, steps) for n in OSCILLATORS for batch in BATCHES for steps in STEPS]
    return [case for case in every if case.batch * case.steps * case.oscillators**2 <= MOST]


def measure(quick: bool, tell: Tell, threads: int | None = 1) -> Outcome:
    single = threads == 1 and jax_step.single_thread()
    rows: list[dict[str, Any]] = []
    asked = cases(quick)
    for done, case in enumerate(asked):
        tell(f"N = {case.oscillators}, B = {case.batch}, T = {case.steps:,}", done / len(asked))
        rows += table(case, *timed(contenders(case, threads), *((1, 0.0, 1) if quick else (ROUNDS, SECONDS, LIMIT))))
    settings = {"inputs": INPUTS, "s": S, "seed": SEED, "kernel": choose(), "threads": threads or "all"}
    settings["processor"] = processor()
    settings["JAX's threads"] = 1 if single else "its own choice"
    return Outcome(settings, rows, judged(rows, quick))


def table(
    case: Case, taken: dict[str, list[float]], gradients: dict[str, dict[str, Floats]], failed: Mapping[str, str] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """A row for each contender; ratios are medians of each turn's ratio. One that has failed has a row without figures."""
    rows = []
    for who in (*taken, *failed):
        seconds = taken.get(who)
        same = seconds is not None and JAX in gradients
        rows.append(
            {
                "N": case.oscillators,
                "B": case.batch,
                "T": case.steps,
                "what": f"{who}: failed: {failed[who]}" if seconds is None else who,
                "us per step and sequence": None if seconds is None else 1e6 * median(seconds) / (case.steps * case.batch),
                "/ JAX": _ratio(seconds, taken.get(JAX)),
                "/ PyTorch": _ratio(seconds, taken.get(TORCH)),
                "cosine to JAX": agreement(_flat(gradients[who]), _flat(gradients[JAX]))[0] if same else None,
                "turns": len(seconds or ()),
            }
        )
    return rows


def _ratio(seconds: Sequence[float] | None, to: Sequence[float] | None) -> float | None:
    return None if seconds is None or to is None else median(a / b for a, b in zip(seconds, to, strict=True))


def _flat(gradient: dict[str, Floats]) -> Floats:
    """By name, so that an order of the names does not matter."""
    return np.concatenate([gradient[key].ravel() for key in sorted(gradient)])


def judged(rows: Sequence[dict[str, Any]], quick: bool) -> list[Check]:
    """That all compute the same; and the figures, of what was measured with a fixed eps. A reduced set is too small for those."""
    # Late in a long run an integer's rounding may have grown by chaos: the figure is asked where formats of 18 bits are for.
    same = [row["cosine to JAX"] for row in rows if row["T"] <= HELD[1] and "16 bits" not in row["what"]]
    least = min((cosine for cosine in same if cosine is not None), default=math.nan)
    checks = [Check.at_least("gradients: least cosine to JAX's, T <= 1000, 16-bit formats left out", least, SAME)]
    if quick:
        return checks
    for (width, batch), most in TO_JAX.items():
        found = [r for r in rows if (r["N"], r["T"]) == HELD and (r["what"], r["B"]) == (name(width, False), batch)]
        where = f"{name(width, False)}, N = {HELD[0]}, T = {HELD[1]}, B = {batch}"
        for key, limit in (("/ JAX", most), ("/ PyTorch", TO_TORCH)):
            ratio = found[0][key] if found else None
            # What could not be measured is not kept.
            checks.append(Check.at_most(f"{where}: time over {key[2:]}'s", math.nan if ratio is None else ratio, limit))
    return checks


def draw(outcome: Outcome, figure: Figure) -> None:
    """Time over JAX's against T, a panel for each N; whole lines one sequence, broken ones a batch."""
    sizes = sorted({row["N"] for row in outcome.rows})
    panels = figure.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    colours = {name("16", False): plots.BLUE, name("18", False): plots.GREEN, TORCH: plots.ORANGE}
    for axes, n in zip(panels, sizes, strict=True):
        for index, batch in enumerate(sorted({row["B"] for row in outcome.rows})):
            for who, colour in colours.items():
                rows = [r for r in outcome.rows if (r["N"], r["B"], r["what"]) == (n, batch, who)]
                points = [(r["T"], r["/ JAX"]) for r in rows if r["/ JAX"] is not None]
                if not points:
                    continue
                axes.plot(*zip(*points, strict=True), "-o" if index == 0 else "--o", color=colour, ms=4, label=f"{who}, B = {batch}")
        axes.axhline(1.0, color=plots.INK, lw=0.8)
        axes.set(title=f"N = {n}", xscale="log", yscale="log", xlabel="T")
        plots.dress(axes)
    panels[0].set_ylabel("time / JAX's")
    if panels[-1].lines[1:]:
        panels[-1].legend(frameon=False, fontsize=7)


def of_threads(threads: int | None) -> Callable[[bool, Tell], Outcome]:
    """The measurement with that many threads for each contender; None: all cores."""
    return lambda quick, tell: measure(quick, tell, threads)


EXPERIMENT = Experiment(
    "speed",
    "a training step's gradient beside backpropagation through time",
    """How long does a gradient take?

The same dense system, the same numbers: by echo on the emulator (integers; 16- and 18-bit formats; eps fixed, and found by a probe), by
`jax.lax.scan` compiled in float32, and by PyTorch, eager, in float32; for N = 64, T = 1000 with compiled time steps, too. All are taken in
turns in one process, each turn in an order of its own, and a ratio is the median of each turn's. First of all their gradients are compared.

A contender that fails, such as PyTorch's compiler where its folder has a space in its name, has a line that says so; the others go on.

Exit status 1 if gradients differ, or a ratio is above its figure or could not be measured. A reduced set compares gradients only: it is
too small to be timed.""",
    measure,
    draw,
)
