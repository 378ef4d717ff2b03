"""Measuring what the project claims: exact reversal, gradients like float64 backpropagation's, devices that agree to the last bit.

The bounds of a gradient are stated for steps of 2^-5: the default, T = 1000 of them, is some six
periods of an oscillator. The same number of longer steps is a longer time, over which rounding and
the table's kinks add up, and at training's own step many groups are beyond the bounds. `loschmidt
lab time-step` prints how many and how far, for each step and word length; docs/gradients.md has its
table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

from . import rehearsing
from .checks import BOUND_STEP, CHECKS, LINK
from .device import Device
from .echo import EchoGradient, Readout
from .errors import ConfigError
from .nudge import NudgePolicy
from .parameters import Floats
from .problem import Problem, by_echo, by_reference, random_problem
from .recorder import Recorder
from .report import Report, Row
from .reversal import reversal

Opener = Callable[[Shape], Device]

#: A gradient passes when its cosine to the reference is at least this, and its norm within this fraction of the reference's.
COSINE, NORM = 0.9999, 0.005

#: Inputs of a run on which no gradient is measured; a longer one takes them again and again.
PERIOD = 1024


def _silent(what: str, share: float) -> None:
    """For callers without a progress bar."""


def verify(
    opener: Opener,
    *,
    hamiltonians: Sequence[Hamiltonian] = tuple(Hamiltonian),
    oscillators: int = 64,
    inputs: int = 8,
    lanes: int | None = None,
    steps: int = 1000,
    s: int = BOUND_STEP,
    seed: int = 0,
    formats: Formats = PRESETS["18"],
    readouts: Sequence[Readout] = tuple(Readout),
    policy: NudgePolicy | None = None,
    against: Opener | None = None,
    checks: Sequence[str] = CHECKS,
    tell: Callable[[str, float], None] = _silent,
) -> Report:
    """Measure one device, and compare it with another where there is one.

    Parameters
    ----------
    opener, against : give a device of a shape
    hamiltonians, readouts : what is measured, each with each
    oscillators, inputs, lanes, formats : the device's shape; lanes as many as oscillators up to 16 by default
    steps, s : T steps of ``delta = 2**-s``
    seed : of parameters, inputs, states and targets
    policy : of the nudges
    checks : some of `CHECKS` and `LINK`
    tell : called now and then with what is being done, and how much of it is done

    Raises
    ------
    SpecError : a shape, time step or format that cannot be
    """
    depth = min(steps, PERIOD)
    shape = Shape(oscillators, inputs, lanes if lanes is not None else min(oscillators, 16), 4, 2, depth, depth, depth, formats)
    measured = set(checks) if against is not None else set(checks) - {"agreement"}
    if not measured or not measured <= {*CHECKS, LINK}:
        wrong = f"not {', '.join(checks) or 'none'}; or {LINK}, which needs no device"
        raise ConfigError(f"checks must be some of {', '.join(CHECKS)}, the last with a second device, {wrong}")
    rows = list(rehearsing.rows(seed, tell)) if LINK in measured else []
    settings: dict[str, Any] = {"device": LINK, "against": None, "steps": steps, "s": s, "seed": seed, "shape": shape.to_json()}
    if measured == {LINK}:
        return Report(settings, rows)
    first, second = _pair(opener, against, shape)
    device = Recorder(first, second is not None)
    other = Recorder(second, True) if second is not None else None
    try:
        for hamiltonian in hamiltonians:
            problem = random_problem(hamiltonian, s, shape, depth if measured == {"reversal"} else steps, seed)
            rows += _rows(problem, device, other, _Plan(measured, steps, readouts, policy, seed, tell))
    finally:
        device.close()
        if other is not None:
            other.close()
    return Report(settings | {"device": device.name, "against": other.name if other else None}, rows)


def _pair(opener: Opener, against: Opener | None, shape: Shape) -> tuple[Device, Device | None]:
    """Both devices, of one shape: a board keeps its own contexts and depths, and the other then takes them."""
    first = opener(shape)
    if against is None:
        return first, None
    second = against(first.shape)
    if second.shape != first.shape:
        first.close()
        first = opener(second.shape)
    return first, second


@dataclass(frozen=True)
class _Plan:
    """What is measured of each Hamiltonian."""

    checks: set[str]
    steps: int
    readouts: Sequence[Readout]
    policy: NudgePolicy | None
    seed: int
    tell: Callable[[str, float], None]


def _rows(problem: Problem, device: Recorder, other: Recorder | None, plan: _Plan) -> Iterator[Row]:
    name = problem.hamiltonian.name.lower()
    if plan.checks & {"reversal", "agreement"}:
        found = list(reversal(problem, device, plan.steps, plan.seed, plan.tell))
        yield from found if "reversal" in plan.checks else ()
    if plan.checks & {"gradient", "agreement"}:
        for done, readout in enumerate(plan.readouts):
            plan.tell(f"{name}: gradient, {readout.value} position", done / len(plan.readouts))
            echo = by_echo(problem, device, readout, plan.policy)
            if "gradient" in plan.checks:
                yield from _gradient_rows(problem, readout, echo)
    if other is not None and "agreement" in plan.checks:
        list(reversal(problem, other, plan.steps, plan.seed, lambda what, share: plan.tell(f"{what}, {other.name}", share)))
        for done, readout in enumerate(plan.readouts):
            plan.tell(f"{name}: gradient, {other.name}", done / len(plan.readouts))
            by_echo(problem, other, readout, plan.policy)
        compared, wrong = device.differences(other)
        yield Row(name, "agreement", f"{device.name} = {other.name}", {"integers": compared, "different": wrong}, "none differ", wrong == 0)


def _gradient_rows(problem: Problem, readout: Readout, echo: EchoGradient) -> Iterator[Row]:
    """Every parameter group, and the initial state."""
    name = problem.hamiltonian.name.lower()
    found = echo.parameters | {"position0": echo.position0, "momentum0": echo.momentum0}
    for group, expected in by_reference(problem, readout).items():
        if expected.size:
            yield _gradient_row(name, f"{readout.value}: {group}", found[group], expected, echo.report[0].trusted)


class Quality(NamedTuple):
    """The gradient rows of a report, in short.

    Members
    -------
    groups, missed : how many there are, and how many of them are beyond the bounds
    cosine, norm : the least cosine, and the largest relative error of a norm
    """

    groups: int
    missed: int
    cosine: float
    norm: float


def quality(report: Report, trusted: bool = False) -> Quality:
    """Sum up the gradient rows of a report; only those that the detector trusts, if so wanted."""
    rows = [row for row in report.rows if row.check == "gradient" and (row.measured["trusted"] or not trusted)]
    cosine = min((row.measured["cosine"] for row in rows), default=1.0)
    norm = max((abs(row.measured["norm"] - 1) for row in rows), default=0.0)
    return Quality(len(rows), sum(not row.passed for row in rows), cosine, norm)


def agreement(found: Floats, expected: Floats) -> tuple[float, float]:
    """Cosine between two gradients, and the first one's norm as a share of the second's."""
    size = float(np.linalg.norm(found)), float(np.linalg.norm(expected))
    cosine = float(np.sum(found * expected)) / (size[0] * size[1]) if all(size) else float(size[0] == size[1])
    return cosine, size[0] / size[1] if size[1] else 1.0 + size[0]


def _gradient_row(name: str, item: str, found: Floats, expected: Floats, trusted: bool) -> Row:
    cosine, ratio = agreement(found, expected)
    passed = cosine >= COSINE and abs(ratio - 1) <= NORM
    return Row(
        name,
        "gradient",
        item,
        {"cosine": cosine, "norm": ratio, "trusted": int(trusted)},
        f"cosine >= {COSINE}, norm within {NORM:.1%}",
        passed,
    )
