"""All experiments, in the order of the documents."""

from __future__ import annotations

from loschmidt.host.experiments.experiment import Experiment

from . import devices, long, memory, speed

CATALOGUE: tuple[Experiment, ...] = (speed.EXPERIMENT, memory.EXPERIMENT, long.EXPERIMENT, devices.EXPERIMENT)
