"""What the training loop asks of whatever computes positions and gradients: echoes on a device, or backpropagation in float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .loss import Output
from .nudge import SampleReport

Floats = NDArray[np.float64]


@dataclass
class Health:
    """What the detector says of gradients; all zero and empty where there is nothing to distrust.

    Members
    -------
    samples : gradients measured
    untrusted, overflow, clip : how many of them were flagged: for any reason, for a wrapped state, for a clipped product
    eps, dev, asym : one value per gradient, see `host.nudge`
    """

    samples: int = 0
    untrusted: int = 0
    overflow: int = 0
    clip: int = 0
    eps: list[float] = field(default_factory=list)
    dev: list[float] = field(default_factory=list)
    asym: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, report: Sequence[SampleReport]) -> Health:
        """Samples that had nothing to learn (eps = 0) are not counted."""
        measured = [sample for sample in report if sample.eps]
        return cls(
            samples=len(measured),
            untrusted=sum(not sample.trusted for sample in measured),
            overflow=sum(sample.overflow for sample in measured),
            clip=sum(sample.clip for sample in measured),
            eps=[sample.eps for sample in measured],
            dev=[sample.dev for sample in measured],
            asym=[sample.asym for sample in measured],
        )

    def add(self, other: Health) -> None:
        self.samples += other.samples
        self.untrusted += other.untrusted
        self.overflow += other.overflow
        self.clip += other.clip
        self.eps += other.eps
        self.dev += other.dev
        self.asym += other.asym


class Engine(Protocol):
    """Runs minibatches, with the weights that were loaded last: from rest, or from where an encoder puts static samples."""

    def load(self, masters: Mapping[str, Floats]) -> None:
        """Take over the system's master weights."""
        ...

    def forward(self, inputs: Sequence[Floats]) -> Output:
        """Free run of scaled samples (T_b, M): the positions that the readout asks for."""
        ...

    def backward(self, output: Output) -> tuple[dict[str, Floats], Health]:
        """Gradient by master weight, summed over the minibatch of the last `forward`; ``output`` is dL/d(its result)."""
        ...

    def close(self) -> None: ...
