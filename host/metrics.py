"""Sums over an epoch, and the line of ``metrics.jsonl`` that they become."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from .engine import Health
from .loss import Judgement


class Tally:
    """What an epoch has added up so far; goes through a checkpoint unchanged.

    Members
    -------
    samples, loss, score : how many samples, and sums over them
    health : what the detector said
    seconds : time spent before the last resumption
    """

    def __init__(self, saved: Mapping[str, Any]) -> None:
        self.samples = int(saved.get("samples", 0))
        self.loss = float(saved.get("loss", 0.0))
        self.score = float(saved.get("score", 0.0))
        self.seconds = float(saved.get("seconds", 0.0))
        self.health = Health(**saved.get("health", {}))

    def add(self, samples: int, judgement: Judgement, health: Health) -> None:
        self.samples += samples
        self.loss += judgement.loss
        self.score += judgement.score
        self.health.add(health)

    def to_json(self, seconds: float) -> dict[str, Any]:
        """``seconds`` : time spent since the last resumption."""
        return {
            "samples": self.samples,
            "loss": self.loss,
            "score": self.score,
            "seconds": self.seconds + seconds,
            "health": dataclasses.asdict(self.health),
        }

    def summary(self, measure: str) -> dict[str, Any]:
        """``measure`` names the score: ``accuracy``, or ``error`` as a share of the targets' variance."""
        health = self.health
        line: dict[str, Any] = {"loss": self.loss / self.samples, f"train_{measure}": self.score / self.samples}
        if health.samples:
            line |= {name: getattr(health, name) for name in ("untrusted", "overflow", "clip")}
            line |= {name: float(np.median(getattr(health, name))) for name in ("eps", "dev", "asym")}
        return line
