"""Data sets by name or path: recordings with classes, images of digits, or a waveform to track."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import digits
from .errors import ConfigError, DataError
from .locating import Pair, is_path, is_table, no_such, read_pair
from .readers import source, table
from .readers.recordings import Recordings, Wanted, listed

Floats = NDArray[np.float64]

#: Share of a waveform that is trained on, from its start; the rest is the test.
TRAIN_SHARE = 0.8

#: Options that not all data take: what each is for.
OPTIONS = {
    "gaps": "recordings and waveforms from files",
    "axes": "recordings in .npz arrays",
    "jitter": "data with classes",
    "steps": "images",
    "targets": "waveforms",
    "outputs": "waveforms",
    "window": "waveforms",
    "index": "waveforms",
    "decimal": "waveforms",
}
#: Those that each kind of data takes.
RECORDINGS, ARRAYS, IMAGES = ("gaps", "jitter"), ("gaps", "axes", "jitter"), ("jitter", "steps")
WAVEFORM = ("gaps", "targets", "outputs", "window", "index", "decimal")


@dataclass(frozen=True)
class Split:
    """Samples, and what is to be learnt of them.

    Members
    -------
    inputs : one (T_b, M) array per sample
    labels : (B,) class indices; empty when tracking
    targets : one (T_b, P) array per sample; empty when classifying
    """

    inputs: list[Floats]
    labels: NDArray[np.int64]
    targets: list[Floats]

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Dataset:
    """Train and test split.

    Members
    -------
    name : str
    train, test : Split
    classes : tuple of str
        Empty for a waveform.
    static : bool
        Whether samples are images: one row each, (1, P).
    found : str
        One line for the user: what was found in the data, and what was done to it.
    options : collection of str
        Those of `OPTIONS` that apply to the data.
    interval : float, optional
        Step in seconds that time stamps were put on.
    """

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...]
    static: bool = False
    found: str = ""
    options: Collection[str] = tuple(OPTIONS)
    interval: float | None = None

    @property
    def channels(self) -> int:
        return int(self.train.inputs[0].shape[1])

    @property
    def targets(self) -> int:
        """P, the waveforms to track; 0 when classifying."""
        return int(self.train.targets[0].shape[1]) if self.train.targets else 0

    def check_options(self, given: Collection[str]) -> None:
        """Raise `ConfigError` if an option was given that the data cannot heed."""
        for name in OPTIONS:
            if name in given and name not in self.options:
                raise ConfigError(f"--{name} does not apply to {self.name}: it is for {OPTIONS[name]}")


def load(
    name: str, targets: int = 1, window: int = 128, gaps: str = "refuse", index: str = "auto", decimal: str = "auto", axes: str = "auto"
) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    name : str
        A name that ships with aeon; ``digits``; a file of recordings (``.ts``, ``.tsv``, ``.txt``,
        ``.arff``; either half, or their common stem); an ``.npz`` file; or a table (``.csv`` and
        others). Each file may be compressed by gzip.
    targets : int
        Columns of a table, from the right, that are targets.
    window : int
        Steps of the pieces that a table's waveform is cut into. Each is run from rest.
    gaps, index, decimal, axes : str
        How to read files: see `readers.recordings.Wanted` and `readers.table.How`.

    Raises
    ------
    DataError
        There is nothing of that name, or its content cannot be used.
    """
    path = Path(name).expanduser()
    if name.lower() == digits.NAME and not is_path(path):
        return digits.load()
    if is_table(path):
        return _waveform(path, targets, window, table.How(gaps, index, decimal))
    pair = read_pair(name, ("classlabel",), Wanted(gaps=gaps, axes=axes))
    if pair is None:
        raise no_such(name)
    return _recordings(pair)


