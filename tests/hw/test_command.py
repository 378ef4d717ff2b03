"""The command port passes its bench in several shapes, and so do its parts; every broken one is caught by the test it is listed with."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from loschmidt.sim.bench.simulator import Difference

from .command_mutants import command_mutants, command_parts
from .parts import bay, run

PARTS = command_parts()
MUTANTS = command_mutants()


@cache
def right() -> str:
    """Verilog of all that must pass."""
    return bay(PARTS)


@cache
def wrong() -> str:
    """Verilog of all that must be caught."""
    return bay({name: mutant.part for name, mutant in MUTANTS.items()})


@pytest.mark.parametrize("name", PARTS)
def test_command_port(name: str, tmp_path: Path) -> None:
    assert run(name, PARTS[name], right(), tmp_path) >= 1


@pytest.mark.parametrize("name", MUTANTS)
def test_broken_command_port_is_caught(name: str, tmp_path: Path) -> None:
    with pytest.raises(Difference, match=rf"_bench failed \({MUTANTS[name].caught_by}"):
        run(name, MUTANTS[name].part, wrong(), tmp_path, MUTANTS[name].caught_by)
