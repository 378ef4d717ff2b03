"""Recordings with time stamps in a ``.ts`` file: ``(stamp,value),(stamp,value):...:label``."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loschmidt.host.errors import DataError

from . import clock, values
from .choices import REFUSE
from .recordings import Wanted

Floats = NDArray[np.float64]

#: One pair, and what may stand after it. Stamps hold colons, so a line cannot be split at them.
_PAIR = re.compile(r"\s*\(([^()]*),([^(),]*)\)\s*(,|:|$)")


def split(line: str, where: str) -> list[str]:
    """Split a line into channels, each a text of pairs, and the label if there is one."""
    fields, start, position = [], 0, 0
    while match := _PAIR.match(line, position):
        position = match.end()
        if match[3] != ",":
            fields.append(line[start : match.end(2) + 1])
            start = position
    if start != position or not fields:
        raise DataError(f"{where}: no (stamp,value) at {line[position : position + 20]!r}: the file is truncated or damaged there")
    return [*fields, line[start:]] if line[start:].strip() or line.endswith(":") else fields


def samples(path: Path, texts: list[list[str]], wanted: Wanted) -> tuple[list[Floats], float, tuple[str, ...]]:
    """Read the channels of all samples and put each sample on a grid of one fixed step.

    Returns
    -------
    samples : list of (T_b, M) float64
    interval : float
        The step in seconds: that of ``wanted``, or the median of the file's own.
    notes : tuple of str
    """
    pairs = [
        [_pairs(field, f"{path.name}: sample {n}, channel {c}") for c, field in enumerate(row, start=1)] for n, row in enumerate(texts, 1)
    ]
    times = clock.seconds([stamp for row in pairs for channel in row for stamp, _ in channel])
    if times is None:
        raise DataError(f"{path.name}: its time stamps, such as {pairs[0][0][0][0]!r}, are not of one form that is known: use ISO 8601")
    channels: list[list[clock.Channel]] = []
    used = 0
    for number, row in enumerate(pairs, start=1):
        found = []
        for c, channel in enumerate(row, start=1):
            own, used = times[used : used + len(channel)], used + len(channel)
            found.append(_channel(own, [text for _, text in channel], f"{path.name}: sample {number}, channel {c}"))
        padding = min(_padding(part.values) for part in found)
        kept = [clock.Channel(p.times[: len(p.times) - padding], p.values[: len(p.values) - padding]) for p in found]
        for c, part in enumerate(kept, start=1):
            missing = np.flatnonzero(np.isnan(part.values))
            if len(missing) and wanted.gaps == REFUSE:
                raise values.refuse_gap(f"{path.name}: sample {number}, channel {c}, step {missing[0] + 1}")
        if not all(len(part.times) for part in kept):
            raise DataError(f"{path.name}: sample {number} has no values: every step of it is missing")
        channels.append(kept)
    interval = wanted.interval or clock.interval([channel.times for row in channels for channel in row])
    put = [clock.on_grid(row, interval, f"{path.name}: sample {number}") for number, row in enumerate(channels, start=1)]
    moved = sum(resampled for _, resampled in put)
    note = f"time stamps of {path.name} every {interval:g} s" + (f", {moved} recordings resampled to that" if moved else "")
    return [sample for sample, _ in put], interval, (note,)


def _channel(times: Floats, words: list[str], where: str) -> clock.Channel:
    wrong = clock.backwards(times)
    if wrong is not None:
        raise DataError(f"{where}, step {wrong + 1}: its time stamp does not come after the one before")
    column = values.numbers(words, lambda position: f"{where}, step {position + 1}")
    for step, value in enumerate(column, start=1):
        values.check(float(value), f"{where}, step {step}")
    return clock.Channel(times, column)


def _padding(column: Floats) -> int:
    """How many values are missing at the end."""
    known = np.flatnonzero(~np.isnan(column))
    return len(column) - (int(known[-1]) + 1 if len(known) else 0)


def _pairs(field: str, where: str) -> list[tuple[str, str]]:
    found = [(match[1], match[2]) for match in _PAIR.finditer(field)]
    if not found:
        raise DataError(f"{where} has no (stamp,value): the file is truncated or damaged there")
    return found
