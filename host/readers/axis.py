"""Columns of a table that count its rows or its time: found, checked, and left out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loschmidt.host.errors import DataError

from . import clock
from .choices import DROP, KEEP, REFUSE

Floats = NDArray[np.float64]


#: Names of columns that count rows, where they do; an empty name is that of pandas' and R's index.
_INDEX = re.compile(
    r"|unnamed: ?\d+|index|idx|id|row|rows|record|rec|no|nr|num|number|#|n|k|i|step|steps|sample|samples|level_0", re.IGNORECASE
)

#: Those that name nothing else, so that the user is asked where they do not count.
_STRONG = re.compile(r"|unnamed: ?\d+|index|idx|id|level_0", re.IGNORECASE)

#: Names of columns that hold times, with or without a unit; the short ones only where numbers
#: ascend.
_TIME = re.compile(r"((date)?[ _-]?time([ _-]?stamps?)?|timestamps?|date|datum|zeit|epoch|unix|year)([ _.\[(/-].*)?", re.IGNORECASE)
_SHORT = re.compile(r"t|s|sec|secs|seconds?|ms|us|ns|millis|milliseconds?|minutes?|min|hours?|days?|elapsed.*|t[ _.\[(/-].*", re.IGNORECASE)


def without_axis(
    path: Path, names: list[str | None], given: list[str], columns: list[Floats | list[str]], index: str, gaps: str, rows: list[int]
) -> tuple[Floats, list[int], tuple[str, ...], float | None]:
    """Leave out the columns that count rows or time.

    Parameters
    ----------
    names : list of str or None
        Names of the columns in the file, None where it has none.
    given : list of str
        How a message names them.
    columns : list
        Numbers (T,), or words that are times.
    index : str
        ``auto``, ``drop`` or ``keep``.
    gaps : str
        ``interpolate`` resamples rows whose time column is not regular.
    rows : list of int
        The rows' numbers in the file.

    Returns
    -------
    values : (T', C') float64
        What is left.
    remaining : list of int
        Which columns these are.
    notes : tuple of str
    interval : float or None
        Step of the time column.

    Raises
    ------
    DataError
        A time column goes back, or is not regular; nothing is left; or a column may be an index.
    """
    counting: list[int] = []
    notes: list[str] = []
    remaining = []
    for c, (name, column) in enumerate(zip(names, columns, strict=True)):
        if isinstance(column, list):
            counting.append(c)
        elif len(columns) > 1 and index != KEEP and _counts_rows(name, column):
            notes.append(f"index {given[c]} left out")
        elif len(columns) > 1 and index != KEEP and _is_time(name, column):
            counting.append(c)
        elif len(columns) > 1 and index != KEEP and (_is_ramp(column) or (name is not None and _STRONG.fullmatch(name))):
            if index != DROP:
                verb = "counts" if _is_ramp(column) else "may be an index, and begins"
                raise DataError(
                    f"{path.name}: {given[c]} {verb} {', '.join(f'{value:g}' for value in column[:3])}, ...: "
                    "--index drop leaves it out as an index or a time, --index keep takes it as data"
                )
            notes.append(f"index {given[c]} left out")
        else:
            remaining.append(c)
    if not remaining:
        raise DataError(f"{path.name}: no column of numbers beside {', '.join(given)}")
    if index == DROP and len(remaining) == len(columns):
        raise DataError(f"{path.name}: --index drop: no column counts rows or time")
    table = np.stack([np.asarray(columns[c], np.float64) for c in remaining], axis=1)
    if not counting:
        return table, remaining, tuple(notes), None
    which, times, unit = _times(path, given, columns, counting)
    table, note = _regular(path, which, times, table, unit, gaps, rows)
    return table, remaining, (*notes, note), clock.interval([times])


def _times(path: Path, given: list[str], columns: list[Floats | list[str]], counting: list[int]) -> tuple[str, Floats, str]:
    """The columns that hold the time, the time in each row, and its unit.

    Date and time of day may stand in two columns.
    """
    words = [(c, column) for c in counting if isinstance(column := columns[c], list)]
    names = " and ".join(given[c] for c in counting)
    if not words:
        return names, np.asarray(columns[counting[0]], np.float64), ""
    times = clock.seconds([" ".join(parts) for parts in zip(*(column for _, column in words), strict=True)])
    if times is None:
        times = clock.seconds(words[0][1])
    if times is None:
        raise DataError(f"{path.name}: {names}: the times cannot be read: write them in ISO 8601, 2014-04-01 00:00:00")
    return names, times, " s"


def _counts_rows(name: str | None, column: Floats) -> bool:
    return name is not None and _INDEX.fullmatch(name) is not None and len(column) > 1 and bool(np.all(np.diff(column) == 1.0))


def _is_time(name: str | None, column: Floats) -> bool:
    if name is None or np.isnan(column).any():
        return False
    if _TIME.fullmatch(name):
        return True
    return (_SHORT.fullmatch(name) is not None or not name) and clock.backwards(column) is None


def _is_ramp(column: Floats) -> bool:
    """Whether numbers ascend evenly, as hardly any measurement does."""
    return len(column) > 2 and not np.isnan(column).any() and column[-1] > column[0] and clock.regular(column)


def _regular(path: Path, given: str, times: Floats, table: Floats, unit: str, gaps: str, rows: list[int]) -> tuple[Floats, str]:
    wrong = clock.backwards(times)
    if wrong is not None:
        raise DataError(f"{path.name}: row {rows[wrong]}: time {given} does not go on: sort the rows, or --index keep if it is no time")
    step = clock.interval([times])
    if clock.regular(times):
        return table, f"time {given} left out, every {step:g}{unit}"
    if gaps == REFUSE:
        worst = int(np.argmax(np.abs(np.diff(times) - step))) + 1
        late = times[worst] - times[worst - 1]
        raise DataError(
            f"{path.name}: time {given} is not regular: row {rows[worst]} comes {late:g}{unit} after the one before, "
            f"most come {step:g}{unit}: --gaps interpolate resamples to that"
        )
    channels = [clock.Channel(times, column) for column in table.T]
    found, _ = clock.on_grid(channels, step, path.name)
    return found, f"time {given} left out, {len(times)} rows resampled to {len(found)}, every {step:g}{unit}"
