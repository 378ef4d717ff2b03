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

#: Units in the last place by which numbers may differ that were meant to be equal.
_ROUNDING = 8


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
        """Measure the training set alone. A channel that never changes is only centred.

        Raises
        ------
        DataError
            A few values are so far away from the rest of their channel that nothing of the rest would be left in the
            operand's format. The message names the farthest one's sample, channel and step.
        """
        rows = np.concatenate(list(samples))
        mean, deviation = deviations(samples)
        factor = 1.0 / np.where(deviation > 0.0, deviation, 1.0)
        largest = float(np.max(np.abs((rows - mean) * factor)))
        limit = SHARE * operand.highest * operand.lsb
        found = cls(mean, factor * min(1.0, limit / largest) if largest > 0.0 else factor)
        _check_outliers(samples, found, operand)
        return found

    @classmethod
    def whole(cls, samples: Sequence[Floats]) -> Scaling:
        """For values that are weighed before they reach a device: each centred, all in units of one deviation."""
        rows = np.concatenate(list(samples))
        mean, each = deviations(samples)
        deviation = float((rows - mean).std()) if each.any() else 0.0
        return cls(rows.mean(axis=0), np.full(rows.shape[1], 1.0 / deviation if deviation > 0.0 else 1.0))

    def apply(self, sample: Floats) -> Floats:
        """(T, M) real data in units of the device."""
        if sample.shape[1] != len(self.mean):
            raise DataError(f"the data have {sample.shape[1]} channels, the model was trained on {len(self.mean)}")
        scaled: Floats = (sample - self.mean) * self.factor
        return scaled

    def restore(self, scaled: Floats) -> Floats:
        """Return real data (T, M) from units of the device: the inverse of `apply`."""
        real: Floats = scaled / self.factor + self.mean
        return real

    def to_arrays(self, prefix: str) -> dict[str, Floats]:
        return {f"{prefix}/mean": self.mean, f"{prefix}/factor": self.factor}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> Scaling:
        return cls(np.asarray(arrays[f"{prefix}/mean"], np.float64), np.asarray(arrays[f"{prefix}/factor"], np.float64))


def deviations(samples: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Measure each channel over all samples.

    A deviation that is rounding counts as zero, as dividing by it would turn rounding into a signal. The sum of n equal numbers
    is off by up to n units in the last place, so where a deviation is that small the channel is measured again, from its first
    value on; there equal numbers are zeros.

    Parameters
    ----------
    samples : sequence of (T_b, M) float64

    Returns
    -------
    mean, deviation : (M,) float64
    """
    rows = np.concatenate(list(samples))
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    last_place = np.finfo(np.float64).eps * np.abs(rows).max(axis=0)
    for channel in np.flatnonzero(deviation <= len(rows) * last_place):
        shifted = rows[:, channel] - rows[0, channel]
        span = np.abs(shifted).max()
        varies = span > max(_ROUNDING * last_place[channel], np.finfo(np.float64).tiny)
        mean[channel] = rows[0, channel] + shifted.mean()
        deviation[channel] = span * (shifted / span).std() if varies else 0.0  # squares of tiny numbers would be zero
    return mean, deviation


def _check_outliers(samples: Sequence[Floats], scaling: Scaling, operand: Format) -> None:
    """Refuse a channel of which at least the middle half differs by less than one code, although its values differ."""
    rows = np.concatenate(list(samples))
    low, high = np.quantile(rows, (0.25, 0.75), axis=0)
    middle = high - low
    erased = np.flatnonzero(
        (middle > 0.0) & (middle * scaling.factor < operand.lsb) & (np.ptp(rows, axis=0) * scaling.factor > operand.lsb)
    )
    if not len(erased):
        return
    channel = int(erased[0])
    centre = float(np.median(rows[:, channel]))
    farthest = [float(np.max(np.abs(sample[:, channel] - centre))) for sample in samples]
    number = int(np.argmax(farthest))
    step = int(np.argmax(np.abs(samples[number][:, channel] - centre)))
    where = f"sample {number + 1}, channel {channel + 1}, step {step + 1}"
    raise DataError(
        f"{where} is {samples[number][step, channel]:g}: beside it nothing would be left of that channel, half of which lies "
        f"from {low[channel]:g} to {high[channel]:g}: remove it, or train on logarithms"
    )


def codes(scaled: Floats, operand: Format) -> tuple[Ints, int]:
    """Operand codes (T, M), and how many values lay outside the operand's range and were taken to its end."""
    real = np.rint(np.ldexp(scaled, operand.fraction))
    inside = np.clip(real, -operand.highest, operand.highest)
    return inside.astype(np.int64), int(np.count_nonzero(real != inside))
