"""What "trusted" means, measured: gradients of random systems beside float64 backpropagation.

A detector can fail in two ways: it trusts a gradient that is wrong, or it distrusts one that is
right. `judge` runs any method that returns a gradient and a verdict through the same systems, and
`figures` counts both kinds of failure.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from loschmidt.host import plots, trusted
from loschmidt.host.constraints import project
from loschmidt.host.device import Device
from loschmidt.host.devices import open_device
from loschmidt.host.echo import EchoGradient, Readout
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell, silent
from loschmidt.host.nudge import ASYMMETRY_LIMIT, DEVIATION_LIMIT
from loschmidt.host.parameters import Master, initial
from loschmidt.host.problem import Problem, by_echo, by_reference, problem_of
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Returns one problem's gradient and its verdict, ``report[0].trusted``.
Method = Callable[[Problem, Device, Readout], EchoGradient]

#: What is drawn: N, T (uniform in its logarithm), s, and the word lengths. The last three are taken
#: in turn.
OSCILLATORS, SHORTEST, LONGEST, STEPS = (8, 12, 16), 50, 3000, (2, 3, 4, 5, 6)
INPUTS, SEED = 3, 0

#: How many systems `measure` draws, and how many with ``quick``.
SYSTEMS, FEW = 960, 24

#: A gradient further off than the first is wrong; one within the second is right. Relative errors.
WRONG, RIGHT = 0.05, 0.01

#: Largest share of a Hamiltonian's trusted gradients that may be wrong: what `loschmidt lab trust`
#: measured with its default number of systems and with four times as many, whichever is larger,
#: rounded up to whole per cent.
SHARES = {Hamiltonian.SPRINGS: 0.03, Hamiltonian.LINEAR: 0.02, Hamiltonian.DIAGONAL: 0.04, Hamiltonian.DENSE: 0.02}

#: Other limits of the detector that are tried on the same gradients: of asymmetry and of deviation.
LIMITS = [(2.0**-a, DEVIATION_LIMIT) for a in range(3, 9)] + [(ASYMMETRY_LIMIT, 2.0**-d) for d in (2, 4, 5)]


class Drawn(NamedTuple):
    """A random system with a problem to solve.

    Members
    -------
    hamiltonian, s, bits : the system, its time step ``2**-s``, and the multipliers' width by the
        preset's name
    problem, readout : what is asked of it
    """

    hamiltonian: Hamiltonian
    s: int
    bits: str
    problem: Problem
    readout: Readout


class Judged(NamedTuple):
    """One system's gradient beside the exact one.

    Members
    -------
    hamiltonian, s, bits, oscillators, steps, readout : which system
    trusted, raised, asymmetry, deviation : the detector's verdict; whether a state overflowed or
        was clipped; and what it measured
    whole : relative error of all groups of parameters and the initial state together
    group, worst : relative error of the group that is furthest off, and its name
    """

    hamiltonian: str
    s: int
    bits: str
    oscillators: int
    steps: int
    readout: str
    trusted: bool
    raised: bool
    asymmetry: float
    deviation: float
    whole: float
    group: float
    worst: str


def draw(hamiltonian: Hamiltonian, index: int, seed: int = SEED) -> Drawn:
    """Draw the system of this index: as `parameters.initial`, far more or less strongly coupled.

    Couplings and gains are multiplied by 2^-2 to 2^3, all stiffnesses by 2^-2 to 2^2 and each
    inverse mass by 2^-1 to 2^1; then the parameters are moved to where training would keep them
    (`constraints.project`).
    """
    rng = np.random.default_rng([seed, int(hamiltonian), index])
    s, bits = STEPS[index % len(STEPS)], tuple(PRESETS)[index // len(STEPS) % len(PRESETS)]
    n, steps = int(rng.choice(OSCILLATORS)), round(SHORTEST * (LONGEST / SHORTEST) ** rng.random())
    master = initial(hamiltonian, n, INPUTS, rng)
    for name in {"coupling", "gain"} & master.keys():
        master[name] *= 2 ** rng.uniform(-2, 3)
    master["stiffness"] *= 2 ** rng.uniform(-2, 2)
    master["inverse_mass"] *= 2 ** rng.uniform(-1, 1, n)
    project(master, hamiltonian, s, PRESETS[bits])
    problem = problem_of(master, hamiltonian, s, _shape(n, bits), steps, rng)
    return Drawn(hamiltonian, s, bits, problem, list(Readout)[rng.integers(len(Readout))])


def _shape(n: int, bits: str) -> Shape:
    return Shape(n, INPUTS, n, 2, 2, LONGEST, LONGEST, LONGEST, PRESETS[bits])


def judge(method: Method, systems: int, seed: int = SEED, tell: Tell = silent) -> list[Judged]:
    """Run a method through random systems, as many of each Hamiltonian.

    Parameters
    ----------
    method : returns the gradient and the verdict
    systems : how many; rounded up to a multiple of the number of Hamiltonians
    seed : of the systems
    tell : called with each Hamiltonian's name and the share of its systems that is done
    """
    devices: dict[Shape, Device] = {}
    each, found = math.ceil(systems / len(Hamiltonian)), []
    try:
        for hamiltonian in Hamiltonian:
            for index in range(each):
                tell(hamiltonian.name.lower(), index / each)
                drawn = draw(hamiltonian, index, seed)
                shape = drawn.problem.shape
                if shape not in devices:
                    devices[shape] = open_device("emulator", shape)
                found.append(_judged(drawn, method(drawn.problem, devices[shape], drawn.readout)))
    finally:
        for device in devices.values():
            device.close()
    return found


def _judged(drawn: Drawn, echo: EchoGradient) -> Judged:
    problem, (report,) = drawn.problem, echo.report
    found = echo.parameters | {"position0": echo.position0, "momentum0": echo.momentum0}
    whole, groups = errors(found, by_reference(problem, drawn.readout))
    worst = max(groups, key=groups.__getitem__)
    return Judged(
        hamiltonian=drawn.hamiltonian.name.lower(),
        s=drawn.s,
        bits=drawn.bits,
        oscillators=problem.shape.oscillators,
        steps=len(problem.inputs),
        readout=drawn.readout.value,
        trusted=report.trusted,
        raised=report.overflow or report.clip,
        asymmetry=report.asym,
        deviation=report.dev,
        whole=whole,
        group=groups[worst],
        worst=worst,
    )


def errors(found: Master, expected: Master) -> tuple[float, dict[str, float]]:
    """Relative error of a gradient as a whole, and of each group.

    A gradient that should be zero and is not is infinitely wrong.
    """
    peak = max(float(np.max(np.abs(group), initial=0.0)) for group in expected.values()) or 1.0
    off = {name: float(np.linalg.norm((found[name] - group) / peak)) for name, group in expected.items() if group.size}
    size = {name: float(np.linalg.norm(group / peak)) for name, group in expected.items() if group.size}
    return _ratio(math.hypot(*off.values()), math.hypot(*size.values())), {name: _ratio(off[name], size[name]) for name in off}


def _ratio(off: float, size: float) -> float:
    return off / size if size else math.inf if off else 0.0


def figures(judged: Sequence[Judged], limits: tuple[float, float] | None = None) -> dict[str, Any]:
    """Count a detector's failures.

    Parameters
    ----------
    judged : what `judge` found
    limits : of asymmetry and deviation, instead of the verdicts that were given
    """
    believed = [_believed(one, limits) for one in judged]
    kept = [one for one, believes in zip(judged, believed, strict=True) if believes]
    doubted = [one for one, believes in zip(judged, believed, strict=True) if not believes]
    whole, group = ([one for one in kept if not getattr(one, part) <= WRONG] for part in ("whole", "group"))
    alarms = [one for one in doubted if one.whole <= RIGHT]
    return {
        "systems": len(judged),
        "trusted": len(kept),
        "of these off by > 5 %": len(whole),
        "share, %": 100 * len(whole) / max(1, len(kept)),
        "with a group off by > 5 %": len(group),
        "its share, %": 100 * len(group) / max(1, len(kept)),
        "worst, %": 100 * max((one.whole for one in kept), default=0.0),
        "worst group, %": 100 * max((one.group for one in kept), default=0.0),
        "not trusted": len(doubted),
        "of these within 1 %": len(alarms),
        "false alarms, %": 100 * len(alarms) / max(1, len(doubted)),
    }


def _believed(one: Judged, limits: tuple[float, float] | None) -> bool:
    return one.trusted if limits is None else not one.raised and one.asymmetry < limits[0] and one.deviation < limits[1]


def of_systems(systems: int | None) -> Callable[[bool, Tell], Outcome]:
    """Make `measure` for so many systems; None: `SYSTEMS`, or `FEW` if it is to be quick."""

    def measure(quick: bool, tell: Tell) -> Outcome:
        count = systems or (FEW if quick else SYSTEMS)
        judged = judge(by_echo, count, SEED, tell)
        drawn = f"N = {OSCILLATORS[0]} to {OSCILLATORS[-1]}, T = {SHORTEST:,} to {LONGEST:,}"
        settings = {
            "systems": len(judged),
            "drawn": drawn,
            "seed": SEED,
            "asymmetry below": ASYMMETRY_LIMIT,
            "deviation below": DEVIATION_LIMIT,
        }
        return Outcome(settings, list(_rows(judged)), list(checks(judged)), {"cells": _cells(judged), "points": _points(judged)})

    return measure


def _rows(judged: Sequence[Judged]) -> Iterator[dict[str, Any]]:
    for hamiltonian in Hamiltonian:
        name = hamiltonian.name.lower()
        yield {"by": "hamiltonian", "of": name} | figures([one for one in judged if one.hamiltonian == name])
    for bits in PRESETS:
        for s in STEPS:
            yield {"by": "step", "of": f"2^-{s}, {bits} bits"} | figures([one for one in judged if (one.s, one.bits) == (s, bits)])
    for limits in LIMITS:
        name = f"asymmetry < 2^{round(math.log2(limits[0]))}, deviation < 2^{round(math.log2(limits[1]))}"
        yield {"by": "limit", "of": name} | figures(judged, limits)
    for hamiltonian, exponent in itertools.product(Hamiltonian, range(4, 8)):
        name = hamiltonian.name.lower()
        found = figures([one for one in judged if one.hamiltonian == name], (2.0**-exponent, DEVIATION_LIMIT))
        yield {"by": "both", "of": f"{name}, asymmetry < 2^-{exponent}"} | found


def _cells(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """What `host.trusted` quotes: each Hamiltonian at each time step and word length."""
    cells = []
    for hamiltonian, bits, s in itertools.product(Hamiltonian, PRESETS, STEPS):
        where = (hamiltonian.name.lower(), bits, s)
        found = figures([one for one in judged if (one.hamiltonian, one.bits, one.s) == where])
        about = dict(zip(("hamiltonian", "bits", "step"), where, strict=True))
        cells.append(about | {name: found[key] for name, key in trusted.FIGURES.items()})
    return cells


def _points(judged: Sequence[Judged]) -> dict[str, dict[str, list[list[float]]]]:
    """For the figure: log10 of asymmetry and of the error, by Hamiltonian and verdict."""
    points: dict[str, dict[str, list[list[float]]]] = {h.name.lower(): {"trusted": [], "not trusted": []} for h in Hamiltonian}
    for one in judged:
        place = [round(math.log10(min(max(value, 1e-9), 1e9)), 2) for value in (one.asymmetry, one.whole)]
        points[one.hamiltonian]["trusted" if one.trusted else "not trusted"].append(place)
    return points


def checks(judged: Sequence[Judged], shares: Mapping[Hamiltonian, float] = SHARES) -> Iterator[Check]:
    """Hold each Hamiltonian to a share of wrong gradients, rounded up to whole gradients."""
    for hamiltonian, share in shares.items():
        found = figures([one for one in judged if one.hamiltonian == hamiltonian.name.lower()])
        what = f"{hamiltonian.name.lower()}: of {found['trusted']} trusted gradients off by more than 5 % ({share:.0%})"
        yield Check.at_most(what, found["of these off by > 5 %"], math.ceil(share * found["trusted"]))


def plot(outcome: Outcome, figure: Figure) -> None:
    """Error over asymmetry, one panel for each Hamiltonian."""
    panels = figure.subplots(1, len(Hamiltonian), sharex=True, sharey=True)
    for axes, (name, points) in zip(panels, outcome.series["points"].items(), strict=True):
        for (label, places), colour in zip(points.items(), (plots.BLUE, plots.ORANGE), strict=True):
            axes.plot([x for x, _ in places], [y for _, y in places], ".", ms=3, color=colour, label=label)
        axes.axvline(math.log10(ASYMMETRY_LIMIT), color=plots.FAINT, lw=1)
        axes.axhline(math.log10(WRONG), color=plots.FAINT, lw=1)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("log10 asymmetry")
    panels[0].set_ylabel("log10 relative error of the gradient")
    panels[0].legend(fontsize=8)


EXPERIMENT = Experiment(
    "trust",
    "what a trusted gradient is worth",
    """How often does the detector trust a wrong gradient, and how often does it distrust a right one?

Random systems, tame to chaotic, N of 8 to 16, T of 50 to 3,000, time steps of 2^-2 to 2^-6, at 16,
18 and 25 bits. Each one's gradient by echo is compared with float64 backpropagation. A trusted
gradient off by more than 5 % is a miss; an untrusted one within 1 % is a false alarm. The rows
"limit" judge the same gradients by other limits than the detector's.

Exit status 1 if more of a Hamiltonian's trusted gradients are off by more than 5 % than were when the bounds were set.""",
    of_systems(None),
    plot,
)
