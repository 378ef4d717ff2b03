"""Time stamps: what they say, whether they are regular, and how they are put on a fixed step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from loschmidt.host.errors import DataError

from .values import interpolated

Floats = NDArray[np.float64]

#: Written forms beside ISO 8601 and plain numbers. pandas knows more of them, but takes two seconds
#: to import and guesses from the first row whether a day or a month comes first. Here that form is
#: taken which the whole column has and in which time goes on, the most evenly if there are several.
_MONTHS = ("%d %b %Y", "%d-%b-%Y", "%b %d %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y")
_DATES = ("%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", *_MONTHS)
_TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_FORMS = (*_DATES, *_TIMES, *(f"{date} {time}" for date in _DATES for time in _TIMES))

#: How far a regular time stamp may lie from its place, as a share of a step: stamps are rounded
#: when they are written.
_SLACK = 0.05

#: Resampling makes at most this many steps of one stamp on average: with more, the recording
#: consists of gaps.
_STRETCH = 10


def is_stamp(word: str) -> bool:
    """Tell whether ``word`` is a time in writing. A plain number is none."""
    return not _is_plain(word) and seconds([word]) is not None


def seconds(words: Sequence[str]) -> Floats | None:
    """Read time stamps of one form: plain numbers, ISO 8601, or a form with day, month and year.

    Returns
    -------
    (n,) float64, or None
        Seconds, or the numbers themselves. None if the words have no form in common.
    """
    stripped = [word.strip() for word in words]
    if not stripped:
        return None
    if all(_is_plain(word) for word in stripped):
        return np.array([float(word) for word in stripped])
    forms = (datetime.fromisoformat, *map(_form, _FORMS))
    candidates = [times for form in forms if (times := _read(stripped, form)) is not None]
    return min(candidates, key=lambda times: (backwards(times) is not None, _unevenness(times)), default=None)


def _unevenness(times: Floats) -> float:
    """How far times lie at most from a fixed step, as a share of that step."""
    if len(times) < 2 or times[-1] == times[0]:
        return 0.0
    step = (times[-1] - times[0]) / (len(times) - 1)
    return float(np.abs((times - times[0]) / step - np.arange(len(times))).max())


def _is_plain(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word))) and "_" not in word
    except ValueError:
        return False


def _form(form: str) -> Callable[[str], datetime]:
    return lambda word: datetime.strptime(word, form)


def _read(words: list[str], form: Callable[[str], datetime]) -> Floats | None:
    try:
        stamps = [form(word) for word in words]
    except ValueError:
        return None
    # A date without a zone is taken as UTC, which has no summer time that would make an hour
    # missing.
    known = [stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC) for stamp in stamps]
    return np.array([stamp.timestamp() for stamp in known])


def interval(series: Sequence[Floats]) -> float:
    """Return the median step of several series of times, 1 where there is no step at all."""
    differences = np.concatenate([np.diff(times) for times in series])
    return float(np.median(differences)) if len(differences) else 1.0


def regular(times: Floats) -> bool:
    """Tell whether times go on by a fixed step, but for the rounding of the stamps."""
    return _regular(times, interval([times]))


def _regular(times: Floats, step: float) -> bool:
    """Tell whether times go on by a fixed step that is ``step``, but for rounding."""
    if len(times) < 2:
        return True
    own = (times[-1] - times[0]) / (len(times) - 1)
    return bool(abs(own - step) <= _SLACK * step and _unevenness(times) <= _SLACK)


def backwards(times: Floats) -> int | None:
    """Return the first position (from 0) whose time does not come after the one before, or None."""
    found = np.flatnonzero(np.diff(times) <= 0.0)
    return int(found[0]) + 1 if len(found) else None


@dataclass(frozen=True)
class Channel:
    """One channel with a time for each of its values.

    Members
    -------
    times : (n,) seconds, ascending
    values : (n,) values; NaN where one is missing
    """

    times: Floats
    values: Floats


def on_grid(channels: Sequence[Channel], step: float, where: str) -> tuple[Floats, bool]:
    """Put the channels of one recording on a common grid of times with a fixed step.

    The grid starts at the latest of the channels' first times and ends before the earliest of their
    last ones. Between two values a channel is interpolated linearly.

    Returns
    -------
    (T, M) float64, and whether anything had to be resampled

    Raises
    ------
    DataError
        The channels have no time in common, or their stamps leave most of the grid empty.
    """
    first = channels[0].times
    if all(len(c.times) == len(first) and np.abs(c.times - first).max() <= _SLACK * step for c in channels) and _regular(first, step):
        return np.stack([c.values for c in channels], axis=1), False
    start, end = max(c.times[0] for c in channels), min(c.times[-1] for c in channels)
    if end < start:
        raise DataError(f"{where}: its channels have no time in common")
    count = int((end - start) / step + _SLACK) + 1
    if count > _STRETCH * max(len(c.times) for c in channels):
        raise DataError(f"{where}: its time stamps leave most of {count} steps of {step:g} s empty: cut it where recording paused")
    grid = start + step * np.arange(count)
    columns = [interpolated(c.values[:, None], c.times, grid, [f"{where}, channel {n}"]) for n, c in enumerate(channels, start=1)]
    return np.concatenate(columns, axis=1), True
