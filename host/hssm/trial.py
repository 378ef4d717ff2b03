"""One training of one model on one set, by one method, from one seed: epochs, a checkpoint after each, logs, a verdict on the test half.

A trial's folder holds ``checkpoint.pt``, ``metrics.jsonl`` and TensorBoard's events while it is under way, and ``result.json`` from its
end on. The same trial goes on where it was stopped, with the same numbers as if it had not been.
"""

from __future__ import annotations

import io
import json
import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from loschmidt.host import atomic, events
from loschmidt.host.errors import CheckpointError, ConfigError, UntrustedGradientWarning
from loschmidt.host.experiments.experiment import Tell
from loschmidt.host.runs import RunFolder

from .model import Model, Size
from .sets import Half, Task

CHECKPOINT, RESULT = "checkpoint.pt", "result.json"

#: Of this checkpoint's layout, and of what a trial computes: what is older is not gone on with.
LAYOUT = 1


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: AdamW, the rate falling to zero along half a cosine.

    Members
    -------
    epochs, batch : passes over the training half, and sequences of a minibatch
    rate, decay : learning rate at the start; weight decay
    clip : largest norm of a gradient
    """

    epochs: int = 100
    batch: int = 16
    rate: float = 0.01
    decay: float = 0.01
    clip: float = 1.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not (value > 0 or (name == "decay" and value == 0)) or not math.isfinite(value):
                raise ConfigError(f"{name} must be positive, not {value:g}")


@dataclass(frozen=True)
class Trial:
    """What is trained, on what, how, from which seed: the same seed gives the same initial weights, order and dropout to every method."""

    task: Task
    size: Size
    recipe: Recipe
    method: str
    seed: int

    @property
    def batches(self) -> int:
        """Of an epoch."""
        return -(-len(self.task.train) // self.recipe.batch)

    def about(self) -> dict[str, Any]:
        """What must be the same for the numbers to mean the same."""
        return {
            "layout": LAYOUT,
            "set": self.task.name,
            "method": self.method,
            "seed": self.seed,
            "size": asdict(self.size),
            "recipe": asdict(self.recipe),
            "torch": torch.__version__,
        }

    def run(self, folder: Path, tell: Tell, stopped: Callable[[], bool]) -> dict[str, Any] | None:
        """The result; None if ``stopped`` has said so, between two epochs.

        Raises
        ------
        CheckpointError : the folder holds another trial, or a damaged one
        StorageError : the folder cannot be written, or another process is writing to it
        """
        finished = self._finished(folder)
        if finished is not None:
            return finished
        atomic.folder(folder)
        place = RunFolder(folder)
        place.lock()
        try:
            # Another process may have finished it meanwhile.
            return self._finished(folder) or self._go_on(place, tell, stopped)
        finally:
            place.release()

    def _go_on(self, place: RunFolder, tell: Tell, stopped: Callable[[], bool]) -> dict[str, Any] | None:
        work = _Work(self, place)
        try:
            work.resume()
            while work.epoch < self.recipe.epochs:
                if stopped():
                    return None
                work.train(lambda share: tell(f"{self.task.name}, {self.method}, seed {self.seed}", share))
            return work.finish()
        finally:
            work.close()

    def _finished(self, folder: Path) -> dict[str, Any] | None:
        path = folder / RESULT
        if not path.is_file():
            return None
        try:
            found: dict[str, Any] = json.loads(path.read_text())
            about = found["about"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path}: not a trial's result ({error}): move its folder away") from error
        _same(path, about, self.about())
        return found


class _Work:
    """A trial under way."""

    def __init__(self, trial: Trial, folder: RunFolder) -> None:
        task, recipe = trial.task, trial.recipe
        self.trial, self.folder = trial, folder
        torch.manual_seed(trial.seed)
        self.model = Model(task.channels, task.outputs, trial.size, trial.method, task.steps)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        self.epoch, self.seconds = 0, 0.0

    def resume(self) -> None:
        """Go on from the folder's checkpoint, if there is one."""
        path = self.folder.path / CHECKPOINT
        if not path.is_file():
            return
        try:
            kept = torch.load(io.BytesIO(path.read_bytes()), weights_only=True)
            about = json.loads(kept["about"])
        except Exception as error:  # PyTorch raises what it likes for a damaged file
            raise CheckpointError(f"{path}: not a checkpoint, or a damaged one ({' '.join(str(error).split())[:100]})") from error
        _same(path, about, self.trial.about())
        self.model.load_state_dict(kept["model"])
        self.optimiser.load_state_dict(kept["optimiser"])
        torch.set_rng_state(kept["generator"])
        self.epoch, self.seconds = kept["epoch"], kept["seconds"]
        self.folder.rewind(self.epoch)

    def _save(self) -> None:
        buffer = io.BytesIO()
        kept = {
            "about": json.dumps(self.trial.about()),
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": torch.get_rng_state(),
            "epoch": self.epoch,
            "seconds": self.seconds,
        }
        torch.save(kept, buffer)
        atomic.write(self.folder.path / CHECKPOINT, buffer.getvalue())

    def train(self, tell: Callable[[float], None]) -> None:
        """One epoch."""
        began, recipe, batches = time.monotonic(), self.trial.recipe, self.trial.batches
        self.model.train()
        total, reports = 0.0, []
        for number, (inputs, lengths, targets) in enumerate(_batches(self.trial.task.train, recipe.batch, shuffle=True)):
            done = (self.epoch * batches + number) / (recipe.epochs * batches)
            tell(done)
            for group in self.optimiser.param_groups:
                group["lr"] = recipe.rate * (1 + math.cos(math.pi * done)) / 2
            self.optimiser.zero_grad()
            loss = self._loss(self.model(inputs, lengths), targets)
            with warnings.catch_warnings():
                # Counted below, and told.
                warnings.simplefilter("ignore", UntrustedGradientWarning)
                loss.backward()
            reports += [report for unit in self.model.units if unit.dynamics.layer for report in unit.dynamics.layer.report]
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
            self.optimiser.step()
            total += float(loss.detach()) * len(targets)
        self.epoch += 1
        self.seconds += time.monotonic() - began
        figures = {"loss": total / len(self.trial.task.train), "seconds": self.seconds}
        if reports:
            figures["untrusted"] = sum(not report.trusted for report in reports) / len(reports)
        self.folder.append({"epoch": self.epoch, **figures})
        self._save()

    def finish(self) -> dict[str, Any]:
        """Judge the model on both halves, and write the result."""
        lines = self.folder.lines()
        scores = {half: self._score(getattr(self.trial.task, half)) for half in ("train", "test")}
        result: dict[str, Any] = {"about": self.trial.about(), "loss": lines[-1]["loss"], **scores, "seconds": self.seconds}
        if "untrusted" in lines[-1]:
            result["untrusted"] = float(np.mean([line["untrusted"] for line in lines]))
        events.append(self.folder.path, {"epoch": self.epoch, "test": result["test"]})
        atomic.write(self.folder.path / RESULT, (json.dumps(result, indent=1) + "\n").encode())
        return result

    def _loss(self, found: Tensor, targets: Tensor) -> Tensor:
        if self.trial.task.classes:
            return functional.cross_entropy(found, targets)
        return functional.mse_loss(found[:, 0], targets.to(found.dtype))

    def _score(self, half: Half) -> float:
        """Accuracy; or the root of the mean squared error, in the targets' own unit."""
        self.model.eval()
        total = 0.0
        with torch.no_grad():
            for inputs, lengths, targets in _batches(half, self.trial.recipe.batch, shuffle=False):
                found = self.model(inputs, lengths)
                if self.trial.task.classes:
                    total += float((found.argmax(dim=1) == targets).sum())
                else:
                    total += float(((found[:, 0].double() - targets) ** 2).sum())
        return total / len(half) if self.trial.task.classes else math.sqrt(total / len(half)) * self.trial.task.unit

    def close(self) -> None:
        self.model.close()


def _batches(half: Half, size: int, shuffle: bool) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Sequences (B, T, M), padded with zeros; lengths (B,); targets (B,)."""
    order = torch.randperm(len(half)) if shuffle else torch.arange(len(half))
    for chosen in order.split(size):
        sequences = [torch.tensor(half.sequences[int(i)], dtype=torch.float32) for i in chosen]
        lengths = torch.tensor([len(sequence) for sequence in sequences])
        targets = torch.from_numpy(half.targets[chosen.numpy()])
        yield torch.nn.utils.rnn.pad_sequence(sequences, batch_first=True), lengths, targets


def _same(path: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for key, value in wanted.items():
        if found.get(key) != value:
            what = f"{key} was {found.get(key)}, now it is {value}"
            raise CheckpointError(f"{path}: of another trial: {what}: give another --folder, or move this one away")
