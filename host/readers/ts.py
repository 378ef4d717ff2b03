"""Reads the archive's ``.ts``: ``@`` lines, then a sample a line, ``channel:channel:label``.

Format: https://www.aeon-toolkit.org, "the .ts file format". aeon has a reader, too. It is not used
here because it refuses time stamps, and does not say at which sample, channel and step a file is
damaged; the tests compare the two.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loschmidt.host.errors import DataError

from . import source, stamped
from .recordings import Recordings, Wanted, check_classes, settled
from .values import numbers

Floats = NDArray[np.float64]


def header(path: Path) -> dict[str, list[str]]:
    """Return the words after each ``@key`` (lower case) up to ``@data``."""
    return _header(path, _lines(path))


def truth(keys: dict[str, list[str]], key: str) -> bool:
    """Whether a header says ``@key true``."""
    return [word.lower() for word in keys.get(key, [])[:1]] == ["true"]


def read(path: Path, wanted: Wanted | None = None) -> Recordings:
    """Read a ``.ts`` file.

    Parameters
    ----------
    path : Path
        The file, which may be compressed by gzip.
    wanted : Wanted, optional
        What is asked of it. By default each recording must have a class, and no value may be
        missing.

    Raises
    ------
    DataError
        Any part of the file is missing, malformed or not finite.
    """
    wanted = wanted or Wanted()
    lines = _lines(path)
    keys = _header(path, lines)
    data = lines[next(i for i, line in enumerate(lines) if line.split()[0].lower() == "@data") + 1 :]
    valued, labelled = truth(keys, "targetlabel"), truth(keys, "classlabel")
    if wanted.labelled and not labelled and not (valued and wanted.regression):
        only = "" if wanted.regression else ": only classification sets can be trained"
        raise DataError(f"{path.name}: the file declares no classes (@classLabel true ...){only}")
    if not data:
        raise DataError(f"{path.name}: no samples after @data: the file is truncated")
    channels = _dimensions(path, keys)
    stamps = truth(keys, "timestamps")
    fields = [stamped.split(line, f"{path.name}: sample {n}") if stamps else line.split(":") for n, line in enumerate(data, start=1)]
    ends = valued or labelled
    if ends and not wanted.labelled and channels is not None and all(len(row) == channels for row in fields):
        ends = False  # somebody took the labels away, and left the header
    texts, last = _split(path, fields, channels, ends)
    interval: float | None = None
    notes: tuple[str, ...] = ()
    if stamps:
        raw, interval, notes = stamped.samples(path, texts, wanted)
    else:
        raw = [_sample(row, f"{path.name}: sample {n}") for n, row in enumerate(texts, start=1)]
    samples, mended = settled(path, raw, wanted.gaps)
    if valued and wanted.regression:
        return Recordings(samples, [], (), _targets(path, last), interval, (*notes, *mended))
    labels = last if labelled and ends else []
    classes = tuple(keys.get("classlabel", [])[1:])
    if wanted.labelled:
        check_classes(path, classes, labels)
    return Recordings(samples, labels, classes, np.zeros(0), interval, (*notes, *mended))


def _lines(path: Path) -> list[str]:
    return [line for raw in source.text(path).splitlines() if (line := raw.strip()) and not line.startswith("#")]


def _header(path: Path, lines: list[str]) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("@"):
            key, *words = line.split()
            keys[key[1:].lower()] = words
            if key.lower() == "@data":
                return keys
    raise DataError(f"{path.name}: no @data line: the file is truncated or empty, or is not a .ts file")


def _dimensions(path: Path, keys: dict[str, list[str]]) -> int | None:
    """Channels, if the header names them."""
    if "dimensions" not in keys:
        return None
    text = " ".join(keys["dimensions"])
    if not text.isdecimal() or int(text) < 1:
        raise DataError(f"{path.name}: @dimensions must be a positive number, not {text!r}")
    return int(text)


def _split(path: Path, fields: list[list[str]], channels: int | None, ends: bool) -> tuple[list[list[str]], list[str]]:
    """The channels of each sample, and the label or number after them; nothing unless ``ends``."""
    texts, last = [], []
    for number, row in enumerate(fields, start=1):
        own, end = (row[:-1], row[-1].strip()) if ends else (row, "")
        channels = len(own) if channels is None else channels
        if not own:
            raise DataError(f"{path.name}: sample {number} has no label after its channels: the file is truncated or damaged there")
        if len(own) != channels:
            label = " and a label" if ends else ""
            raise DataError(
                f"{path.name}: sample {number} has {len(own)} of {channels} channels{label}: the file is truncated or damaged there"
            )
        texts.append(own)
        last.append(end)
    return texts, last


def _sample(fields: list[str], where: str) -> Floats:
    rows = [_channel(field, f"{where}, channel {channel}") for channel, field in enumerate(fields, start=1)]
    for channel, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise DataError(f"{where}, channel {channel} has {len(row)} steps, channel 1 has {len(rows[0])}: all channels must agree")
    return np.stack(rows, axis=1)


def _channel(field: str, where: str) -> Floats:
    return numbers(field.split(","), lambda position: f"{where}, step {position + 1}")


def _targets(path: Path, last: list[str]) -> Floats:
    """The numbers of a regression file."""
    found = []
    for number, text in enumerate(last, start=1):
        where = f"{path.name}: sample {number}, target"
        row = _channel(text, where)
        if len(row) != 1:
            raise DataError(f"{path.name}: sample {number} has {len(row)} targets, where one number is expected")
        if not np.isfinite(row[0]):
            raise DataError(f"{where} is {row[0]}: it must be a number")
        found.append(row[0])
    return np.array(found)
