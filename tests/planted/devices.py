"""Faults of sim/, hw/ and constraints/."""

from __future__ import annotations

from .fault import Fault

FAULTS: list[Fault] = []
