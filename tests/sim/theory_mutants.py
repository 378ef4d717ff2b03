"""Ways to get the theory wrong, one line each: every one must move a gradient away from the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from loschmidt.sim.theory import action, adjoint, echo, equilibrium, gain, glep, motion, natural, pfvp, rest, system, task
from loschmidt.sim.theory.derivatives import Floats, Numbers


@dataclass(frozen=True)
class Mutant:
    """``owner.name`` replaced by ``wrong(right)``; the method that must notice, and on which boundary conditions."""

    what: str
    method: str
    owner: object
    name: str
    wrong: Callable[[Any], Any]
    damping: float = 0.0

    def plant(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(self.owner, self.name, self.wrong(getattr(self.owner, self.name)))


def _no_flip(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(task: Any, end: echo.Forward, *rest: Any) -> Any:
        return right(task, echo.Forward(end.position, -end.momentum, end.loss, end.push), *rest)

    return wrong


def _same_order(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given, descending=False, **more: right(*given, descending=False, **more)


def _negated(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: -right(*given)


def _without(place: str) -> Callable[[Any], Any]:
    """Residuals with one of their terms dropped."""

    def dropped(right: Callable[..., dict[str, Floats]]) -> Callable[..., dict[str, Floats]]:
        return lambda *given: {name: 0 * value if place in name else value for name, value in right(*given).items()}

    return dropped


def _other_sign(right: Callable[..., dict[str, Floats]]) -> Callable[..., dict[str, Floats]]:
    return lambda *given: {name: -value for name, value in right(*given).items()}


def _not_turned(right: Callable[..., Any]) -> Callable[..., Any]:
    """The way back with its velocity as it came."""

    def wrong(motion: Any, theta: Numbers, start: tuple[Numbers, Numbers], *given: Any, descending: bool = False, **more: Any) -> Any:
        start = (start[0], -start[1]) if descending else start
        return right(motion, theta, start, *given, descending=descending, **more)

    return wrong


def _one_sided(right: Callable[..., Any]) -> Callable[..., Any]:
    """The nudge of a negative beta left out: the same on either side."""
    return lambda self, beta: right(self, np.abs(beta))


def _at_the_start(right: Callable[..., Any]) -> Callable[..., Any]:
    """The loss's slope, and so the nudge, where the step begins: as if the step observed were another."""
    return lambda self, k, x: right(self, max(k - 1, 0), x)


def _half(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: right(*given) / 2


MUTANTS = [
    Mutant("the echo does not flip", "rhel", echo, "echo", _no_flip),
    Mutant("the echo takes its inputs in ascending order", "rhel", echo, "travel", _same_order),
    Mutant("the nudge has the other sign", "rhel", task.Task, "nudge", lambda right: lambda self, beta: right(self, -beta)),
    Mutant("both echoes have the same nudge", "rhel", task.Task, "nudge", _one_sided),
    Mutant("the echo's nudge is a step late", "rhel", task.Task, "slope", _at_the_start),
    Mutant("the final value problem keeps its velocity", "pfvp", pfvp, "travel", _not_turned),
    Mutant("the final value problem takes its inputs in ascending order", "pfvp", pfvp, "travel", _same_order),
    Mutant("the nudge has the other sign", "pfvp", task.Task, "nudge", lambda right: lambda self, beta: right(self, -beta)),
    Mutant("one term of the residual is dropped", "civp", glep, "residuals", _without("dp/dbeta")),
    Mutant("the other term of the residual is dropped", "civp", glep, "residuals", _without("dp/dtheta")),
    Mutant("the residual has the other sign", "civp", glep, "residuals", _other_sign),
    Mutant("the residual at the end is dropped", "glep", glep, "residuals", _without("T:")),
    Mutant("the residual at the start is dropped", "glep", glep, "residuals", _without("0:")),
    Mutant("the residual has the other sign", "glep", glep, "residuals", _other_sign),
    Mutant("the action's slope lacks half its nudge", "cbvp", system.Loss, "slope", _half),
    Mutant("the action's parameters have the other sign", "cbvp", action.Action, "by_parameter", _negated),
    Mutant("the way back has no gain", "gain-echo", gain, "replace", lambda right: lambda system, damping: right(system), 0.2),
    Mutant("rest is asked with the nudge's other sign", "ep", rest, "force", lambda right: lambda a, s, t, b: right(a, s, t, -b)),
    Mutant("the energy's parameters have the other sign", "ep", equilibrium, "by_parameter", _negated),
    Mutant("second derivatives are halved", "implicit", equilibrium, "along", lambda right: lambda *a, **b: right(*a, **b) / 2),
    Mutant(
        "a drift is forgotten on the way back",
        "adjoint",
        adjoint,
        "bend",
        lambda right: lambda s, q, p, u, a, b: right(s, q, p, u, a, 0 * b),
    ),
    Mutant("products are halved", "rhel", natural.Natural, "by_parameter", _half),
    Mutant("momentum is taken for velocity", "pfvp", natural.NaturalLagrangian, "velocity", lambda right: lambda self, q, p, u, t: p),
    Mutant("the motion does not drift at its end", "adjoint", motion.HamiltonianMotion, "step", lambda right: _undrifted(right)),
]


def _undrifted(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(self: Any, *given: Any) -> Any:
        moment = right(self, *given)
        return motion.Moment(moment.midpoint, moment.midpoint, moment.momentum, moment.product)

    return wrong
