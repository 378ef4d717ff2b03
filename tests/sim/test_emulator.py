"""The emulator: the golden model's integers, whatever the number of workers, for as long as it takes."""

from __future__ import annotations

from loschmidt.sim.emulator import Emulator

from . import checks


def test_agrees_with_the_golden_model() -> None:
    checks.agreement(Emulator)


def test_reverses() -> None:
    checks.reversal(Emulator)
