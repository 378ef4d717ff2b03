"""Sequences of unlike length and unlike loss, and their gradients by echo and by backpropagation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loschmidt.host.device import Device
from loschmidt.host.echo import Echo, EchoGradient, Forward, Readout
from loschmidt.host.nudge import NudgePolicy
from loschmidt.host.parameters import codes_of, gradient_from_parameters, initial, quantise, real_values
from loschmidt.host.problem import waves
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.reference import Reference
from loschmidt.spec.activation import table
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

Floats = NDArray[np.float64]
N, M, S = 6, 2, 3
LENGTHS = (40, 17, 1, 29)
WIDE = PRESETS["25"]


class Batch:
    """Four sequences of unlike length and unlike loss, and both their gradients."""

    def __init__(self, hamiltonian: Hamiltonian, formats: Formats = WIDE, lengths: tuple[int, ...] = LENGTHS) -> None:
        rng = np.random.default_rng(11)
        self.hamiltonian, self.formats, self.lengths = hamiltonian, formats, lengths
        self.codes = quantise(initial(hamiltonian, N, M, rng), hamiltonian, Shape(N, M, formats=formats))
        time = np.ldexp(np.arange(max(lengths), dtype=np.float64), -S)
        self.inputs = [codes_of(waves(rng, time[:length], M, (0.05, 0.3), 1), formats.operand, "u") for length in lengths]
        self.position0, self.momentum0 = (codes_of(rng.normal(0, 0.5, (len(lengths), N)), formats.state, "x") for _ in range(2))
        # The weight of each sample's loss: one of them is small enough for its shift to be far from the others'.
        self.weight = np.array([1.0, 30.0, 0.002, 1.0])[: len(lengths)]
        self.target = rng.normal(0, 0.5, (len(lengths), N))

    def echo(self, device: Device, policy: NudgePolicy | None = None) -> Echo:
        echo = Echo(device, self.hamiltonian, S, policy)
        echo.load(self.codes)
        return echo

    def loss_gradient(self, output: Floats | list[Floats], readout: Readout) -> Floats | list[Floats]:
        """Of sum over samples of weight / 2 |output - target|^2, mean over steps where there are several."""
        if readout is Readout.EVERY:
            return [w * (o - t) / len(o) for w, o, t in zip(self.weight, output, self.target, strict=True)]
        return self.weight[:, None] * (np.asarray(output) - self.target)

    def measure(self, device: Device, readout: Readout, policy: NudgePolicy | None = None) -> tuple[Forward, EchoGradient]:
        echo = self.echo(device, policy)
        forward = echo.forward(self.inputs, self.position0, self.momentum0, readout)
        return forward, echo.backward(forward, self.loss_gradient(forward.output, readout), inputs=True)

    def reference(self, readout: Readout) -> dict[str, Floats]:
        f, count, longest = self.formats, len(self.lengths), max(self.lengths)
        reference = Reference(self.hamiltonian, S, table(f), f)
        inputs = np.zeros((count, longest, M))
        for b, u in enumerate(self.inputs):
            inputs[b, : len(u)] = u * f.operand.lsb
        start = [np.ldexp(code.astype(np.float64), -f.state.fraction) for code in (self.position0, self.momentum0)]
        tape = reference.forward(real_values(self.codes, f), inputs, np.array(self.lengths), start[0], start[1])
        gradient = np.zeros_like(tape.midpoints)
        for b, length in enumerate(self.lengths):
            seen = tape.midpoints[b, :length]
            match readout:
                case Readout.EVERY:
                    gradient[b, :length] = self.weight[b] * (seen - self.target[b]) / length
                case Readout.LAST:
                    gradient[b, length - 1] = self.weight[b] * (seen[-1] - self.target[b])
                case Readout.MEAN:
                    gradient[b, :length] = self.weight[b] * (seen.mean(axis=0) - self.target[b]) / length
        result = reference.backward(tape, gradient)
        groups = gradient_from_parameters(result.parameters, self.hamiltonian)
        by_input = np.concatenate([rows[:length] for rows, length in zip(result.inputs, self.lengths, strict=True)])
        return groups | {"position0": result.position0, "momentum0": result.momentum0, "inputs": by_input}


def groups(gradient: EchoGradient) -> dict[str, Floats]:
    """By name; gradients by inputs of all samples, one after another."""
    found = gradient.parameters | {"position0": gradient.position0, "momentum0": gradient.momentum0}
    return found if gradient.inputs is None else found | {"inputs": np.concatenate(gradient.inputs)}


def roomy(formats: Formats = WIDE) -> Device:
    return Emulator(Shape(N, M, contexts=8, input_depth=128, nudge_depth=128, trace_depth=128, formats=formats))
