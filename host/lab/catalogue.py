"""All experiments, in the order of the report."""

from __future__ import annotations

from loschmidt.host.experiments.experiment import Experiment

from . import boundary, cost, differences, dissipation, heb, reversibility, static_gradient, time_step, tracking, trust, word_length

CATALOGUE: tuple[Experiment, ...] = (
    reversibility.EXPERIMENT,
    static_gradient.EXPERIMENT,
    differences.EXPERIMENT,
    tracking.EXPERIMENT,
    dissipation.EXPERIMENT,
    boundary.EXPERIMENT,
    word_length.EXPERIMENT,
    time_step.EXPERIMENT,
    trust.EXPERIMENT,
    cost.EXPERIMENT,
    heb.EXPERIMENT,
)
