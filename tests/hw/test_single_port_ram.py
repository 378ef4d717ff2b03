"""iCE40's large memory does what the behavioural one does, held to the model that Yosys ships; broken ones are caught."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from amaranth.lib import wiring

from loschmidt.hw import single_port_ram
from loschmidt.hw.boards import spram
from loschmidt.sim.bench.simulator import Difference
from loschmidt.sim.rtl.cells import unlinted, yosys
from loschmidt.spec.part import Family

from .mutants import Fault, broken, with_imports
from .parts import Part, bay, run
from .under import Under

#: Name -> family, width and depth. One of iCE40's memories; three; two abreast for a wider word.
GOOD = {
    "behavioural": (None, 16, 300),
    "one_block": (Family.ICE40, 16, 300),
    "narrow": (Family.ICE40, 9, 2),
    "whole_block": (Family.ICE40, 16, 1 << 14),
    "three_blocks": (Family.ICE40, 12, 40_000),
    "two_abreast": (Family.ICE40, 18, 300),
    "ecp5": (Family.ECP5, 16, 300),
}

BROKEN = {
    "half_a_word": (spram, Fault("0b1111", "0b1011")),
    "asleep": (spram, Fault("i_POWEROFF=1", "i_POWEROFF=0")),
    "written_all_over": (single_port_ram, Fault("self.write & (place == number)", "self.write")),
    "next_block": (single_port_ram, Fault("chosen.eq(place)", "chosen.eq(place + 1)")),
}


def part(family: Family | None, width: int, depth: int, module: Any = single_port_ram) -> Part:
    def make() -> wiring.Component:
        made: wiring.Component = module.SinglePortRam(width, depth)
        return Under(made, family) if family else made

    return Part(make, "single_port_ram", {"width": width, "depth": depth})


def faulty(name: str) -> Part:
    module, fault = BROKEN[name]
    copy = broken(module, fault)
    if module is spram:
        copy = with_imports(single_port_ram, spram=copy.spram)
    return part(*GOOD["three_blocks"], module=copy)


PARTS = {**{name: part(*settings) for name, settings in GOOD.items()}, **{name: faulty(name) for name in BROKEN}}


@cache
def design() -> str:
    return unlinted(bay(PARTS) + yosys(Family.ICE40, "SB_SPRAM256KA"))


@pytest.mark.parametrize("name", GOOD)
def test_memory(name: str, tmp_path: Path) -> None:
    assert run(name, PARTS[name], design(), tmp_path) == 1


@pytest.mark.parametrize("name", BROKEN)
def test_broken_memory_is_caught(name: str, tmp_path: Path) -> None:
    with pytest.raises(Difference, match=r"single_port_ram_bench failed \(any_words"):
        run(name, PARTS[name], design(), tmp_path)


def test_as_many_blocks_as_it_takes() -> None:
    count = sum(line.split()[:1] == ["SB_SPRAM256KA"] for line in bay({name: PARTS[name] for name in GOOD}).splitlines())
    assert count == 1 + 1 + 1 + 3 + 2
