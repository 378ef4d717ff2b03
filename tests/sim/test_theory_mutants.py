"""The theory done wrong is told from the theory done right, by the same bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from loschmidt.sim.theory import Floats, Kind, TheoryError, gradient

from .theory_cases import Case, apart
from .theory_mutants import MUTANTS, Mutant

NEAR = 1e-6
RESTING = ("ep", "implicit")


def given(case: Case, method: str) -> tuple[Floats, Floats]:
    return (case.inputs[0], case.targets[0]) if method in RESTING else (case.inputs, case.targets)


def truth(case: Case, method: str) -> Floats:
    """Finite differences of the problem that the method solves."""
    boundary = {"cbvp": "position", "glep": "split"}.get(method, "initial")
    return gradient(case.system, *given(case, method), "finite-differences", boundary=boundary).parameters


def off(case: Case, method: str, wanted: Floats) -> float:
    """How far the method is from the truth; a method that gives up is infinitely far."""
    options: dict[str, Any] = {"boundary": "split"} if method == "glep" else {}
    try:
        return apart(gradient(case.system, *given(case, method), method, **options).parameters, wanted)
    except TheoryError:
        return np.inf


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.method}: {mutant.what}")
def test_mutant_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(Kind.DENSE, steps=20, damping=mutant.damping)
    wanted = truth(case, mutant.method)
    assert off(case, mutant.method, wanted) < NEAR
    mutant.plant(monkeypatch)
    assert off(case, mutant.method, wanted) > 10 * NEAR
