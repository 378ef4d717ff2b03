"""Forward runs alone: how well a checkpoint does on samples that it has not learnt from."""

from __future__ import annotations

import numpy as np

from .checkpoint import Checkpoint
from .data import Dataset, Split
from .engine import Engine
from .errors import DataError
from .loss import Head

#: Steps that differ by this share or less are the same: time stamps are rounded.
SAME_RATE = 0.05


def scale(checkpoint: Checkpoint, split: Split) -> Split:
    """The split in units of the device, by the statistics of the checkpoint's own training set."""
    targets = checkpoint.target_scaling
    return Split(
        [checkpoint.scaling.apply(sample) for sample in split.inputs],
        split.labels,
        [] if targets is None else [targets.apply(target) for target in split.targets],
    )


def evaluate(engine: Engine, head: Head, checkpoint: Checkpoint, split: Split) -> dict[str, float]:
    """``test_loss``, and ``test_accuracy`` or ``test_error`` (a share of the targets' variance), of a scaled split.

    The engine must hold the checkpoint's weights.
    """
    loss = score = 0.0
    for start in range(0, len(split), checkpoint.config.batch):
        chosen = np.arange(start, min(start + checkpoint.config.batch, len(split)))
        judgement = head.judge(checkpoint.masters, engine.forward([split.inputs[i] for i in chosen]), split, chosen)
        loss += judgement.loss
        score += judgement.score
    measure = "test_accuracy" if checkpoint.classes else "test_error"
    return {"test_loss": loss / len(split), measure: score / len(split)}


def check_data(checkpoint: Checkpoint, dataset: Dataset) -> None:
    """Raise `DataError` unless the data have the channels, targets and classes that the checkpoint was trained on."""
    for what, trained, found in (
        ("channels", checkpoint.channels, dataset.channels),
        ("targets", checkpoint.targets, dataset.targets),
        ("classes", ", ".join(checkpoint.classes) or "none", ", ".join(dataset.classes) or "none"),
    ):
        if trained != found:
            raise DataError(f"{dataset.name} does not fit the checkpoint: its {what}: {found}; the checkpoint's: {trained}")
    check_interval(checkpoint, dataset.name, dataset.interval)


def check_interval(checkpoint: Checkpoint, name: str, interval: float | None) -> None:
    """Raise `DataError` if time stamps say that data were taken at another rate than those that the checkpoint was trained on."""
    trained = checkpoint.interval
    if trained is not None and interval is not None and abs(interval - trained) > SAME_RATE * trained:
        raise DataError(f"{name} has a step of {interval:g} s, the checkpoint was trained on one of {trained:g} s: resample it")
