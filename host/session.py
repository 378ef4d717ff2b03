"""Puts a run together: data, device, weights, folder; trains it to its end or to Ctrl-C; leaves pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from loschmidt.spec.shape import Shape

from . import data, interrupt, plots, room
from .adapting import adapted, check_channels
from .bptt_engine import BpttEngine
from .checkpoint import Checkpoint
from .config import Config
from .data import Dataset
from .device import Device
from .devices import check_name, find, open_device
from .echo_engine import EchoEngine, shape_for
from .encoder import IDLE, Encoder
from .engine import Engine
from .errors import ConfigError
from .evaluation import check_data, evaluate, scale
from .locating import located
from .loss import Head, make_head
from .runs import RunFolder
from .training import Interrupted, Training, begin


def load_data(config: Config) -> Dataset:
    return data.load(config.data, config.targets, config.window, config.gaps, config.index, config.decimal, config.axes)


def require_room(config: Config, dataset: Dataset) -> None:
    """Raise `ConfigError` if this machine's memory cannot hold what is to be trained."""
    room.require(_shape(config, dataset), room.TRAINING)


def open_engine(config: Config, device: str | Device, dataset: Dataset) -> Engine:
    """What computes the gradient that ``config`` asks for; ``device`` is what `devices.open_device` takes."""
    if config.gradient == "bptt":
        return BpttEngine(config.system, config.step, config.readout, config.preset, _encoder(config, dataset))
    return echo_engine(config, device, dataset)


def echo_engine(config: Config, device: str | Device, dataset: Dataset) -> EchoEngine:
    found = (find(device) if isinstance(device, str) else device) or device
    with _closing_on_error(found):
        if not isinstance(found, str):
            check_channels(dataset.name, IDLE if dataset.static else dataset.channels, found.name, found.shape)
        opened = open_device(found, _shape(config, dataset))
        return EchoEngine(opened, config.system, config.step, config.readout, _encoder(config, dataset))


def _shape(config: Config, dataset: Dataset) -> Shape:
    longest = max(len(sample) for split in (dataset.train, dataset.test) for sample in split.inputs)
    channels, steps = (IDLE, config.steps) if dataset.static else (dataset.channels, longest)
    return shape_for(config, channels, steps)


def _encoder(config: Config, dataset: Dataset) -> Encoder | None:
    return Encoder(config.steps) if dataset.static else None


@contextmanager
def _closing_on_error(device: str | Device | None) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if device is not None and not isinstance(device, str):
            device.close()
        raise


def start(config: Config, device: str, name: str | None, given: Collection[str] = ()) -> Training:
    """A new run in a new folder, named ``name`` or after the data.

    Options that the user has not ``given`` may come from the board; of those given, each must apply to the data.
    """
    board = find(device)
    with _closing_on_error(board):
        config = adapted(config, board.shape, given) if board is not None else config
        training = _begin(config, device, board or device, name, given)
    if board is not None and not isinstance(training.engine, EchoEngine):
        board.close()
    return training


def _begin(config: Config, name_of_device: str, device: str | Device, name: str | None, given: Collection[str]) -> Training:
    config = dataclasses.replace(config, data=located(config.data))
    dataset = load_data(config)
    dataset.check_options(given)
    require_room(config, dataset)
    checkpoint = begin(config, dataset)
    engine = open_engine(config, device, dataset)
    folder = RunFolder.create(name, dataset.name)
    try:
        folder.write_config({**config.to_json(), "device": name_of_device})
        training = Training(checkpoint, dataset, engine, folder)
        checkpoint.save(folder.checkpoint)
    except BaseException:
        folder.release()
        raise
    return training


def resume(path: Path, device: str, source: str | None = None, epochs: int | None = None) -> Training:
    """Go on with the run in ``path``: the same integers as if it had never stopped, unless ``epochs`` moves its end.

    ``source`` says where the same data are now, if they have moved.
    """
    check_name(device)
    Checkpoint.load(path)
    folder = RunFolder(path if path.is_dir() else path.parent)
    folder.lock()
    try:
        return _resume(folder, path, device, source, epochs)
    except BaseException:
        folder.release()
        raise


def _resume(folder: RunFolder, path: Path, device: str, source: str | None, epochs: int | None) -> Training:
    # Only now does it stand still.
    checkpoint = Checkpoint.load(path)
    changes: dict[str, Any] = {"data": source, "epochs": epochs}
    checkpoint.config = dataclasses.replace(checkpoint.config, **{key: value for key, value in changes.items() if value is not None})
    if checkpoint.epoch >= checkpoint.config.epochs:
        raise ConfigError(f"{path} has finished its {checkpoint.epoch} epochs: ask for more with --epochs")
    dataset = load_data(checkpoint.config)
    check_data(checkpoint, dataset)
    engine = open_engine(checkpoint.config, device, dataset)
    folder.rewind(checkpoint.epoch)
    return Training(checkpoint, dataset, engine, folder)


def finish(training: Training, progress: Callable[[], None]) -> None:
    """Train to the end. The first request to stop (`interrupt`) saves a checkpoint and raises `Interrupted`."""
    with interrupt.deferred() as stop:
        try:
            training.run(stop=stop, progress=progress)
        except Interrupted as interrupted:
            interrupted.status = stop.status
            raise


def reopen(
    path: Path, device: str, source: str | None = None, reading: Mapping[str, str] | None = None
) -> tuple[Checkpoint, Dataset, Engine]:
    """A checkpoint to be tested: on its own data, or on those of ``source``, which must be alike.

    ``reading`` changes how files are read.
    """
    check_name(device)
    checkpoint = Checkpoint.load(path)
    changes: dict[str, Any] = {**({} if source is None else {"data": source}), **(reading or {})}
    config = dataclasses.replace(checkpoint.config, **changes)
    dataset = load_data(config)
    dataset.check_options(reading or ())
    check_data(checkpoint, dataset)
    return checkpoint, dataset, open_engine(config, device, dataset)


def test(checkpoint: Checkpoint, dataset: Dataset, engine: Engine) -> dict[str, float]:
    """`evaluation.evaluate` on the data's test set."""
    engine.load(checkpoint.masters)
    return evaluate(engine, head_of(checkpoint), checkpoint, scale(checkpoint, dataset.test))


def head_of(checkpoint: Checkpoint) -> Head:
    """The loss that a checkpoint is trained by, and what it predicts with."""
    config = checkpoint.config
    return make_head(config.readout, checkpoint.classes, checkpoint.targets, config.outputs, config.oscillators)


def pictures(training: Training, device: str) -> list[Path]:
    """Draw the learning curve, and the phase portrait of the longest training sample, into the run's folder."""
    folder, checkpoint, config, dataset = training.folder, training.checkpoint, training.config, training.dataset
    if folder is None:
        return []
    curve, portrait = folder.path / "learning_curve.png", folder.path / "phase_portrait.png"
    plots.learning_curve(folder.lines(), curve)
    engine = training.engine if isinstance(training.engine, EchoEngine) else echo_engine(config, device, dataset)
    engine.load(checkpoint.masters)
    split = scale(checkpoint, dataset.train)
    chosen = np.array([int(np.argmax([len(sample) for sample in split.inputs]))])
    sample = split.inputs[chosen[0]]
    judgement = head_of(checkpoint).judge(checkpoint.masters, engine.forward([sample]), split, chosen)
    plots.phase_portrait(engine.portrait(sample, judgement.output), portrait)
    return [curve, portrait]
