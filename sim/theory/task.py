"""A system with one sequence of inputs and targets, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .derivatives import Floats, Numbers
from .errors import TheoryError
from .estimate import Meter
from .motion import HamiltonianMotion, Nudge, Passage, travel
from .system import System


@dataclass(frozen=True)
class Task:
    """inputs (T, M) and targets (T, N) of a motion; or (M,) and (N,) of a state of rest."""

    system: System
    inputs: Floats
    targets: Floats

    @property
    def static(self) -> bool:
        """Whether it is the state of rest under a constant input that is asked for."""
        return self.inputs.ndim == 1

    @property
    def steps(self) -> int:
        """T."""
        return len(self.inputs)

    @property
    def measure(self) -> Floats:
        """How much each step's cost counts, (T,)."""
        return self.system.loss.measure(self.steps, self.system.delta)

    def cost(self, midpoints: Numbers) -> Numbers:
        """C of midpoints (T, ..., N); (...)."""
        lead = (self.steps,) + (1,) * (midpoints.ndim - 2)
        targets = self.targets.reshape(*lead, -1)
        total: Numbers = np.tensordot(self.measure, self.system.loss.value(midpoints, targets), axes=1)
        return total

    def slope(self, k: int, x: Numbers) -> Numbers:
        """dC/dx at step k, (..., N)."""
        gradient: Numbers = self.measure[k] * self.system.loss.slope(x, self.targets[k])
        return gradient

    def nudge(self, beta: Floats) -> Nudge:
        """The force +beta dc/dx of the augmented Lagrangian L + beta c (paper eq. 8), for a batch of beta, (K,)."""
        slope, scale = self.slope, beta[:, None]
        measure = self.measure

        def push(k: int, x: Numbers) -> Numbers:
            return scale * slope(k, x) if measure[k] else np.zeros_like(x)

        return push

    def free(self, meter: Meter, theta: Numbers | None = None) -> Passage:
        """The un-nudged motion from the start, kept; theta (..., P)."""
        theta = self.system.theta if theta is None else theta
        return travel(HamiltonianMotion(self.system), theta, self.system.started(theta), self.inputs, meter, keep=True)


def task(system: System, inputs: Floats, targets: Floats, steps: int | None = None) -> Task:
    """Checks shapes. A static input (M,) with ``steps`` is held that long, and its target (N,) with it."""
    inputs, targets = np.asarray(inputs, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    if inputs.ndim == 1 and steps is not None:
        if steps < 1:
            raise TheoryError(f"steps must be at least 1, not {steps}")
        inputs = np.broadcast_to(inputs, (steps, len(inputs)))
    elif steps is not None:
        raise TheoryError("steps is for a static input of shape (M,); this one brings its own number of steps")
    if inputs.ndim == 2 and (targets.ndim == 1 and (system.loss.last or steps is not None)):
        targets = np.broadcast_to(targets, (len(inputs), len(targets)))
    wanted = (*inputs.shape[:-1], system.oscillators)
    if inputs.ndim not in (1, 2) or targets.shape != wanted or 0 in inputs.shape[:-1]:
        raise TheoryError(
            f"inputs (T, M) need targets (T, N), and (M,) need (N,), T > 0: inputs are {inputs.shape}, targets {targets.shape}"
        )
    return Task(system, inputs, targets)
