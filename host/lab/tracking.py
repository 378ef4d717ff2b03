"""Learning a waveform by echo; the gradient's accuracy and the memory it takes, against the length of the waveform."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import plots
from loschmidt.host.devices import open_device
from loschmidt.host.echo import Readout
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.host.optimiser import Adam
from loschmidt.host.problem import by_echo, by_reference, random_problem
from loschmidt.host.verify import COSINE, agreement
from loschmidt.sim.theory import Floats, Kind, Loss, random_system, waves
from loschmidt.sim.theory.estimate import Meter
from loschmidt.sim.theory.task import task
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

from .cases import NEAR, Case, apart, random_case

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KIND, OSCILLATORS, SEED = Kind.DENSE, 4, 0

#: Of the waveform that is learned, and how: updates, and the rate of the first.
STEPS, UPDATES, RATE = 160, 200, 0.02

#: Loss at the end over loss at the start.
LEARNED = 0.05

LENGTHS = (50, 100, 200, 400, 800, 1600, 3200)
METHODS = {"RHEL": "rhel", "PFVP": "pfvp", "CIVP without residuals": "civp", "adjoint": "adjoint"}

#: Time steps are 2^-S, and on the device 2^-FINE: at the coarser one, the table's kinks add up (see `host.verify`).
INPUTS, S, FINE = 2, 3, 5


def measure(quick: bool, tell: Tell) -> Outcome:
    lengths = LENGTHS[:3] if quick else LENGTHS
    rows = []
    for done, steps in enumerate(lengths):
        tell("gradients against T", done / len(lengths))
        rows.append(_row(steps))
    before, after, losses, target = _learn(40 if quick else UPDATES, tell)
    words = [row["words of RHEL"] for row in rows]
    ratio = rows[-1]["words of adjoint"] / rows[0]["words of adjoint"] / (lengths[-1] / lengths[0])
    checks = [
        Check.at_most("RHEL from the adjoint, at any T", max(row["RHEL"] for row in rows), NEAR),
        Check.at_most("device, 18 bit: 1 - cosine of the worst group, at any T", max(r["device: 1 - cosine"] for r in rows), 1.0 - COSINE),
        Check.at_most("words that the echo keeps: longest less shortest run", max(words) - min(words), 0),
        Check.at_least("words that the adjoint keeps, over the ratio of lengths", ratio, 0.8),
        Check.at_most("loss learned by echo, end over start", losses[-1] / losses[0], 0.5 if quick else LEARNED),
    ]
    about = {"hamiltonian": KIND.name.lower(), "oscillators": OSCILLATORS, "seed": SEED, "waveform steps": STEPS}
    settings = about | {"delta": f"2^-{S}", "the device's": f"2^-{FINE}"}
    series = {"losses": losses, "target": target, "before": before, "after": after}
    return Outcome(settings | {"updates": len(losses) - 1, "rate": RATE}, rows, checks, series)


def _row(steps: int) -> dict[str, Any]:
    """Relative errors, the device's gradient beside backpropagation, and words kept."""
    case = random_case(KIND, steps, OSCILLATORS, SEED)
    found = {name: case(method, **({"residual": False} if method == "civp" else {})) for name, method in METHODS.items()}
    exact = found["adjoint"].parameters
    shape = Shape(OSCILLATORS, INPUTS, OSCILLATORS, 2, 2, steps, steps, steps)
    problem = random_problem(Hamiltonian[KIND.name], FINE, shape, steps, SEED)
    device = open_device("emulator", shape)
    try:
        measured = by_echo(problem, device, Readout.EVERY).parameters
    finally:
        device.close()
    wanted = by_reference(problem, Readout.EVERY)
    errors = {name: apart(estimate.parameters, exact) for name, estimate in found.items() if name != "adjoint"}
    words = {f"words of {name}": found[name].cost.memory_words for name in ("RHEL", "adjoint")}
    cosine = min(agreement(group, wanted[name])[0] for name, group in measured.items())
    return {"T": steps} | errors | {"device: 1 - cosine": 1.0 - cosine} | words


