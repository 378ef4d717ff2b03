"""What is timed: one training step's gradient of a dense system that reads sequences and whose last midpoint has a loss.

    phi_h = phi + delta/2 mu pi      pi' = pi - delta (a phi_h + W^T tanh(W phi_h + B u + b))      phi' = phi_h + delta/2 mu pi'
    L = sum_b g_b . phi_h[T - 1]

Source: the README's table of potentials, dense. The same numbers go to every contender: the device's codes to the array, what they mean to
the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loschmidt.host.device import Ints
from loschmidt.host.parameters import Floats, codes_of, initial, quantise, real_values
from loschmidt.host.problem import waves
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.shape import Shape

HAMILTONIAN, INPUTS, S, SEED = Hamiltonian.DENSE, 8, 5, 0

#: Gives dL/d(parameters), by name, anew at each call.
Step = Callable[[], dict[str, Floats]]

#: Steps of which inputs are made at once, so that making them takes no more memory than they have.
PIECE = 1000


@dataclass(frozen=True)
class Case:
    """One size: N oscillators, B sequences of T steps, and the name of the formats (`PRESETS`)."""

    oscillators: int
    batch: int
    steps: int
    width: str = "18"

    @property
    def formats(self) -> Formats:
        return PRESETS[self.width]

    @property
    def shape(self) -> Shape:
        """Two contexts for each sequence, and room for all inputs up to `PIECE` steps each."""
        return Shape(
            self.oscillators, INPUTS, 1, 2 * self.batch, 1, self.batch * min(self.steps, PIECE), self.batch, self.batch, self.formats
        )

    def codes(self) -> dict[Parameter, Ints]:
        master = initial(HAMILTONIAN, self.oscillators, INPUTS, np.random.default_rng([SEED, self.oscillators]))
        return quantise(master, HAMILTONIAN, self.shape)

    def values(self) -> dict[str, Floats]:
        """The parameters in real numbers, by name."""
        return {parameter.value: value for parameter, value in real_values(self.codes(), self.formats).items()}

    def inputs(self) -> Ints:
        """(B, T, M) operand codes: slow sines with noise."""
        every = np.empty((self.batch, self.steps, INPUTS), np.int64)
        for b in range(self.batch):
            for low in range(0, self.steps, PIECE):
                count = min(PIECE, self.steps - low)
                rng, time = np.random.default_rng([SEED, b, low]), np.ldexp(np.arange(count, dtype=np.float64), -S)
                every[b, low : low + count] = codes_of(waves(rng, time, INPUTS, (0.05, 0.3), 1), self.formats.operand, "input")
        return every

    def real_inputs(self) -> Floats:
        """The same as real numbers."""
        return np.ldexp(self.inputs().astype(np.float64), -self.formats.operand.fraction)

    def slope(self) -> Floats:
        """g, (B, N)."""
        return np.random.default_rng([SEED, self.batch, 7]).normal(size=(self.batch, self.oscillators))
