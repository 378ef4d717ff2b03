"""Reads Weka's ``.arff``, of which the last attribute is the class.

The attributes before it are the steps of one channel, or one relational attribute, a table with a
channel in each row.

SciPy has a reader. It drops surplus values of a line without a word, ends in an `IndexError` where
some are missing, and does not say at which line; so this one is our own, and the tests compare the
two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loschmidt.host.errors import DataError

from . import source
from .recordings import UNKNOWN, Recordings, Wanted, check_classes, natural, settled
from .values import number

_ATTRIBUTE = re.compile(r"""@attribute\s+('(?:\\.|[^'])*'|"(?:\\.|[^"])*"|\S+)\s+(.+)""", re.IGNORECASE)
_FIELD = re.compile(r"""\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|([^,'"]*))\s*(,|$)""")
_NUMERIC = ("numeric", "real", "integer")


@dataclass(frozen=True)
class _Header:
    """What the header declares.

    Members
    -------
    steps : how many numbers a line has, or each row of its table
    table : whether a line holds a table, a channel a row
    labelled : whether the last attribute is the class
    classes : class names; empty for a class of any text
    """

    steps: int
    table: bool
    labelled: bool
    classes: tuple[str, ...]


def read(path: Path, wanted: Wanted | None = None) -> Recordings:
    """Read an ``.arff`` file.

    Raises
    ------
    DataError
        The header is of no recordings with classes, or a line does not fit it.
    """
    wanted = wanted or Wanted()
    lines = [line for raw in source.text(path).splitlines() if (line := raw.strip()) and not line.startswith("%")]
    start = next((i for i, line in enumerate(lines) if line.lower().startswith("@data")), None)
    if start is None:
        raise DataError(f"{path.name}: no @data line: the file is truncated or empty, or is not an .arff file")
    head = _header(path, lines[:start])
    if wanted.labelled and not head.labelled:
        raise DataError(f"{path.name}: its last attribute is no class: only classification sets can be trained")
    raw, labels = [], []
    for sample, line in enumerate(lines[start + 1 :], start=1):
        where = f"{path.name}: sample {sample}"
        fields = _fields(line, where)
        count = (1 if head.table else head.steps) + head.labelled
        if len(fields) != count:
            raise DataError(f"{where} has {len(fields)} values, the header declares {count} attributes: the file is truncated or damaged")
        if head.labelled:
            labels.append(fields.pop())
        rows = [row.split(",") for row in re.split(r"\\n|\n", fields[0])] if head.table else [fields]
        for channel, row in enumerate(rows, start=1):
            if len(row) != head.steps:
                raise DataError(f"{where}, channel {channel} has {len(row)} steps, the header declares {head.steps}")
        raw.append(
            np.array(
                [[number(text, f"{where}, channel {c}, step {s}") for s, text in enumerate(row, 1)] for c, row in enumerate(rows, 1)]
            ).T
        )
        if raw[-1].shape[1] != raw[0].shape[1]:
            raise DataError(f"{where} has {raw[-1].shape[1]} channels, sample 1 has {raw[0].shape[1]}: all must agree")
    samples, notes = settled(path, raw, wanted.gaps)
    classes = head.classes or tuple(natural(set(labels) - {UNKNOWN}))
    if wanted.labelled:
        check_classes(path, classes, labels)
    return Recordings(samples, labels, classes, np.zeros(0), notes=notes)


def _header(path: Path, lines: list[str]) -> _Header:
    found: list[str] = []
    steps, inside = 0, False
    for line in lines:
        inside = inside and not line.lower().startswith("@end")
        match = _ATTRIBUTE.match(line)
        if match is None:
            continue
        if inside:
            steps += 1
        else:
            found.append(match[2].strip())
            inside = found[-1].lower() == "relational"
    labelled = bool(found) and found[-1].lower() not in (*_NUMERIC, "relational")
    numbers = found[:-1] if labelled else found
    if [kind.lower() for kind in numbers] == ["relational"]:
        return _Header(steps, True, labelled, _classes(found[-1]) if labelled else ())
    wrong = [kind for kind in numbers if kind.lower().split()[0] not in _NUMERIC]
    if wrong or not numbers:
        raise DataError(f"{path.name}: attributes must be numbers, and the last one the class; {len(wrong)} of {len(found)} are not")
    return _Header(len(numbers), False, labelled, _classes(found[-1]) if labelled else ())


def _classes(kind: str) -> tuple[str, ...]:
    """Names between the braces of a nominal attribute; none of a string."""
    if not kind.startswith("{"):
        return ()
    return tuple(_fields(kind.strip().removeprefix("{").removesuffix("}"), "class attribute"))


def _fields(line: str, where: str) -> list[str]:
    """Values between commas, quoted or not."""
    if line.startswith("{"):
        raise DataError(f"{where} is sparse ({{...}}), which is not supported: write all values out")
    found, position = [], 0
    while True:
        match = _FIELD.match(line, position)
        if match is None:
            raise DataError(f"{where} has a quote that does not end: the file is truncated or damaged there")
        found.append(next(part for part in match.groups()[:3] if part is not None).strip())
        position = match.end()
        if match[4] != ",":
            return found
