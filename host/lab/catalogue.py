"""All experiments, in the order of the report."""

from __future__ import annotations

from . import cost, heb, reversibility, word_length
from .experiment import Experiment

CATALOGUE: tuple[Experiment, ...] = (reversibility.EXPERIMENT, word_length.EXPERIMENT, cost.EXPERIMENT, heb.EXPERIMENT)
