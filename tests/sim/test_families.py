"""The array as it is built for each family, vendors' cells and all, returns the golden model's integers: forward, flip, echo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import Phase, given, settings

from loschmidt.host.device import Device
from loschmidt.host.word_device import WordDevice
from loschmidt.hw import block_ram
from loschmidt.hw.array import Array
from loschmidt.sim.rtl import RtlPort
from loschmidt.sim.rtl.cells import adders, multipliers, unlinted, yosys
from loschmidt.sim.rtl.library import library
from loschmidt.sim.rtl.open import patience
from loschmidt.sim.rtl.verilog import verilog
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.part import Family
from loschmidt.spec.shape import Shape
from tests.hw.under import Under

from .cases import Case, cases
from .checks import Fault, alike

FORMATS = replace(PRESETS["16"], segments=64)
#: One lane, as on the smallest board, whose tickets hold their values; and a pair of lanes that share a memory, in several rows.
SHAPES = {"one_lane": Shape(3, 2, 1, 2, 1, 4, 4, 6, FORMATS), "pair": Shape(5, 1, 2, 2, 2, 4, 4, 6, FORMATS)}
FAMILIES = [(Family.ECP5, "pair"), (Family.ICE40, "one_lane"), (Family.ICE40, "pair"), (Family.GOWIN, "one_lane")]

#: Models of what else a family's arrays are made of.
OTHERS: dict[Family, Callable[[], str]] = {Family.ECP5: adders, Family.ICE40: partial(yosys, Family.ICE40, "SB_SPRAM256KA")}


def agree(family: Family, shape: Shape) -> None:
    cells = multipliers() + OTHERS.get(family, str)()
    built = library(unlinted(verilog(Under(Array(shape), family)) + cells))

    def powered_up(_: Shape) -> Device:
        return WordDevice(RtlPort(built, patience(shape)))

    @settings(max_examples=25, database=None, phases=[Phase.generate], report_multiple_bugs=False)
    @given(cases(shape))
    def same(case: Case) -> None:
        alike(powered_up, case)

    same()


@pytest.mark.parametrize(("family", "name"), FAMILIES)
def test_agrees_with_the_golden_model(family: Family, name: str) -> None:
    agree(family, SHAPES[name])


def test_memory_that_is_early_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_ram, "later", lambda m, value, name, cycles: value)
    with pytest.raises(Fault, match="differ in"):
        agree(Family.ICE40, SHAPES["pair"])
