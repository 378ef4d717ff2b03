"""The training loop: minibatches in a seeded order, one update each; a line of metrics and a checkpoint after every epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import encoder, parameters
from .checkpoint import Checkpoint
from .config import Config
from .constraints import FLOOR, project
from .data import Dataset
from .engine import Engine, Health
from .errors import ConfigError
from .evaluation import evaluate, scale
from .interrupt import INTERRUPTED
from .loss import make_head
from .metrics import Tally
from .optimiser import OPTIMISERS, clip_norm, learning_rate
from .runs import RunFolder
from .scaling import Scaling

Floats = NDArray[np.float64]

#: Epochs between two looks at the test set, which decides nothing.
TEST_EVERY = 5

#: Stiffness starts between 0 and this: slow oscillators remember a sample's beginning, fast ones its end.
STIFFEST = 4.0

#: Weights that `Config.decay` pulls towards zero.
DECAYED = ("coupling", "input_weight", encoder.NAME)


class Interrupted(Exception):
    """The user asked to stop; all is saved. ``status`` is the exit status that says how (`interrupt`)."""

    status = INTERRUPTED


def begin(config: Config, dataset: Dataset) -> Checkpoint:
    """A run before its first update: statistics of the training set, and weights drawn from the seed."""
    generator = np.random.default_rng(config.seed)
    head = make_head(config.readout, dataset.classes, dataset.targets, config.outputs, config.oscillators)
    inputs = encoder.IDLE if dataset.static else dataset.channels
    masters = dict(parameters.initial(config.system, config.oscillators, inputs, generator))
    masters["stiffness"] = generator.uniform(0.0, STIFFEST, config.oscillators)
    np.maximum(masters["stiffness"], FLOOR, out=masters["stiffness"])
    parameters.check_stable(masters, config.system, config.step)
    masters |= head.initial(generator)
    if dataset.static:
        masters[encoder.NAME] = encoder.initial(config.oscillators, dataset.channels, generator)
    samples = dataset.train.inputs
    return Checkpoint(
        config=config,
        classes=dataset.classes,
        channels=dataset.channels,
        targets=dataset.targets,
        scaling=Scaling.whole(samples) if dataset.static else Scaling.fit(samples, config.preset.operand),
        target_scaling=Scaling.fit(dataset.train.targets, config.preset.operand) if dataset.targets else None,
        masters=masters,
        generator=dict(generator.bit_generator.state),
        interval=dataset.interval,
    )


class Training:
    """A run under way.

    Parameters
    ----------
    checkpoint : where it stands; changed by every minibatch
    dataset : what it learns; `evaluation.check_data` must have passed
    engine : computes positions and gradients
    folder : takes metrics and checkpoints; None keeps nothing

    Members
    -------
    batches : minibatches of an epoch
    health : what the detector has said since the start or resumption
    last : metrics of the epoch finished last
    """

    def __init__(self, checkpoint: Checkpoint, dataset: Dataset, engine: Engine, folder: RunFolder | None = None) -> None:
        self.checkpoint, self.dataset, self.engine, self.folder = checkpoint, dataset, engine, folder
        self.config = config = checkpoint.config
        self._head = make_head(config.readout, dataset.classes, dataset.targets, config.outputs, config.oscillators)
        self._train, self._test = (scale(checkpoint, split) for split in (dataset.train, dataset.test))
        self._spread = np.concatenate(self._train.inputs).std(axis=0)
        self.batches = math.ceil(len(self._train) / config.batch)
        self._optimiser = OPTIMISERS[config.optimiser]()
        self._optimiser.memory, self._optimiser.steps = checkpoint.memory, checkpoint.steps
        self.health = Health()
        self.last: dict[str, Any] = {}
        engine.load(checkpoint.masters)

    def run(self, until: int | None = None, stop: Callable[[], bool] = lambda: False, progress: Callable[[], None] = lambda: None) -> None:
        """Train to the end of epoch ``until`` (default: the last).

        Parameters
        ----------
        stop : asked before every minibatch; if it says so, a checkpoint is saved and `Interrupted` raised
        progress : called after every minibatch
        """
        point = self.checkpoint
        while point.epoch < (self.config.epochs if until is None else until):
            began = time.monotonic()
            generator = np.random.default_rng()
            generator.bit_generator.state = point.generator
            order = generator.permutation(len(self._train))
            tally = Tally(point.tally)
            while point.batch < self.batches:
                if stop():
                    point.tally = tally.to_json(time.monotonic() - began)
                    self._save()
                    raise Interrupted
                self._minibatch(order[point.batch * self.config.batch : (point.batch + 1) * self.config.batch], tally)
                point.tally = tally.to_json(0.0)
                point.batch += 1
                progress()
            point.epoch, point.batch, point.tally = point.epoch + 1, 0, {}
            point.generator = dict(generator.bit_generator.state)
            parameters.check_stable(self._system(), self.config.system, self.config.step)
            self._line(tally, began)
            self._save()

    def test(self) -> dict[str, float]:
        """Loss and score on the test set: ``test_accuracy``, or ``test_error`` as a share of the targets' variance."""
        return evaluate(self.engine, self._head, self.checkpoint, self._test)

    def _system(self) -> dict[str, Floats]:
        return {name: self.checkpoint.masters[name] for name in parameters.names(self.config.system)}

    def _minibatch(self, chosen: NDArray[np.int64], tally: Tally) -> None:
        point, config = self.checkpoint, self.config
        output = self.engine.forward([self._sample(i) for i in chosen.tolist()])
        judgement = self._head.judge(point.masters, output, self._train, chosen)
        if not math.isfinite(judgement.loss):
            raise ConfigError(f"the loss is {judgement.loss} in epoch {point.epoch + 1}: lower --lr")
        gradient, health = self.engine.backward(judgement.output)
        whole = clip_norm({**gradient, **judgement.masters}, config.clip)
        rate = learning_rate(config.lr, config.schedule, self._optimiser.steps, config.epochs * self.batches)
        for name in DECAYED:
            if name in point.masters:
                point.masters[name] *= 1.0 - rate * config.decay
        self._optimiser.update(point.masters, whole, rate)
        project(point.masters, config.system, config.step, config.preset)
        point.steps = self._optimiser.steps
        self.engine.load(point.masters)
        tally.add(len(chosen), judgement, health)
        self.health.add(health)

    def _sample(self, index: int) -> Floats:
        """A training sample, with noise on it that seed, epoch and sample decide: a resumed run draws the same."""
        sample = self._train.inputs[index]
        if not (self.config.jitter and self.checkpoint.classes):
            return sample
        generator = np.random.default_rng([self.config.seed, self.checkpoint.epoch, index])
        noisy: Floats = sample + self.config.jitter * self._spread * generator.standard_normal(sample.shape)
        return noisy

    def _line(self, tally: Tally, began: float) -> None:
        point = self.checkpoint
        line: dict[str, Any] = {"epoch": point.epoch, **tally.summary("accuracy" if point.classes else "error")}
        if point.epoch % TEST_EVERY == 0 or point.epoch == self.config.epochs:
            line |= self.test()
        line["seconds"] = round(tally.seconds + time.monotonic() - began, 3)
        if self.folder is not None:
            self.folder.append(line)
        self.last = line

    def close(self) -> None:
        """Let go of the device and of the folder."""
        try:
            self.engine.close()
        finally:
            if self.folder is not None:
                self.folder.release()

    def _save(self) -> None:
        if self.folder is not None:
            self.checkpoint.save(self.folder.checkpoint)
