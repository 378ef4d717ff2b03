"""What a trained model says of recordings and waveforms, with or without classes or targets."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import digits, session
from .checkpoint import Checkpoint
from .data import Dataset, Split, describe, pieces
from .engine import Engine
from .errors import CheckpointError, DataError
from .evaluation import check_interval
from .locating import ARRAYS, PAIRED, ending, halves, is_path, no_such, read_half
from .readers import npz, source, table
from .readers.choices import CHANNELS_STEPS
from .readers.recordings import Recordings, Wanted

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """Data that a model is asked about.

    Members
    -------
    name : str
        Of the file or set.
    inputs : list of (T_b, M) float64
        In the data's own units.
    labels : list of str
        Classes as the file gives them; empty if it gives none.
    names : tuple of str
        Of a waveform's targets.
    targets : (T, P) float64, optional
        A waveform's targets, if the file has them.
    found : str
        One line for the user: what the file holds.
    """

    name: str
    inputs: list[Floats]
    labels: list[str]
    names: tuple[str, ...]
    targets: Floats | None
    found: str


@dataclass(frozen=True)
class Answer:
    """A table, a recording or a time step a row.

    Members
    -------
    columns : tuple of str
    rows : list of tuples
        One value for each column: text, or numbers.
    verdict : str
        How well it fits the labels or targets of the file; empty if it has none.
    """

    columns: tuple[str, ...]
    rows: list[tuple[str | int | float, ...]]
    verdict: str

    def to_csv(self) -> bytes:
        """Return the table as CSV, numbers with nine digits."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([f"{cell:.9g}" if isinstance(cell, float) else cell for cell in row] for row in self.rows)
        return text.getvalue().encode()


def trained(path: Path) -> Checkpoint:
    """Read the checkpoint of a run.

    Raises `CheckpointError` if there is none, or if the run was not trained at all.
    """
    checkpoint = Checkpoint.load(path)
    if not checkpoint.steps:
        raise CheckpointError(f"{path}: not trained yet: go on with loschmidt train --resume {path}")
    return checkpoint


def read(checkpoint: Checkpoint, name: str, reading: Mapping[str, str], bare: bool = False) -> Question:
    """Read what is to be predicted.

    Parameters
    ----------
    checkpoint : Checkpoint
        Decides whether recordings or a waveform are expected, and of how many channels.
    name : str
        A file; the stem of a set's files, or a set's name, of which the test half is taken.
    reading : mapping
        How files are read, where that differs from the run's own configuration.
    bare : bool
        Whether a text file of recordings has no column of classes.

    Raises
    ------
    DataError
        There is nothing of that name, or it does not fit the model.
    """
    how = {option: reading.get(option, getattr(checkpoint.config, option)) for option in ("gaps", "index", "decimal", "axes")}
    path = Path(name).expanduser()
    if checkpoint.targets:
        return _waveform(checkpoint, path, table.How(how["gaps"], how["index"], how["decimal"]))
    if name.lower() == digits.NAME and not is_path(path):
        images = digits.load()
        known = [images.classes[label] for label in images.test.labels]
        found = Recordings(images.test.inputs, known, images.classes, np.zeros(0))
    else:
        axes = CHANNELS_STEPS if checkpoint.encoded else how["axes"]
        wanted = Wanted(how["gaps"], labelled=False, bare=bare, interval=checkpoint.interval, axes=axes, channels=checkpoint.channels)
        path, found = _recordings(path, name, wanted)
    samples = [_fitting(checkpoint, sample, f"{path.name}: sample {number}") for number, sample in enumerate(found.samples, start=1)]
    named = found.classes if found.labels else ()
    return Question(path.name, samples, found.labels, (), None, describe(named, (len(samples),), found.samples, found.notes))


def _recordings(path: Path, name: str, wanted: Wanted) -> tuple[Path, Recordings]:
    suffix = ending(path)
    if suffix == ARRAYS:
        return path, npz.read(path, wanted)
    if suffix not in PAIRED:
        if suffix and is_path(path) and not path.is_dir():
            raise DataError(f"{path}: the run tells recordings apart: give a {', '.join((*PAIRED, ARRAYS))} file, or the name of a set")
        files = halves(name, ("classlabel",))
        if files is None:
            raise no_such(name)
        path = files[1]
    return path, read_half(path, wanted)


