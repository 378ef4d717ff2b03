"""Problems on which methods are compared, and the measure of agreement."""

from __future__ import annotations

from typing import Any

import numpy as np

from loschmidt.sim.theory import Estimate, Floats, Kind, System, gradient, random_system, waves

KINDS = tuple(Kind)


class Case:
    """A random system of one of the four Hamiltonians, driven by waves towards waves."""

    def __init__(self, kind: Kind, steps: int = 60, oscillators: int = 3, seed: int = 0, **settings: Any) -> None:
        self.system: System = random_system(kind, oscillators, 2, seed, **settings)
        self.inputs = waves(steps, 2, self.system.delta, seed + 1)
        self.targets = waves(steps, oscillators, self.system.delta, seed + 2)

    def __call__(self, method: str, **options: Any) -> Estimate:
        return gradient(self.system, self.inputs, self.targets, method, **options)


def apart(found: Floats | None, wanted: Floats | None) -> float:
    """Relative distance."""
    assert found is not None
    assert wanted is not None
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))
