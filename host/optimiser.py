"""Adam and SGD on real-valued master weights, and the learning rate's schedule. All state is plain arrays, so that it can be resumed."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .errors import ConfigError

Floats = NDArray[np.float64]


class Optimiser(ABC):
    """Changes master weights in place.

    Members
    -------
    memory : named arrays like the weights they belong to, ``<moment>/<weight>``
    steps : updates made so far
    """

    def __init__(self) -> None:
        self.memory: dict[str, Floats] = {}
        self.steps = 0

    def update(self, weights: dict[str, Floats], gradient: Mapping[str, Floats], lr: float) -> None:
        """One step down the gradient (the same keys as ``weights``)."""
        self.steps += 1
        for name, weight in weights.items():
            weight -= lr * self._direction(name, gradient[name])

    @abstractmethod
    def _direction(self, name: str, gradient: Floats) -> Floats:
        """What is subtracted, per unit of learning rate."""

    def _moment(self, kind: str, name: str, like: Floats) -> Floats:
        return self.memory.setdefault(f"{kind}/{name}", np.zeros_like(like))


class Adam(Optimiser):
    """Adam with bias correction (Kingma & Ba 2015, algorithm 1)."""

    beta1, beta2, tiny = 0.9, 0.999, 1e-8

    def _direction(self, name: str, gradient: Floats) -> Floats:
        first, second = self._moment("first", name, gradient), self._moment("second", name, gradient)
        first += (1.0 - self.beta1) * (gradient - first)
        second += (1.0 - self.beta2) * (gradient**2 - second)
        unbiased: Floats = first / (1.0 - self.beta1**self.steps)
        return unbiased / (np.sqrt(second / (1.0 - self.beta2**self.steps)) + self.tiny)


class SGD(Optimiser):
    """Gradient descent with heavy-ball momentum."""

    momentum = 0.9

    def _direction(self, name: str, gradient: Floats) -> Floats:
        velocity = self._moment("velocity", name, gradient)
        velocity *= self.momentum
        velocity += gradient
        return velocity


OPTIMISERS: dict[str, type[Optimiser]] = {"adam": Adam, "sgd": SGD}


def learning_rate(first: float, schedule: str, step: int, steps: int) -> float:
    """Rate at update ``step`` of ``steps``: constant, or half a cosine from ``first`` to zero."""
    match schedule:
        case "constant":
            return first
        case "cosine":
            return first * 0.5 * (1.0 + math.cos(math.pi * step / steps))
    raise ConfigError(f"--schedule must be cosine or constant, not {schedule!r}")


def clip_norm(gradient: Mapping[str, Floats], largest: float) -> dict[str, Floats]:
    """The gradient, shortened to norm ``largest`` over all its parts together; 0 leaves it alone."""
    norm = math.sqrt(sum(float(np.sum(part**2)) for part in gradient.values()))
    factor = largest / norm if 0.0 < largest < norm else 1.0
    return {name: part * factor for name, part in gradient.items()}
