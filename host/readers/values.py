"""What every reader asks of numbers: finite, of a usable size, and without gaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from loschmidt.host.errors import DataError

from .choices import REFUSE

Floats = NDArray[np.float64]

#: Words for a missing value, in lower case.
MISSING = ("", "?", "nan", "na", "n/a", "#n/a", "null", "none", "nat")

#: Largest magnitude of a value: about that of single precision, in which data are recorded. Squares
#: and sums of such values stay far inside double precision.
LARGEST = 1e38


def parse(word: str) -> float | None:
    """Return the number that ``word`` is, NaN for a missing value, None for anything else."""
    word = word.strip()
    if word.lower() in MISSING:
        return float("nan")
    try:
        return None if "_" in word else float(word)
    except ValueError:
        return None


def is_number(word: str) -> bool:
    """Tell whether ``word`` is a number. A missing value is none."""
    value = parse(word)
    return value is not None and not np.isnan(value)


def number(word: str, where: str) -> float:
    """Return the number that ``word`` is, or NaN for a missing value.

    Raises
    ------
    DataError
        ``word`` is no number; the message starts with ``where``.
    """
    value = parse(word)
    if value is None:
        raise DataError(f"{where} is not a number: {word.strip()[:20]!r}")
    return value


def numbers(words: Sequence[str], where: Callable[[int], str]) -> Floats:
    """Return the numbers (n,) that ``words`` are, NaN for missing ones.

    Raises
    ------
    DataError
        A word is no number; ``where`` says how a message names the word at a position, counted from
        0.
    """
    try:
        found = np.array([float(word) for word in words])
    except ValueError:
        found = np.array([number(word, where(position)) for position, word in enumerate(words)])
    for position in np.flatnonzero(["_" in word for word in words]):  # which Python takes for a part of a number
        number(words[position], where(int(position)))
    return found


def check(value: float, where: str) -> None:
    """Raise `DataError`, which starts with ``where``, if a value is infinite or too large."""
    if np.isinf(value):
        raise DataError(f"{where} is {value}: values must be finite")
    if abs(value) > LARGEST:
        raise DataError(f"{where} is {value:g}: values must stay below {LARGEST:g}: remove it, or change the unit")


def refuse_gap(where: str) -> DataError:
    """Return the error for a missing value that nobody wants interpolated."""
    return DataError(f"{where} is nan: missing values are refused, unless --gaps interpolate fills them in")


def settle(sample: Floats, where: str, gaps: str) -> tuple[Floats, int]:
    """Make a recording usable.

    Steps at the end in which every channel is NaN are padding, and are cut off. Other NaN are gaps.
    They are interpolated linearly along time where ``gaps`` asks for it, and take the nearest value
    before the first and after the last one.

    Parameters
    ----------
    sample : (T, M) float64
    where : str
        How a message names the recording.
    gaps : str
        ``refuse`` or ``interpolate``.

    Returns
    -------
    (T', M) float64, and how many values were interpolated

    Raises
    ------
    DataError
        A value is infinite or too large, a gap is refused, or a channel has no value at all. The
        message names the recording, the channel and the step, counted from 1.
    """
    known = ~np.isnan(sample)
    if not known.any():
        raise DataError(f"{where} has no values: every step of it is missing")
    last = int(np.flatnonzero(known.any(axis=1))[-1]) + 1
    sample, known = sample[:last], known[:last]
    bad = np.argwhere((np.abs(sample) > LARGEST).T)
    if len(bad):
        channel, step = bad[0]
        check(float(sample[step, channel]), f"{where}, channel {channel + 1}, step {step + 1}")
    if known.all():
        return sample, 0
    channel, step = np.argwhere(~known.T)[0]
    if gaps == REFUSE:
        raise refuse_gap(f"{where}, channel {channel + 1}, step {step + 1}")
    names = [f"{where}, channel {channel + 1}" for channel in range(sample.shape[1])]
    return interpolated(sample, np.arange(last, dtype=np.float64), np.arange(last, dtype=np.float64), names), int(np.count_nonzero(~known))


def interpolated(sample: Floats, times: Floats, grid: Floats, names: list[str]) -> Floats:
    """Interpolate each channel of ``sample`` (T, M), taken at ``times`` (T,), on a ``grid`` (S,).

    NaN are left out.

    Returns
    -------
    (S, M) float64

    Raises
    ------
    DataError
        A channel has no value at all; ``names`` (M) says which one.
    """
    found = np.empty((len(grid), sample.shape[1]))
    for channel, column in enumerate(sample.T):
        known = ~np.isnan(column)
        if not known.any():
            raise DataError(f"{names[channel]} has no value at all: there is nothing to interpolate")
        found[:, channel] = np.interp(grid, times[known], column[known])
    return found
