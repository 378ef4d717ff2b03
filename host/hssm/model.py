"""The model of RHEL's paper: an encoder, blocks round Hamiltonian units, the mean over time, a decoder.

    block(x) = x + dropout(GLU(dropout(GELU(unit(norm(x))))))        model(u) = decoder(mean over steps of blocks(encoder(u)))

Sources: G. Pourcel and M. Ernoult, "Learning long range dependencies through time reversal symmetry breaking", NeurIPS 2025; its units
are those of LinOSS (linear) and UnICORNN (nonlinear).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from loschmidt.host.constraints import FLOOR
from loschmidt.host.errors import ConfigError

from .dynamics import Dynamics

#: The Hamiltonian of each kind of unit.
UNITS = {"linear": "linear", "nonlinear": "diagonal"}

#: s of the time step: delta = 1, of which each oscillator takes a share of its own.
STEP = 0

#: What a random sequence swings an oscillator by, about: far below the operands' range, for coherent ones do it several times as far.
SWING = 0.125

#: Largest stiffness and gain. Their sum, times the inverse mass of at most 1, stays below 4, the limit of stability.
STIFFEST, STRONGEST = 1.5, 2.0


@dataclass(frozen=True)
class Size:
    """How large a model is.

    Members
    -------
    unit : ``linear`` or ``nonlinear``
    blocks : how many
    width : features between blocks, and inputs of each unit
    oscillators : of each unit
    dropout : share of features
    formats : of the integers of ``echo-fixed``, by name
    """

    unit: str = "linear"
    blocks: int = 2
    width: int = 16
    oscillators: int = 32
    dropout: float = 0.1
    formats: str = "18"

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ConfigError(f"unit must be one of {', '.join(UNITS)}, not {self.unit!r}")
        for name in ("blocks", "width", "oscillators"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0.0 <= self.dropout < 1.0:
            raise ConfigError(f"dropout must be 0 or more and below 1, not {self.dropout:g}")


class HamiltonianUnit(nn.Module):
    """Driven oscillators and a linear readout: y_k = C phi_h[k] + D u_k.

    Each oscillator takes steps of its own, sigmoid(c_i) delta. That is an oscillator of mass 1 / sigmoid(c_i)^2 at the common step: with
    the momentum in units of the share, pi / sigmoid(c), drift and kick are those of the array,

        phi += delta/2 sigma^2 (pi / sigma)        pi / sigma -= delta F(phi, u)

    The stiffness is relu(a_i), as LinOSS has it; both are kept where the time step is stable and the formats hold them.

    Parameters
    ----------
    size : of the model
    method : one of `dynamics.METHODS`
    steps : length of a typical sequence: inputs are weighed so that a random one swings an oscillator by about `SWING`
    """

    def __init__(self, size: Size, method: str, steps: int) -> None:
        super().__init__()
        n, m = size.oscillators, size.width
        self.dynamics = Dynamics(m, n, UNITS[size.unit], STEP, method, size.formats)
        self.share = nn.Parameter(torch.empty(n).uniform_(-2.0, 1.0))
        self.stiffness = nn.Parameter(torch.empty(n).uniform_(0.05, 1.0))
        self.force = SWING * steps**-0.5
        self.input_weight = nn.Parameter(torch.randn(n, m) * m**-0.5)
        self.output_weight = nn.Parameter(torch.randn(m, n) * n**-0.5)
        self.skip = nn.Parameter(torch.randn(m))
        if size.unit == "nonlinear":
            self.gain = nn.Parameter(torch.empty(n).uniform_(0.25, 1.0))
            self.bias = nn.Parameter(torch.zeros(n))

    def masters(self) -> dict[str, Tensor]:
        """What the array is given, by name."""
        found = {
            "stiffness": functional.relu(self.stiffness).clamp(FLOOR, STIFFEST),
            "input_weight": self.force * self.input_weight,
            "inverse_mass": torch.sigmoid(self.share).square().clamp_min(FLOOR),
        }
        if hasattr(self, "gain"):
            found |= {"gain": self.gain.clamp(FLOOR, STRONGEST), "bias": self.bias}
        return found

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, width) from (B, T, width)."""
        positions = self.dynamics(self.masters(), inputs, lengths)
        return positions / SWING @ self.output_weight.T + inputs * self.skip


class Norm(nn.Module):
    """Batch normalisation of each feature over the steps that count."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, affine=False)

    def forward(self, inputs: Tensor, counts: Tensor) -> Tensor:
        normal = torch.zeros_like(inputs)
        normal[counts] = self.norm(inputs[counts])
        return normal


class Block(nn.Module):
    """Normalisation, Hamiltonian unit, GELU, dropout, gated linear unit, dropout, skip."""

    def __init__(self, size: Size, method: str, steps: int) -> None:
        super().__init__()
        self.norm = Norm(size.width)
        self.unit = HamiltonianUnit(size, method, steps)
        self.gate = nn.Linear(size.width, 2 * size.width)
        self.drop = nn.Dropout(size.dropout)

    def forward(self, inputs: Tensor, lengths: Tensor, counts: Tensor) -> Tensor:
        x = self.drop(functional.gelu(self.unit(self.norm(inputs, counts), lengths)))
        return inputs + cast(Tensor, self.drop(functional.glu(self.gate(x), dim=-1)))


class Model(nn.Module):
    """From sequences of ``channels`` to ``outputs`` numbers: logits, or one value.

    Parameters
    ----------
    method : one of `dynamics.METHODS`
    steps : length of a typical sequence
    """

    def __init__(self, channels: int, outputs: int, size: Size, method: str, steps: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(channels, size.width)
        self.blocks = nn.ModuleList(Block(size, method, steps) for _ in range(size.blocks))
        self.decoder = nn.Linear(size.width, outputs)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """(B, outputs) from (B, T, channels), of which the first ``lengths`` (B,) steps count."""
        counts = torch.arange(inputs.shape[1]) < lengths[:, None]
        x = self.encoder(inputs)
        for block in self.blocks:
            x = block(x, lengths, counts)
        mean = (x * counts[..., None]).sum(dim=1) / lengths[:, None]
        return cast(Tensor, self.decoder(mean))

    @property
    def units(self) -> list[HamiltonianUnit]:
        return [cast(Block, block).unit for block in self.blocks]

    def close(self) -> None:
        """Close the units' devices."""
        for unit in self.units:
            unit.dynamics.close()
