"""Data sets by name or path: recordings with classes (UEA/UCR ``.ts``), images of digits, or a waveform to track (CSV)."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import csvfile, digits, tsfile
from .errors import DataError

Floats = NDArray[np.float64]

#: Share of a waveform that is trained on, from its start; the rest is the test.
TRAIN_SHARE = 0.8


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
    """Train and test split. ``classes`` is empty for a waveform; samples of a ``static`` set are one row each, (1, P)."""

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...]
    static: bool = False

    @property
    def channels(self) -> int:
        return int(self.train.inputs[0].shape[1])

    @property
    def targets(self) -> int:
        """P, the waveforms to track; 0 when classifying."""
        return int(self.train.targets[0].shape[1]) if self.train.targets else 0


def load(source: str, targets: int = 1, window: int = 128) -> Dataset:
    """Load ``source``: a name that ships with aeon, ``digits``, a ``.ts`` file (either half, or their common stem), or a ``.csv`` file.

    Parameters
    ----------
    targets : columns of a CSV, from the right, that are targets
    window : steps of the pieces that a CSV's waveform is cut into, each run from rest

    Raises
    ------
    DataError : nothing of that name, or its content cannot be used
    """
    path = Path(source).expanduser()
    if path.suffix.lower() == ".csv":
        return _waveform(path, targets, window)
    if source.lower() == digits.NAME and not _is_path(path):
        return digits.load()
    files = halves(source, ("classlabel",))
    if files is None:
        raise DataError(f"no data set named {source!r}: give a .ts or .csv file, or one of {', '.join((digits.NAME, *embedded()))}")
    return _recordings(*files)


def halves(source: str, kinds: tuple[str, ...]) -> tuple[Path, Path] | None:
    """The two files of a set, train and test, from a ``.ts`` path, or the name of one that ships with aeon and is of these kinds, as
    `embedded` has them; None if there is none of that name. Raises `DataError` if a file is missing."""
    path = Path(source).expanduser()
    if _is_path(path):
        return _halves(path)
    folder = embedded_folder()
    for kind in kinds:
        for name in embedded(kind):
            if name.lower() == source.lower():
                train, test = (next(folder.glob(f"*/{name}_{half}.ts")) for half in ("TRAIN", "TEST"))
                return train, test
    return None


def _is_path(path: Path) -> bool:
    return path.suffix.lower() == ".ts" or len(path.parts) > 1 or path.exists() or path.with_name(f"{path.name}_TRAIN.ts").exists()


def embedded_folder() -> Path:
    """Where the installed aeon keeps its recordings."""
    return installed("aeon") / "datasets" / "data"


def installed(package: str) -> Path:
    """The folder of a package that carries recordings (found without importing it, which takes seconds)."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise DataError(f"the {package} package, which carries the recordings, is not installed: pip install {package}")
    return Path(spec.origin).parent


def embedded(kind: str = "classlabel") -> list[str]:
    """Names of the sets that ship with aeon: for classification, or, by ``targetlabel``, for regression."""
    names = []
    for train in sorted(embedded_folder().glob("*/*_TRAIN.ts")):
        keys = tsfile.header(train)
        if tsfile.truth(keys, kind) and not tsfile.truth(keys, "timestamps") and _partner(train).exists():
            names.append(train.name.removesuffix("_TRAIN.ts"))
    return names


def _partner(train: Path) -> Path:
    return train.with_name(train.name.removesuffix("_TRAIN.ts") + "_TEST.ts")


def _halves(path: Path) -> tuple[Path, Path]:
    """Train and test file from either of them, from their stem, or from the folder that they are named after."""
    if path.is_dir():
        folder = path.resolve()
        if not folder.name:
            raise DataError(f"{folder} is no set: give a .ts file, or the folder that is named after the set")
        path = folder / folder.name
    name = path.name[:-3] if path.suffix.lower() == ".ts" else path.name
    for ending in ("_TRAIN", "_TEST"):
        if name.upper().endswith(ending):
            name = name[: -len(ending)]
    train, test = path.with_name(f"{name}_TRAIN.ts"), path.with_name(f"{name}_TEST.ts")
    for half in (train, test):
        if not half.is_file():
            raise DataError(f"{half}: no such file: a set needs both {train.name} and {test.name}, side by side")
    return train, test


def _recordings(train_path: Path, test_path: Path) -> Dataset:
    train, test = tsfile.read(train_path), tsfile.read(test_path)
    if test.channels != train.channels:
        raise DataError(f"{test_path.name} has {test.channels} channels, {train_path.name} has {train.channels}: they must agree")
    known = set(train.labels)
    for name in train.classes:
        if name not in known:
            raise DataError(f"{train_path.name} declares the class {name!r} but holds no sample of it: is the file truncated?")
    for number, name in enumerate(test.labels, start=1):
        if name not in known:
            raise DataError(f"{test_path.name}: sample {number} has the class {name!r}, which {train_path.name} lacks")
    name = train_path.name.removesuffix("_TRAIN.ts")
    return Dataset(name, _labelled(train, train.classes), _labelled(test, train.classes), train.classes)


def _labelled(file: tsfile.TsFile, classes: tuple[str, ...]) -> Split:
    return Split(file.samples, np.array([classes.index(name) for name in file.labels]), [])


def _waveform(path: Path, targets: int, window: int) -> Dataset:
    if window < 2:
        raise DataError(f"--window must be at least 2 steps, not {window}")
    inputs, wanted = csvfile.read(path, targets)
    cut = int(TRAIN_SHARE * len(inputs))
    if cut < 2 or len(inputs) - cut < 2:
        raise DataError(f"{path.name}: {len(inputs)} steps are too few to train and test on: at least 10 are needed")
    none = np.zeros(0, dtype=np.int64)
    train = Split(_pieces(inputs[:cut], window), none, _pieces(wanted[:cut], window))
    test = Split(_pieces(inputs[cut:], window), none, _pieces(wanted[cut:], window))
    return Dataset(path.stem, train, test, ())


def _pieces(rows: Floats, window: int) -> list[Floats]:
    return [rows[start : start + window] for start in range(0, len(rows), window)]
