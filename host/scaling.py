"""From real data to operand codes: per-channel statistics of the training set, and one gain that keeps products from clipping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.fixed import Format

from .errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: The training set fills at most this share of the operand's range: an unseen sample may be twice as large.
SHARE = 0.5


@dataclass(frozen=True)
class Scaling:
    """x -> (x - mean) * factor, per channel.

    Members
    -------
    mean, factor : (M,); ``factor`` is a gain, common to all channels, over the channel's standard deviation
    """

    mean: Floats
    factor: Floats

    @classmethod
    def fit(cls, samples: Sequence[Floats], operand: Format) -> Scaling:
        """Statistics of the training set alone. A channel that never changes is only centred."""
        rows = np.concatenate(list(samples))
        mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        factor = 1.0 / np.where(deviation > 0.0, deviation, 1.0)
        largest = float(np.max(np.abs((rows - mean) * factor)))
        limit = SHARE * operand.highest * operand.lsb
        return cls(mean, factor * min(1.0, limit / largest) if largest > 0.0 else factor)

    @classmethod
    def whole(cls, samples: Sequence[Floats]) -> Scaling:
        """For values that are weighed before they reach a device: each centred, all in units of one deviation."""
        rows = np.concatenate(list(samples))
        deviation = float((rows - rows.mean(axis=0)).std())
        return cls(rows.mean(axis=0), np.full(rows.shape[1], 1.0 / deviation if deviation > 0.0 else 1.0))

    def apply(self, sample: Floats) -> Floats:
        """(T, M) real data in units of the device."""
        if sample.shape[1] != len(self.mean):
            raise DataError(f"the data have {sample.shape[1]} channels, the model was trained on {len(self.mean)}")
        scaled: Floats = (sample - self.mean) * self.factor
        return scaled

    def to_arrays(self, prefix: str) -> dict[str, Floats]:
        return {f"{prefix}/mean": self.mean, f"{prefix}/factor": self.factor}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> Scaling:
        return cls(np.asarray(arrays[f"{prefix}/mean"], np.float64), np.asarray(arrays[f"{prefix}/factor"], np.float64))


def codes(scaled: Floats, operand: Format) -> tuple[Ints, int]:
    """Operand codes (T, M), and how many values lay outside the operand's range and were taken to its end."""
    real = np.rint(np.ldexp(scaled, operand.fraction))
    inside = np.clip(real, -operand.highest, operand.highest)
    return inside.astype(np.int64), int(np.count_nonzero(real != inside))
