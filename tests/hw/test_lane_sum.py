"""The families' adders sum up what the behavioural one does, and broken ones are caught."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from loschmidt.hw import lane_sum
from loschmidt.hw.boards import adders
from loschmidt.sim.bench.simulator import Difference
from loschmidt.sim.rtl.cells import adders as models
from loschmidt.sim.rtl.cells import unlinted
from loschmidt.spec.part import Family

from .mutants import Fault, broken, with_imports
from .parts import Part, bay, run, sized
from .under import Under

#: Widths that end with half a cell, and with a whole one.
GOOD = {"ecp5_9": 9, "ecp5_42": 42}

#: Faults of the adder, and of what is around it.
ADDER = {
    "neighbour_always": Fault("k >> 1 & k >> 3 & 1", "k >> 1 & 1"),
    "own_never": Fault("(k >> 2 & 1 | k >> 1 & k >> 3 & 1)", "(k >> 1 & k >> 3 & 1)"),
    "carry_of_the_wrong_one": Fault('zip("ABCD", ', 'zip("CBAD", '),
    "carry_not_handed_on": Fault("carry = following", "pass"),
    "half_without_carry": Fault('p_INJECT1_1="NO"', 'p_INJECT1_1="YES"'),
}
AROUND = {
    "never_cleared": Fault("own.eq(0)", "own.eq(own)"),
    "cleared_by_idlers": Fault("will_clear.eq(self.valid & self.add & ", "will_clear.eq("),
    "own_never_joins": Fault("will_join & ~will_clear", "0"),
    "goes_to_neighbour_anew": Fault("self.hop & ~self.first", "self.hop"),
}
BEHAVIOURAL = {
    "idlers_add": Fault("will_take.eq(self.valid & self.add)", "will_take.eq(self.add)"),
    "never_anew": Fault("Mux(begins, 0, ", "Mux(0, 0, "),
    "no_neighbour": Fault("Mux(joins, self.neighbour, self.total)", "self.total"),
    "without_carry": Fault("self.term, self.carry)", "self.term, 0 * self.carry)"),
}


def on_ecp5(module: Any, width: int) -> Part:
    """The sum of that module, or of a broken copy, as it is built for ECP5."""
    return sized(lambda width: Under(module.LaneSum(width), Family.ECP5), "lane_sum", width)


def bad(name: str) -> Part:
    if name in ADDER:
        copy = with_imports(lane_sum, ADDERS=broken(adders, ADDER[name]).ADDERS)
    else:
        copy = broken(lane_sum, {**AROUND, **BEHAVIOURAL}[name])
    if name in BEHAVIOURAL:
        return sized(copy.LaneSum, "lane_sum", 9)
    return on_ecp5(copy, 9)


BROKEN = [*ADDER, *AROUND, *BEHAVIOURAL]
PARTS = {
    "behavioural_9": sized(lane_sum.LaneSum, "lane_sum", 9),
    **{name: on_ecp5(lane_sum, width) for name, width in GOOD.items()},
    **{name: bad(name) for name in BROKEN},
}


@cache
def design() -> str:
    """All of them side by side, and the models of the cells in them."""
    return unlinted(bay(PARTS) + models())


@pytest.mark.parametrize("name", ["behavioural_9", *GOOD])
def test_sums_up(name: str, tmp_path: Path) -> None:
    assert run(name, PARTS[name], design(), tmp_path) == 1


@pytest.mark.parametrize("name", BROKEN)
def test_broken_one_is_caught(name: str, tmp_path: Path) -> None:
    with pytest.raises(Difference, match=r"lane_sum_bench failed \(any_operations"):
        run(name, PARTS[name], design(), tmp_path)


def test_a_family_without_adders_has_no_cells_of_another() -> None:
    assert "CCU2C" not in bay({"ice40": sized(lambda width: Under(lane_sum.LaneSum(width), Family.ICE40), "lane_sum", 9)})
    assert bay({"ecp5": on_ecp5(lane_sum, 9)}).count("  CCU2C ") == 2 * 5
