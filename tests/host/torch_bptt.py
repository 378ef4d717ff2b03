"""The array's layer written anew in PyTorch, unrounded, from the table of potentials: backpropagation through time by autograd.

Nothing is shared with what is tested but names and shapes of the parameters.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from loschmidt.host.torch import EchoLayer

Values = Mapping[str, Tensor]


def _logcosh(z: Tensor) -> Tensor:
    return torch.logaddexp(z, -z) - torch.log(torch.tensor(2.0))


def springs(w: Values, q: Tensor, u: Tensor) -> Tensor:
    """Each pair of oscillators once."""
    i, j = torch.triu_indices(q.shape[1], q.shape[1], 1)
    pairs = torch.sum(w["coupling"] * (q[:, j] - q[:, i]) ** 2)
    return (torch.sum(w["stiffness"] * q**2) + pairs) / 2 - torch.sum(q * (u @ w["input_weight"].T))


def linear(w: Values, q: Tensor, u: Tensor) -> Tensor:
    return torch.sum(w["stiffness"] * q**2) / 2 - torch.sum(q * (u @ w["input_weight"].T))


def diagonal(w: Values, q: Tensor, u: Tensor) -> Tensor:
    z = w["gain"] * q + u @ w["input_weight"].T + w["bias"]
    return torch.sum(w["stiffness"] * q**2 / 2 + _logcosh(z) / w["gain"])


def dense(w: Values, q: Tensor, u: Tensor) -> Tensor:
    z = q @ w["coupling"].T + u @ w["input_weight"].T + w["bias"]
    return torch.sum(w["stiffness"] * q**2) / 2 + torch.sum(_logcosh(z))


POTENTIALS: dict[str, Callable[[Values, Tensor, Tensor], Tensor]] = {
    "springs": springs,
    "linear": linear,
    "diagonal": diagonal,
    "dense": dense,
}


class Bptt(nn.Module):
    """A layer's twin in float64, with its values."""

    def __init__(self, layer: EchoLayer) -> None:
        super().__init__()
        system = layer.layer
        self.potential, self.delta, self.readout = POTENTIALS[system.hamiltonian.name.lower()], 2.0**-system.step, system.readout.value
        for name, value in layer.named_parameters():
            self.register_parameter(name, nn.Parameter(value.detach().double().clone()))

    def forward(self, inputs: Tensor, lengths: Any = None, state: tuple[Tensor, Tensor] | None = None) -> Tensor:
        count, steps, _ = inputs.shape
        w = dict(self.named_parameters())
        ends = torch.full((count,), steps) if lengths is None else torch.as_tensor(lengths)
        if state is None:
            rest = torch.zeros(count, len(w["inverse_mass"]), dtype=torch.float64)
            state = (w.get("position0", rest).expand_as(rest), w.get("momentum0", rest).expand_as(rest))
        q, p = state
        drift, seen = self.delta / 2 * w["inverse_mass"], []
        for k in range(steps):
            middle = q + drift * p
            with torch.enable_grad():
                x = middle if middle.requires_grad else middle.detach().requires_grad_()
                (force,) = torch.autograd.grad(self.potential(w, x, inputs[:, k]), x, create_graph=True)
            kicked = p - self.delta * force
            active = (k < ends)[:, None]
            seen.append(middle * active)
            q, p = torch.where(active, middle + drift * kicked, q), torch.where(active, kicked, p)
        every = torch.stack(seen, dim=1)
        if self.readout == "every":
            return every
        if self.readout == "mean":
            return every.sum(dim=1) / ends[:, None]
        return every[torch.arange(count), ends - 1]


def twin(model: nn.Module) -> nn.Module:
    """A copy of the model in float64, its arrays replaced by their twins."""
    if isinstance(model, EchoLayer):
        return Bptt(model)
    clone = copy.copy(model)
    clone._parameters = {name: None if p is None else nn.Parameter(p.detach().double().clone()) for name, p in model._parameters.items()}
    clone._modules = {name: twin(cast(nn.Module, module)) for name, module in model._modules.items()}
    return clone
