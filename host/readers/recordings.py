"""Recordings with a class for each, as every reader returns them, and checks of all formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loschmidt.host.errors import DataError

from . import values
from .choices import REFUSE

Floats = NDArray[np.float64]

#: Class names that a message lists at most.
_LISTED = 10

#: The label of a recording whose class is not known.
UNKNOWN = "?"


@dataclass(frozen=True)
class Recordings:
    """The recordings of one file, in its order.

    Members
    -------
    samples : list of (T_b, M) float64
        Lengths may differ.
    labels : list of str
        The class of each sample. Empty for a regression file, and for a file without labels.
    classes : tuple of str
        Class names in the order that the header declares, or sorted where there is no header.
    values : (B,) float64
        What is to be predicted of each sample of a regression file; else empty.
    interval : float, optional
        The step that time stamps were put on, in seconds; None without time stamps.
    notes : tuple of str
        What the reader did to the data, for the user to know.
    """

    samples: list[Floats]
    labels: list[str]
    classes: tuple[str, ...]
    values: Floats
    interval: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        return int(self.samples[0].shape[1])


@dataclass(frozen=True)
class Wanted:
    """How a file of recordings is to be read.

    Members
    -------
    gaps : str
        What to do about missing values: ``refuse`` or ``interpolate``.
    labelled : bool
        Whether each recording must have one of the declared classes. If not, labels are taken as
        they are, if there are any.
    bare : bool
        Whether the columns of a text file hold no label at all, which the text itself cannot tell.
    regression : bool
        Whether numbers to be predicted may stand in the place of classes.
    interval : float, optional
        Step in seconds to put time stamps on; None takes the file's own.
    axes : str
        For arrays with three axes: ``auto``, ``channels-steps`` or ``steps-channels``.
    channels : int, optional
        How many channels are expected, if that is known.
    """

    gaps: str = REFUSE
    labelled: bool = True
    bare: bool = False
    regression: bool = False
    interval: float | None = None
    axes: str = "auto"
    channels: int | None = None


def settled(path: Path, samples: Sequence[Floats], gaps: str) -> tuple[list[Floats], tuple[str, ...]]:
    """Cut off padding and mend gaps of all samples of a file, and say so.

    Raises
    ------
    DataError
        As `values.settle` does; or there are no samples, or their channels differ in number.
    """
    if not samples:
        raise DataError(f"{path.name}: no samples: the file is empty or truncated")
    found, filled = [], 0
    for number, sample in enumerate(samples, start=1):
        kept, count = values.settle(sample, f"{path.name}: sample {number}", gaps)
        found.append(kept)
        filled += count
    return found, (f"{filled} {'gap' if filled == 1 else 'gaps'} of {path.name} interpolated",) if filled else ()


def check_classes(path: Path, classes: Sequence[str], labels: Sequence[str]) -> None:
    """Hold the labels of a file to the classes that its header declares.

    Raises
    ------
    DataError
        A class is declared twice or not at all, or a label is not among them. The message says what
        the header declares and what the samples have, or that the file seems truncated where only
        the last label is wrong.
    """
    twice = [name for name, count in Counter(classes).items() if count > 1]
    if twice:
        raise DataError(f"{path.name}: the header declares the class {twice[0]!r} twice: {listed(classes)}")
    if not classes:
        found = listed(natural(set(labels)))
        raise DataError(f"{path.name}: the header declares no class names, the samples have {found}: name them there")
    wrong = [number for number, name in enumerate(labels) if name not in classes]
    if not wrong:
        return
    where = f"{path.name}: sample {wrong[0] + 1} has the class {labels[wrong[0]]!r}, which the header does not declare"
    if wrong == [len(labels) - 1]:
        raise DataError(f"{where}: the file is truncated or damaged there")
    raise DataError(f"{where}: it declares {listed(classes)}; the samples have {listed(natural(set(labels)))}: they must agree")


def listed(names: Sequence[str]) -> str:
    """Return names with commas between them, the first few of many."""
    more = f", ... ({len(names)} in all)" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def natural(names: set[str]) -> list[str]:
    """Sort class names: as numbers if all of them are, else as text."""
    try:
        return sorted(names, key=lambda name: (float(name), name))
    except ValueError:
        return sorted(names)
