"""Problems of the theory's experiments, and how far two gradients are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from loschmidt.sim.theory import Estimate, Floats, Kind, System, gradient, random_system, waves

#: Where finite differences and rounding leave off: what is exact agrees to this, relative.
NEAR = 1e-6


@dataclass(frozen=True)
class Case:
    """A system with a sequence of inputs (T, M) and targets (T, N); or (M,) and (N,)."""

    system: System
    inputs: Floats
    targets: Floats

    def __call__(self, method: str, **options: Any) -> Estimate:
        return gradient(self.system, self.inputs, self.targets, method, **options)


def random_case(kind: Kind, steps: int, oscillators: int, seed: int, **settings: Any) -> Case:
    """One of the four Hamiltonians, driven by waves towards waves; ``settings`` are those of `System`."""
    system = random_system(kind, oscillators, 2, seed, **settings)
    return Case(system, waves(steps, 2, system.delta, seed + 1), waves(steps, oscillators, system.delta, seed + 2))


def apart(found: Floats, wanted: Floats) -> float:
    """Relative distance."""
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def order(widths: Floats, errors: Floats) -> float:
    """The slope of log error over log width."""
    return float(np.polyfit(np.log(widths), np.log(errors), 1)[0])
