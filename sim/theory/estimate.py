"""What every method returns, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .derivatives import Floats


@dataclass(frozen=True)
class Cost:
    """What a method took.

    Members
    -------
    steps : time steps of all trajectories; a sweep over T steps, of a relaxation or a solver, counts as T
    evaluations : how often a force, or what costs as much, was asked for
    memory_words : numbers that are kept at the same time, beside theta, inputs and targets
    """

    steps: int
    evaluations: int
    memory_words: int


@dataclass(frozen=True)
class Estimate:
    """A gradient.

    Members
    -------
    parameters : dC/dtheta, (P,), by way of a learned start included
    initial : dC/d(position0, momentum0), (2 N,), from methods that yield it
    terms : what ``parameters`` is the sum of, (P,) each, and what a method shows beside
    cost : what it took
    loss : C of the un-nudged problem, where the method meets it
    """

    parameters: Floats
    initial: Floats | None
    terms: Mapping[str, Floats]
    cost: Cost
    loss: float = field(default=float("nan"))


@dataclass
class Meter:
    """Counts while a method computes."""

    steps: int = 0
    evaluations: int = 0

    def count(self, batch: tuple[int, ...], evaluations: int = 1) -> None:
        """One step of each trajectory of a batch."""
        trajectories = int(np.prod(batch, dtype=np.int64))
        self.steps += trajectories
        self.evaluations += evaluations * trajectories

    def cost(self, memory_words: int) -> Cost:
        return Cost(self.steps, self.evaluations, memory_words)
