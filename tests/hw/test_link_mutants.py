"""Every broken link is caught by the test it is listed with; `test_link` lets the unbroken ones pass the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from loschmidt.sim.bench.simulator import Difference

from .link_mutants import link_mutants
from .parts import bay, run

MUTANTS = link_mutants()


@pytest.fixture(scope="module")
def design() -> str:
    return bay({name: mutant.part for name, mutant in MUTANTS.items()})


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name: str, design: str, tmp_path: Path) -> None:
    mutant = MUTANTS[name]
    with pytest.raises(Difference, match=rf"_bench failed \({mutant.caught_by}"):
        run(name, mutant.part, design, tmp_path, mutant.caught_by)
