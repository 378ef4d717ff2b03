"""Every broken component is caught by the test it is listed with; `test_components` lets the unbroken ones pass the same."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from loschmidt.hw import rounding
from loschmidt.sim.bench.simulator import Difference

from .mutants import Fault, broken, control_mutants, lane_mutants
from .parts import bay, run

FAMILIES = {"lane": lane_mutants(), "control": control_mutants()}
MUTANTS = {name: (family, mutant) for family, found in FAMILIES.items() for name, mutant in found.items()}


@cache
def design(family: str) -> str:
    """Verilog of a family's bay."""
    return bay({name: mutant.part for name, mutant in FAMILIES[family].items()})


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name: str, tmp_path: Path) -> None:
    family, mutant = MUTANTS[name]
    with pytest.raises(Difference, match=rf"_bench failed \({mutant.caught_by}"):
        run(name, mutant.part, design(family), tmp_path, mutant.caught_by)


def test_a_fault_that_is_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("loschmidt.hw.rounding has 'no such text' 0 times, not once")):
        broken(rounding, Fault("no such text", ""))
