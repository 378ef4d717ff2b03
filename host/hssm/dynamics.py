"""Uncoupled oscillators as a PyTorch function of their parameters and inputs, with a choice of how its gradient is taken.

    echo-fixed   in integers, on a device, by two nudged echoes: `host.torch`
    echo-float   in float64, by two nudged echoes
    bptt         in float64, backpropagation through the same steps

All three take the same steps from rest, and differ in rounding and in the gradient's way alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from loschmidt.host.errors import ConfigError
from loschmidt.host.layer import Layer
from loschmidt.host.torch import respond
from loschmidt.sim import uncoupled

#: The ways to a gradient.
FIXED, FLOAT, BPTT = METHODS = ("echo-fixed", "echo-float", "bptt")

#: Of the echo in floats: the deviation that a nudge may cause is about this at most. Curvature then costs its square, and rounding 1e-10.
DEVIATION = 2.0**-12


class Dynamics:
    """N oscillators that M inputs drive, from rest; what is seen are all midpoint positions.

    Parameters
    ----------
    inputs, oscillators : M, N
    hamiltonian : ``linear`` or ``diagonal``
    step : s of the time step ``delta = 2**-s``
    method : one of `METHODS`
    formats : of `FIXED`: the device's, by name

    Members
    -------
    layer : of `FIXED`: the device, and what its last gradient was like (`Layer.report`); else None
    """

    def __init__(self, inputs: int, oscillators: int, hamiltonian: str, step: int, method: str, formats: str) -> None:
        if method not in METHODS:
            raise ConfigError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
        self.method, self.delta = method, 2.0**-step
        self.layer: Layer | None = None
        if method == FIXED:
            self.layer = Layer(inputs, oscillators, hamiltonian, step=step, readout="every", formats=formats)

    def __call__(self, masters: Mapping[str, Tensor], inputs: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, N), zero past each sequence's length.

        Parameters
        ----------
        masters : by name, as `host.parameters.shapes` has them for the Hamiltonian, where `Layer.constrain` would leave them
        inputs : (B, T, M)
        lengths : (B,)
        """
        if self.layer is not None:
            return respond(self.layer, masters, inputs, lengths)
        drive = inputs @ masters["input_weight"].T
        gain = masters.get("gain", drive.new_zeros(0))
        if "bias" in masters:
            drive = drive + masters["bias"]
        given = (masters["inverse_mass"], masters["stiffness"], gain, drive)
        return cast(Tensor, _Floating.apply(self.method, self.delta, lengths.numpy(), *given))

    def close(self) -> None:
        if self.layer is not None:
            self.layer.close()


class _Floating(torch.autograd.Function):
    """Midpoints in float64, by `sim.uncoupled`."""

    @staticmethod
    def forward(ctx: Any, method: str, delta: float, lengths: np.ndarray[Any, Any], *given: Tensor) -> Tensor:
        mu, a, w, d = (tensor.detach().double().numpy() for tensor in given)
        batch, steps, n = d.shape
        system, drive = uncoupled.Oscillators(mu, a, w), np.ascontiguousarray(d)
        midpoints, end = np.zeros(d.shape), np.zeros((2, batch, n))
        momenta = np.zeros((batch, steps + 1 if method == BPTT else 0, n))
        uncoupled.run(system, delta, lengths, drive, midpoints, momenta, end)
        ctx.of = method, delta, lengths, system, drive, end
        ctx.trajectory = (midpoints, momenta) if method == BPTT else None
        ctx.kinds = [tensor.dtype for tensor in given]
        return torch.from_numpy(midpoints).to(given[3].dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_output: Tensor) -> tuple[Tensor | None, ...]:
        method, delta, lengths, system, drive, end = ctx.of
        slope = np.ascontiguousarray(by_output.double().numpy())
        found = uncoupled.no_slopes(system, drive)
        if method == BPTT:
            midpoints, momenta = ctx.trajectory
            uncoupled.backpropagate(system, delta, lengths, drive, midpoints, momenta, slope, found)
        else:
            norms = np.abs(slope).sum(axis=(1, 2))
            eps = DEVIATION / np.where(norms > 0.0, norms, 1.0)
            uncoupled.echo(system, delta, lengths, drive, end, slope, eps, found)
        return (None, None, None, *(torch.from_numpy(value).to(kind) for value, kind in zip(found, ctx.kinds, strict=True)))
