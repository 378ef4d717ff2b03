"""How something that does not change in time enters: as the positions from which the system is let go.

phi_0 = E x, pi_0 = 0, no input afterwards. An echo brings dL/dphi_0 home, and so dL/dE = sum_b dL/dphi_0 x^T: the initial state is learned
like any other weight (Hamiltonian echo backpropagation, Lopez-Pastor & Marquardt 2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The master weight E, (N, P) for samples of P values.
NAME = "encoder"

#: Words of the input vector that a device has at the least; they stay zero.
IDLE = 1


def initial(oscillators: int, values: int, generator: np.random.Generator) -> Floats:
    """Positions of variance 1/4 from values of variance 1: where tanh begins to bend."""
    return generator.normal(0.0, 0.5 / np.sqrt(values), (oscillators, values))


class Encoder:
    """Turns samples (1, P) into starts.

    Parameters
    ----------
    steps : T, how long the system runs from there
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._weight = np.zeros((0, 0))
        self._samples = np.zeros((0, 0))

    def load(self, masters: Mapping[str, Floats]) -> None:
        self._weight = masters[NAME]

    def enter(self, samples: Sequence[Floats]) -> tuple[list[Floats], Floats]:
        """Inputs of the runs, (T, `IDLE`) of zeros each, and their starts, (B, N)."""
        self._samples = np.concatenate(list(samples))
        return [np.zeros((self._steps, IDLE))] * len(samples), self._samples @ self._weight.T

    def gradient(self, by_position0: Floats) -> dict[str, Floats]:
        """dL/dE from dL/dphi_0 (B, N) of the samples that entered last."""
        return {NAME: by_position0.T @ self._samples}