def _fitting(checkpoint: Checkpoint, sample: Floats, where: str) -> Floats:
    """The sample, an image as one row; or `DataError` if its channels are not those of the model."""
    if checkpoint.encoded and sample.size == checkpoint.channels:
        return sample.T.reshape(1, -1)  # in the order of the array that the image stood in
    if sample.shape[1] != checkpoint.channels or checkpoint.encoded:
        what = f"{checkpoint.channels} pixels" if checkpoint.encoded else f"{checkpoint.channels} channels"
        raise DataError(f"{where} has {sample.shape[1]} channels and {len(sample)} steps, the model was trained on {what}")
    return sample


def _waveform(checkpoint: Checkpoint, path: Path, how: table.How) -> Question:
    if ending(path) in (".ts", ".arff", ARRAYS):
        raise DataError(f"{path}: the run tracks a waveform: give a table (.csv)")
    found = table.read(path, how)
    check_interval(checkpoint, path.name, found.interval)
    inputs, targets, columns = checkpoint.channels, checkpoint.targets, found.values.shape[1]
    if columns not in (inputs, inputs + targets):
        raise DataError(
            f"{path.name} has {columns} columns ({', '.join(found.names)}), the model was trained on {inputs} inputs and "
            f"{targets} targets: give the inputs, or both"
        )
    names = found.names[inputs:] or tuple(f"target {number + 1}" for number in range(targets))
    told = f"{len(found.values):,} rows; {inputs} inputs: {', '.join(found.names[:inputs])}"
    given = found.values[:, inputs:] if columns > inputs else None
    cut = pieces(found.values[:, :inputs], checkpoint.config.window)
    return Question(source.stem(path), cut, [], names, given, "; ".join((told, *found.notes)))


def open_engine(checkpoint: Checkpoint, device: str | None, question: Question) -> Engine:
    """Open a device with the checkpoint's weights in it, or by None what the run was trained by."""
    split = Split(question.inputs, np.zeros(0, dtype=np.int64), [])
    like = Dataset(question.name, split, split, checkpoint.classes, checkpoint.encoded)
    if device is None:
        engine = session.open_engine(checkpoint.config, "emulator", like)
    else:
        engine = session.echo_engine(checkpoint.config, device, like)
    engine.load(checkpoint.masters)
    return engine


def answer(checkpoint: Checkpoint, engine: Engine, question: Question) -> Answer:
    """Run every recording forward, scaled by the statistics of the run's own training set."""
    head, batch = session.head_of(checkpoint), checkpoint.config.batch
    scaled = [checkpoint.scaling.apply(sample) for sample in question.inputs]
    found = [
        said
        for start in range(0, len(scaled), batch)
        for said in head.predict(checkpoint.masters, engine.forward(scaled[start : start + batch]))
    ]
    if checkpoint.target_scaling is not None:
        return _tracks(question, checkpoint.target_scaling.restore(np.concatenate(found)))
    return _classes(checkpoint.classes, question.labels, np.concatenate(found))


def _classes(classes: tuple[str, ...], given: list[str], probabilities: Floats) -> Answer:
    labels = [classes[best] for best in probabilities.argmax(axis=1)]
    columns = ("recording", "label", *(("given",) if given else ()), *(f"p({name})" for name in classes))
    rows: list[tuple[str | int | float, ...]] = [
        (number + 1, label, *((given[number],) if given else ()), *map(float, probabilities[number])) for number, label in enumerate(labels)
    ]
    known = [label == wanted for label, wanted in zip(labels, given, strict=False) if wanted in classes]
    verdict = f"{sum(known)} of {len(known)} right, {100 * sum(known) / len(known):.2f} %" if known else ""
    return Answer(columns, rows, verdict)


def _tracks(question: Question, found: Floats) -> Answer:
    given = question.targets
    columns = ("step", *question.names, *(f"given {name}" for name in question.names if given is not None))
    rows: list[tuple[str | int | float, ...]] = [
        (number + 1, *map(float, row), *(() if given is None else map(float, given[number]))) for number, row in enumerate(found)
    ]
    verdict = "" if given is None else f"root of the mean squared error {float(np.sqrt(np.mean((found - given) ** 2))):.6g}"
    return Answer(columns, rows, verdict)
