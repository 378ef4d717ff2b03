"""Reads NumPy's ``.npz``: ``X_train``, ``y_train``, ``X_test``, ``y_test``; or ``X`` and ``y``.

Keys are found whatever their case. ``X`` is (recordings, steps), or has a third axis for channels,
after the recordings as aeon has it or last as PyTorch and Keras have it. Shorter recordings are
padded with NaN. ``y`` holds the classes, (recordings,).
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loschmidt.host.errors import DataError

from . import source
from .choices import CHANNELS_STEPS, STEPS_CHANNELS
from .recordings import Recordings, Wanted, natural, settled
from .ucr import class_name

Floats = NDArray[np.float64]

KEYS = "X_train, y_train, X_test and y_test, or X and y"

#: Of undivided arrays one recording of each class in so many is for the test.
EVERY = 5


def halves(path: Path, wanted: Wanted) -> tuple[Recordings, Recordings]:
    """Read the train and test half of a file.

    Raises
    ------
    DataError
        The file is damaged, lacks a key, or an array cannot be used.
    """
    arrays = _arrays(path)
    if "x_train" in arrays:
        missing = [key for key in ("y_train", "x_test", "y_test") if key not in arrays]
        if missing:
            raise DataError(f"{path.name}: no array {missing[0]}: keys must be {KEYS}")
        axes = _axes(path, "X_train", arrays["x_train"], wanted)
        return _recordings(path, arrays, "train", axes, wanted), _recordings(path, arrays, "test", axes, wanted)
    if not {"x", "y"} <= arrays.keys():
        raise DataError(f"{path.name}: has {', '.join(arrays) or 'no arrays'}: keys must be {KEYS}")
    whole = _recordings(path, arrays, "", _axes(path, "X", arrays["x"], wanted), wanted)
    test = _every(whole.labels)
    if test.all() or not test.any():
        raise DataError(f"{path.name}: {len(test)} recordings cannot be divided: give at least two of a class, or X_test and y_test")
    note = f"every {EVERY}th recording of each class is for the test"
    return _chosen(whole, ~test, note), _chosen(whole, test, "")


def read(path: Path, wanted: Wanted) -> Recordings:
    """Read recordings to predict: ``X_test``, or ``X``, and their labels if there are any."""
    arrays = _arrays(path)
    for half in ("test", "", "train"):
        key = _key("x", half)
        if key in arrays:
            return _recordings(path, arrays, half, _axes(path, key, arrays[key], wanted), wanted)
    raise DataError(f"{path.name}: has {', '.join(arrays) or 'no arrays'}: the recordings must be X, or X_test")


def _key(letter: str, half: str) -> str:
    return f"{letter}_{half}" if half else letter


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    packed = io.BytesIO(source.content(path))
    try:
        with np.lib.npyio.NpzFile(packed, allow_pickle=False) as file:
            return {name.lower(): file[name] for name in file.files}
    except (OSError, EOFError, KeyError, TypeError, AttributeError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        reason = "arrays of objects are not read" if "pickle" in str(error) else " ".join(str(error).split())
        raise DataError(f"{path.name}: not an .npz file, or a damaged one ({reason})") from error


def _axes(path: Path, key: str, x: NDArray[np.generic], wanted: Wanted) -> str:
    """Which of the last two axes is time: as the user says, as channels fit, or the longer one."""
    if x.ndim == 2 or wanted.axes != "auto":
        return CHANNELS_STEPS if x.ndim == 2 else wanted.axes
    if x.ndim != 3 or 0 in x.shape:
        raise DataError(f"{path.name}: {key} has the shape {x.shape}: it must be (recordings, steps), or have an axis of channels, too")
    if wanted.channels is not None and (wanted.channels == x.shape[1]) != (wanted.channels == x.shape[2]):
        return CHANNELS_STEPS if wanted.channels == x.shape[1] else STEPS_CHANNELS
    return STEPS_CHANNELS if x.shape[1] > x.shape[2] else CHANNELS_STEPS


def _recordings(path: Path, arrays: dict[str, NDArray[np.generic]], half: str, axes: str, wanted: Wanted) -> Recordings:
    x = arrays[_key("x", half)]
    if not np.issubdtype(x.dtype, np.number) or np.iscomplexobj(x) or x.ndim not in (2, 3) or 0 in x.shape:
        raise DataError(
            f"{path.name}: {_key('X', half)} is {x.dtype} of shape {x.shape}: real numbers, (recordings, steps[, channels]), are needed"
        )
    real = x.astype(np.float64)
    if real.ndim == 2:
        real = real[:, None, :]
    elif axes == STEPS_CHANNELS:
        real = real.transpose(0, 2, 1)
    samples, mended = settled(path, [sample.T.copy() for sample in real], wanted.gaps)
    notes = (f"{_key('X', half)} is (recordings, {', '.join(axes.split('-'))})", *mended) if x.ndim == 3 else mended
    y = arrays.get(_key("y", half))
    if y is None and not wanted.labelled:
        return Recordings(samples, [], (), np.zeros(0), notes=notes)
    labels = _labels(path, _key("y", half), y, len(samples))
    return Recordings(samples, labels, tuple(natural(set(labels))), np.zeros(0), notes=notes)


def _labels(path: Path, key: str, y: NDArray[np.generic] | None, count: int) -> list[str]:
    if y is None:
        raise DataError(f"{path.name}: no array {key}: keys must be {KEYS}")
    flat = y.ravel() if y.size == max(y.shape, default=0) else y
    if flat.shape != (count,):
        raise DataError(f"{path.name}: {key} has the shape {y.shape}: it must hold one class for each of {count} recordings")
    if flat.dtype.kind == "f" and not np.array_equal(flat, np.rint(flat)):
        raise DataError(f"{path.name}: {key} holds real numbers: only classes can be trained")
    if flat.dtype.kind not in "fiubUS":
        raise DataError(f"{path.name}: {key} is {flat.dtype}: classes must be integers or text")
    words = [item.decode(errors="replace") if isinstance(item, bytes) else str(item) for item in flat.tolist()]
    return [class_name(word) for word in words]


def _every(labels: list[str]) -> NDArray[np.bool_]:
    """Which recordings are for the test: of each class the last of every `EVERY`, or of fewer."""
    test = np.zeros(len(labels), dtype=bool)
    for name in set(labels):
        own = np.flatnonzero([label == name for label in labels])
        test[own[EVERY - 1 :: EVERY] if len(own) >= EVERY else own[1:][-1:]] = True
    return test


def _chosen(whole: Recordings, chosen: NDArray[np.bool_], note: str) -> Recordings:
    where = np.flatnonzero(chosen)
    notes = (*whole.notes, note) if note else ()
    return Recordings([whole.samples[i] for i in where], [whole.labels[i] for i in where], whole.classes, np.zeros(0), notes=notes)
