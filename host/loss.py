"""What is made of the oscillators' positions on the host: a loss, and its derivative with respect to those positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .data import Split
from .errors import ConfigError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: (B, N), or one (T_b, N) per sample.
Output = Floats | list[Floats]


@dataclass(frozen=True)
class Judgement:
    """The verdict on one minibatch.

    Members
    -------
    loss : summed over samples
    score : samples told right; or squared error summed over samples, as a share of the targets' variance
    output : derivative of the *mean* loss with respect to the output, shaped like it
    masters : derivative of the mean loss with respect to the head's own weights
    """

    loss: float
    score: float
    output: Output
    masters: dict[str, Floats]


class Head(Protocol):
    def initial(self, generator: np.random.Generator) -> dict[str, Floats]:
        """The head's own weights."""
        ...

    def judge(self, masters: Mapping[str, Floats], output: Output, split: Split, chosen: Ints) -> Judgement:
        """Compare the output of the ``chosen`` samples with what ``split`` says of them."""
        ...

    def predict(self, masters: Mapping[str, Floats], output: Output) -> list[Floats]:
        """Return what the model says of each sample, without anything to compare it with."""
        ...


#: Lets small weights tell small positions apart: otherwise training makes positions large, until they clip on their way to a product.
SHARPNESS = 6.0


@dataclass(frozen=True)
class SoftmaxHead:
    """Softmax cross-entropy of ``SHARPNESS x V^T + c``, x the last or mean position."""

    classes: int
    oscillators: int

    def initial(self, generator: np.random.Generator) -> dict[str, Floats]:
        weight = generator.standard_normal((self.classes, self.oscillators)) / (SHARPNESS * np.sqrt(self.oscillators))
        return {"readout_weight": weight, "readout_bias": np.zeros(self.classes)}

    def judge(self, masters: Mapping[str, Floats], output: Output, split: Split, chosen: Ints) -> Judgement:
        x, labels = np.asarray(output), split.labels[chosen]
        logits, normaliser = self._logits(masters, x)
        rows = np.arange(len(labels))
        error = np.exp(logits - normaliser)
        error[rows, labels] -= 1.0
        error /= len(labels)
        return Judgement(
            float(np.sum(normaliser[:, 0] - logits[rows, labels])),
            float(np.sum(np.argmax(logits, axis=1) == labels)),
            SHARPNESS * error @ masters["readout_weight"],
            {"readout_weight": SHARPNESS * error.T @ x, "readout_bias": error.sum(axis=0)},
        )

    def predict(self, masters: Mapping[str, Floats], output: Output) -> list[Floats]:
        """Return the classes' probabilities, (1, classes) for each sample."""
        logits, normaliser = self._logits(masters, np.asarray(output))
        return list(np.exp(logits - normaliser)[:, None, :])

    def _logits(self, masters: Mapping[str, Floats], x: Floats) -> tuple[Floats, Floats]:
        """Logits (B, classes), the largest of each sample 0, and the logarithm (B, 1) of the sum of their exponentials."""
        logits = SHARPNESS * x @ masters["readout_weight"].T + masters["readout_bias"]
        logits -= logits.max(axis=1, keepdims=True)
        return logits, np.log(np.sum(np.exp(logits), axis=1, keepdims=True))


@dataclass(frozen=True)
class TrackingHead:
    """Half the squared error of some oscillators' positions, averaged over steps and targets; it has no weights of its own."""

    outputs: tuple[int, ...]
    oscillators: int

    def initial(self, generator: np.random.Generator) -> dict[str, Floats]:
        return {}

    def judge(self, masters: Mapping[str, Floats], output: Output, split: Split, chosen: Ints) -> Judgement:
        """``split.targets`` are in units of the training targets' deviation, so that the score is a share of their variance."""
        gradients: list[Floats] = []
        total = 0.0
        for x, index in zip(output, chosen, strict=True):
            error = x[:, self.outputs] - split.targets[index]
            total += float(np.mean(error**2))
            gradient = np.zeros_like(x)
            gradient[:, self.outputs] = error / (error.size * len(chosen))
            gradients.append(gradient)
        return Judgement(total / 2.0, total, gradients, {})

    def predict(self, masters: Mapping[str, Floats], output: Output) -> list[Floats]:
        """Return the tracked waveforms, (T_b, targets) for each sample, in units of the training targets' deviation."""
        return [x[:, self.outputs] for x in output]


def make_head(readout: str, classes: Sequence[str], targets: int, outputs: tuple[int, ...], oscillators: int) -> Head:
    """The head that fits the data, or `ConfigError`."""
    if readout == "every":
        if not targets:
            raise ConfigError("--readout every tracks a waveform, the data are classes: use --readout last or mean, or a .csv file")
        chosen = outputs or tuple(range(targets))
        if len(chosen) != targets or len(set(chosen)) != targets:
            raise ConfigError(f"--outputs must name {targets} different oscillators, one for each target, not {len(chosen)}")
        if max(chosen) >= oscillators:
            raise ConfigError(f"{targets} targets need as many oscillators: raise --oscillators above {oscillators}")
        return TrackingHead(chosen, oscillators)
    if not classes:
        raise ConfigError(f"--readout {readout} tells classes apart, the data are a waveform: use --readout every")
    if len(classes) < 2:
        raise ConfigError(f"all recordings are of one class, {classes[0]!r}, so there is nothing to tell apart: give at least two classes")
    return SoftmaxHead(len(classes), oscillators)
