"""Backpropagation through time in float64: the same system, unrounded, with exact tanh. What an echo is measured against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from loschmidt.sim.reference import Reference, Tape
from loschmidt.spec.formats import Formats
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter

from . import parameters
from .encoder import Encoder
from .engine import Health
from .loss import Output

Floats = NDArray[np.float64]


class BpttEngine:
    """An `Engine` without a device.

    Parameters
    ----------
    hamiltonian, s : the system and its time step ``delta = 2**-s``
    readout : ``last``, ``mean`` or ``every``
    formats : of the device that it stands beside
    encoder : for static samples
    """

    def __init__(self, hamiltonian: Hamiltonian, s: int, readout: str, formats: Formats, encoder: Encoder | None = None) -> None:
        self._hamiltonian = hamiltonian
        self._readout = readout
        self._encoder = encoder
        self._reference = Reference(hamiltonian, s, None, formats)
        self._parameters: dict[Parameter, Floats] = {}
        self._tape: Tape | None = None

    def load(self, masters: Mapping[str, Floats]) -> None:
        self._parameters = _real(masters, self._hamiltonian)
        if self._encoder is not None:
            self._encoder.load(masters)

    def forward(self, inputs: Sequence[Floats]) -> Output:
        rest = np.zeros((len(inputs), len(self._parameters[Parameter.INVERSE_MASS])))
        start = rest
        if self._encoder is not None:
            inputs, start = self._encoder.enter(inputs)
        lengths = np.array([len(sample) for sample in inputs])
        padded = np.zeros((len(inputs), int(lengths.max()), inputs[0].shape[1]))
        for row, sample in zip(padded, inputs, strict=True):
            row[: len(sample)] = sample
        tape = self._reference.forward(self._parameters, padded, lengths, start, rest)
        self._tape = tape
        match self._readout:
            case "last":
                return np.stack([midpoints[length - 1] for midpoints, length in zip(tape.midpoints, lengths, strict=True)])
            case "mean":
                return np.stack([midpoints[:length].mean(axis=0) for midpoints, length in zip(tape.midpoints, lengths, strict=True)])
        return [midpoints[:length] for midpoints, length in zip(tape.midpoints, lengths, strict=True)]

    def backward(self, output: Output) -> tuple[dict[str, Floats], Health]:
        if self._tape is None:
            raise RuntimeError("backward needs a forward before it")
        tape = self._tape
        lengths = tape.active.sum(axis=1)
        by_midpoint = np.zeros_like(tape.midpoints)
        for b, length in enumerate(lengths):
            match self._readout:
                case "last":
                    by_midpoint[b, length - 1] = output[b]
                case "mean":
                    by_midpoint[b, :length] = output[b] / length
                case _:
                    by_midpoint[b, :length] = output[b]
        gradient = self._reference.backward(tape, by_midpoint)
        found = parameters.gradient_from_parameters(gradient.parameters, self._hamiltonian)
        if self._encoder is not None:
            found |= self._encoder.gradient(gradient.position0)
        return found, Health()

    def close(self) -> None:
        self._tape = None


def _real(masters: Mapping[str, Floats], hamiltonian: Hamiltonian) -> dict[Parameter, Floats]:
    """The device's parameters as unrounded numbers; the springs' matrix from its spring constants."""
    real = {p: masters[p.value] for p in DEFINITIONS[hamiltonian].parameters}
    if hamiltonian is Hamiltonian.SPRINGS:
        n = len(masters["stiffness"])
        matrix = np.zeros((n, n))
        matrix[np.triu_indices(n, 1)] = -masters["coupling"]
        matrix += matrix.T
        real[Parameter.COUPLING] = matrix + np.diag(masters["stiffness"] - matrix.sum(axis=1))
    return real