def _learn(updates: int, tell: Tell) -> tuple[list[float], list[float], list[float], list[float]]:
    """One oscillator's waveform before and after, the losses, and the waveform wanted: another system's, under the same input."""
    loss = Loss(np.eye(OSCILLATORS)[0])
    teacher, student = (random_system(KIND, OSCILLATORS, 2, seed, loss=loss) for seed in (SEED + 7, SEED))
    student = replace(student, position0=teacher.position0, momentum0=teacher.momentum0)
    inputs = waves(STEPS, 2, student.delta, SEED + 1)
    targets = _positions(Case(teacher, inputs, np.zeros((STEPS, OSCILLATORS))))
    case = Case(student, inputs, targets)
    before = _positions(case)
    adam, master = Adam(), {"theta": student.theta.copy()}
    losses: list[float] = []
    for update in range(updates + 1):
        tell("learning", update / updates)
        case = Case(replace(student, theta=master["theta"]), inputs, targets)
        found = case("rhel")
        losses.append(found.loss)
        if update < updates:
            adam.update(master, {"theta": found.parameters}, RATE * (1.0 - update / updates))
            np.maximum(master["theta"][-OSCILLATORS:], 0.05, out=master["theta"][-OSCILLATORS:])
    first = [wave[:, 0].tolist() for wave in (before, _positions(case), targets)]
    return first[0], first[1], losses, first[2]


def _positions(case: Case) -> Floats:
    """Midpoints of the free motion, (T, N)."""
    midpoints = task(case.system, case.inputs, case.targets).free(Meter()).midpoints
    if midpoints is None:
        raise RuntimeError("a free run keeps its midpoints")
    return np.asarray(midpoints, np.float64)


def draw(outcome: Outcome, figure: Figure) -> None:
    figure.set_size_inches(12.0, 4.4)
    waveform, accuracy, memory = figure.subplots(1, 3, width_ratios=(1.4, 1.0, 1.0))
    time = 2.0**-S * np.arange(len(outcome.series["target"]))
    for name, colour, look in (("target", plots.ORANGE, {"lw": 4.0, "alpha": 0.5}), ("before", plots.FAINT, {}), ("after", plots.BLUE, {})):
        waveform.plot(time, outcome.series[name], color=colour, label=name, **look)
    losses = outcome.series["losses"]
    waveform.set(xlabel="time", ylabel="position", title=f"loss {losses[0]:.3g} to {losses[-1]:.2g} in {len(losses) - 1} updates")
    lengths = [row["T"] for row in outcome.rows]
    looks = {"RHEL": (plots.BLUE, "-"), "PFVP": (plots.GREEN, "--"), "CIVP without residuals": (plots.ORANGE, "-")}
    for name, (colour, style) in looks.items():
        accuracy.plot(lengths, [row[name] for row in outcome.rows], ls=style, marker="o", ms=3.5, color=colour, label=f"{name}: error")
    cosines = [max(row["device: 1 - cosine"], 1e-16) for row in outcome.rows]
    accuracy.plot(lengths, cosines, "s-", ms=3.5, color=plots.INK, label="device, 18 bit: 1 - cosine")
    accuracy.set(xscale="log", yscale="log", ylim=(1e-14, 1e3), xlabel="T", title="gradient, beside backpropagation")
    for name, colour in (("RHEL", plots.BLUE), ("adjoint", plots.ORANGE)):
        memory.plot(lengths, [row[f"words of {name}"] for row in outcome.rows], "o-", ms=3.5, color=colour, label=name)
    memory.set(xscale="log", yscale="log", xlabel="T", title="numbers kept")
    for axes in (waveform, accuracy, memory):
        plots.dress(axes)
        axes.legend(frameon=False, fontsize=8)


EXPERIMENT = Experiment(
    "tracking",
    "a waveform learned by echo; accuracy and memory against its length",
    """Does the gradient hold on long sequences, and what must be remembered?

One of four oscillators learns to move as an oscillator of another system does. The echo's gradient is backpropagation's at any length, on
the device in 18 bits as well, and it keeps as much for a long waveform as for a short one, while backpropagation keeps every step. (An echo
that is nudged at every step needs the nudges again on its way back: live, computed there, as here; or frozen, as the device streams them.)

Exit status 1 if the echo leaves backpropagation's gradient, if what it keeps grows, or if the waveform is not learned.""",
    measure,
    draw,
)