def _recordings(pair: Pair) -> Dataset:
    train, test, (train_path, test_path) = pair.train, pair.test, pair.files
    if test.channels != train.channels:
        raise DataError(f"{test_path.name} has {test.channels} channels, {train_path.name} has {train.channels}: they must agree")
    known = set(train.labels)
    for name in train.classes:
        if name not in known:
            raise DataError(f"{train_path.name} declares the class {name!r} but holds no sample of it: is the file truncated?")
    for number, name in enumerate(test.labels, start=1):
        if name not in known:
            raise DataError(f"{test_path.name}: sample {number} has the class {name!r}, which {train_path.name} lacks")
    samples = [*train.samples, *test.samples]
    still = ("a single step is over before its input has moved anything",) if max(map(len, samples)) == 1 else ()
    found = describe(train.classes, (len(train.samples), len(test.samples)), samples, (*train.notes, *test.notes, *still))
    split = [_labelled(half, train.classes) for half in (train, test)]
    options = ARRAYS if train_path == test_path else RECORDINGS
    return Dataset(pair.name, split[0], split[1], train.classes, found=found, options=options, interval=train.interval)


def describe(classes: tuple[str, ...], counts: tuple[int, ...], samples: list[Floats], notes: tuple[str, ...]) -> str:
    """Say in one line which recordings were found: classes, numbers, channels and steps."""
    shortest, longest = min(map(len, samples)), max(map(len, samples))
    lengths = _many(longest, "step") if shortest == longest else f"{shortest} to {_many(longest, 'step')}"
    recordings = " + ".join(f"{count:,}" for count in counts) + (" recording" if sum(counts) == 1 else " recordings")
    named = (f"{_many(len(classes), 'class', 'es')}: {listed(classes)}",) if classes else ()
    return "; ".join((*named, f"{recordings} of {_many(samples[0].shape[1], 'channel')}, {lengths}", *notes))


def _many(count: int, noun: str, plural: str = "s") -> str:
    return f"{count:,} {noun}{plural if count != 1 else ''}"


def _labelled(half: Recordings, classes: tuple[str, ...]) -> Split:
    return Split(half.samples, np.array([classes.index(name) for name in half.labels], dtype=np.int64), [])


def _waveform(path: Path, targets: int, window: int, how: table.How) -> Dataset:
    if window < 2:
        raise DataError(f"--window must be at least 2 steps, not {window}")
    found = table.read(path, how)
    inputs, wanted = divided(path, found, targets)
    cut = int(TRAIN_SHARE * len(inputs))
    if cut < 2 or len(inputs) - cut < 2:
        raise DataError(f"{path.name}: {len(inputs)} steps are too few to train and test on: at least 10 are needed")
    none = np.zeros(0, dtype=np.int64)
    train = Split(pieces(inputs[:cut], window), none, pieces(wanted[:cut], window))
    test = Split(pieces(inputs[cut:], window), none, pieces(wanted[cut:], window))
    names, count = found.names, wanted.shape[1]
    goals = [f"{names[0]}, a step later"] if len(names) == 1 else list(names[-count:])
    told = (
        f"{_many(inputs.shape[1], 'input')}: {listed(names[:1] if len(names) == 1 else names[:-count])}",
        f"{_many(count, 'target')}: {listed(goals)}",
        _many(len(inputs), "row"),
    )
    return Dataset(source.stem(path), train, test, (), found="; ".join((*told, *found.notes)), options=WAVEFORM, interval=found.interval)


def divided(path: Path, found: table.Table, targets: int) -> tuple[Floats, Floats]:
    """Divide a table into inputs (T, M) and targets (T, P), the last ``targets`` columns.

    A single column x is its own task: input x[k], target x[k+1]. Raises `DataError` if there are
    too few columns or rows.
    """
    columns = found.values.shape[1]
    if columns == 1 and targets == 1:
        if len(found.values) < 2:
            raise DataError(f"{path.name}: one row of one column leaves nothing to predict")
        return found.values[:-1], found.values[1:]
    if not 1 <= targets < columns:
        raise DataError(f"{path.name}: {columns} columns cannot hold inputs and {targets} targets: check --targets")
    return found.values[:, :-targets], found.values[:, -targets:]


def pieces(rows: Floats, window: int) -> list[Floats]:
    """Cut a waveform (T, C) into pieces of ``window`` steps; the last one may be shorter."""
    return [rows[start : start + window] for start in range(0, len(rows), window)]
