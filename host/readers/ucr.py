"""Reads the UCR archive's text: a recording of one channel a line, its class first.

Tabs, commas or spaces divide the values.

aeon and pandas read such files, too, but take what they cannot read for a word or a missing value
without saying where.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from loschmidt.host.errors import DataError

from . import source
from .recordings import Recordings, Wanted, natural, settled
from .values import numbers, parse


def read(path: Path, wanted: Wanted | None = None) -> Recordings:
    """Read a ``.tsv`` or ``.txt`` file. NaN at the end of a line pad a shorter recording.

    Raises
    ------
    DataError
        The file is empty, or a value is no number, missing, infinite or too large.
    """
    wanted = wanted or Wanted()
    lines = [line for line in source.text(path).splitlines() if line.strip() and not line.lstrip().startswith(("#", "%"))]
    rows = [_fields(line) for line in lines]
    raw, labels = [], []
    for sample, row in enumerate(rows, start=1):
        where = f"{path.name}: sample {sample}"
        first, *rest = row if not wanted.bare else ["", *row]
        if not rest:
            raise DataError(f"{where} has no values after its class: the file is truncated or damaged there")
        raw.append(numbers(rest, lambda position, where=where: f"{where}, step {position + 1}")[:, None])  # type: ignore[misc]
        labels.append(class_name(first))
        if wanted.labelled and not labels[-1]:
            raise DataError(f"{where} has no class: it stands first on its line")
    samples, notes = settled(path, raw, wanted.gaps)
    if wanted.bare:
        return Recordings(samples, [], (), np.zeros(0), notes=notes)
    return Recordings(samples, labels, tuple(natural(set(labels))), np.zeros(0), notes=notes)


def _fields(line: str) -> list[str]:
    for separator in ("\t", ","):
        if separator in line:
            return line.strip(" \r\n").split(separator)
    return line.split()


def class_name(text: str) -> str:
    """Return a class as it is named elsewhere: 1 for ``1.0000000e+00`` of the older files."""
    text = text.strip()
    value = parse(text)
    return str(int(value)) if value is not None and np.isfinite(value) and value == int(value) else text
