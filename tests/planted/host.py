"""Faults of host/."""

from __future__ import annotations

from .fault import Fault

FAULTS: list[Fault] = [
    Fault(
        "host/integers.py",
        "drift[momentum == formats.state.lowest] = 0",
        "",
        "tests/host/test_integers.py::test_last_midpoint_is_half_a_drift_back",
    ),
]
