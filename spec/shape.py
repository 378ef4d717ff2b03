"""The array's shape: how many of what, validated, with everything that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .errors import SpecError
from .formats import Formats
from .hamiltonian import DEFINITIONS, Hamiltonian, Parameter

_LIMITS = {
    "oscillators": (1, 65535),
    "inputs": (1, 4096),
    "lanes": (1, 1024),
    "contexts": (1, 1 << 16),
    "ways": (1, 4),
    "input_depth": (1, 1 << 24),
    "nudge_depth": (1, 1 << 24),
    "trace_depth": (1, 1 << 24),
}


#: Most lanes that share an integrator.
TILE = 8


@dataclass(frozen=True)
class Shape:
    """What an array holds.

    Members
    -------
    oscillators : N, those the user sees
    inputs : M, words of one input vector
    lanes : L, one multiplier each; lane l owns oscillators l, l+L, ...; N is padded to L*R
    contexts : states held at once (one sequence each)
    ways : contexts that run at the same time, interleaved on the multipliers
    input_depth, nudge_depth, trace_depth : time steps that each buffer holds, shared by all contexts
    formats : `Formats`
    couplings : whether it holds the N x N couplings and their products; without them N may be thousands, of `hamiltonians` only
    """

    oscillators: int
    inputs: int = 1
    lanes: int = 1
    contexts: int = 4
    ways: int = 2
    input_depth: int = 64
    nudge_depth: int = 64
    trace_depth: int = 64
    formats: Formats = field(default_factory=Formats)
    couplings: bool = True

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or not low <= value <= high:
                raise SpecError(f"{name} must be an integer from {low} to {high}, not {value!r}")
        if not isinstance(self.couplings, bool):
            raise SpecError(f"couplings must be true or false, not {self.couplings!r}")
        if self.lanes > self.oscillators:
            raise SpecError(f"lanes must not outnumber oscillators: {self.lanes} lanes, {self.oscillators} oscillators")

    @property
    def hamiltonians(self) -> tuple[Hamiltonian, ...]:
        """Those that it has the parameters of; the first is the one that it begins with."""
        return tuple(h for h, definition in DEFINITIONS.items() if self.couplings or Parameter.COUPLING not in definition.parameters)

    @property
    def terms(self) -> int:
        """Products of parameters in the longest sum of a step."""
        return (self.padded if self.couplings else 1) + self.inputs

    @property
    def rows(self) -> int:
        """R, oscillators per lane."""
        return -(-self.oscillators // self.lanes)

    @property
    def padded(self) -> int:
        """L*R, the oscillators that the lanes hold; those past `oscillators` rest at zero."""
        return self.lanes * self.rows

    @property
    def tile(self) -> int:
        """Lanes that share an integrator: a power of two, at most `TILE`, no more than hold all lanes."""
        return min(TILE, 1 << (self.lanes - 1).bit_length())

    @property
    def tiles(self) -> int:
        return -(-self.lanes // self.tile)

    @property
    def sum_width(self) -> int:
        """Bits of a lane's sum register."""
        return self.formats.sum_width(self.terms)

    def to_json(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in _LIMITS}
        return {**counts, "formats": self.formats.to_json(), "couplings": self.couplings}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Shape:
        counts = {name: int(data[name]) for name in _LIMITS}
        # Files that are older than the choice hold arrays with couplings.
        return cls(**counts, formats=Formats.from_json(data["formats"]), couplings=bool(data.get("couplings", True)))
