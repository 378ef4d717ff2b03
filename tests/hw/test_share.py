"""What a design has many of is written once, and it is the same design."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.hw.flow.share import shared
from loschmidt.sim.native import compiler
from loschmidt.sim.rtl import tools


class Step(wiring.Component):
    """A register behind a sum, of which only the wider differ in anything but their name."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({"i": In(width), "more": In(width), "o": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.sync += self.o.eq(self.i + self.more)
        return m


class Row(wiring.Component):
    """Lanes in a row, each fed by the one before."""

    def __init__(self, names: tuple[str, ...], widths: tuple[int, ...]) -> None:
        self.names, self.widths = names, widths
        super().__init__({"i": In(8), "more": In(8), "o": Out(8)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        word = self.i
        for name, width in zip(self.names, self.widths, strict=True):
            m.submodules[name] = step = Step(width)
            m.d.comb += [step.i.eq(word), step.more.eq(self.more)]
            word = step.o
        m.d.comb += self.o.eq(word)
        return m


def text(*widths: int, name: str = "lane") -> str:
    row = Row(tuple(f"{name}_{number}" for number in range(len(widths))), widths)
    ports = {member: (getattr(row, member), None) for member in row.signature.members}
    return str(rtlil.convert(row, name="top", ports=ports, emit_src=False))


def modules(design: str) -> int:
    return len(re.findall(r"^module ", design, re.MULTILINE))


def same(first: str, second: str, directory: Path) -> bool:
    """Whether two designs do the same, from any state that both may be in."""
    for name, design in (("gold", first), ("gate", second)):
        (directory / f"{name}.il").write_text(design)
    read = "; ".join(
        f"read_rtlil {name}.il; setattr -mod -unset keep_hierarchy *; prep -flatten -top top; rename top {name}; design -stash {name}"
        for name in ("gold", "gate")
    )
    copy = "; ".join(f"design -copy-from {name} -as {name} {name}" for name in ("gold", "gate"))
    proof = "equiv_make gold gate both; hierarchy -top both; opt_clean; equiv_simple -seq 4; equiv_induct; equiv_status -assert"
    try:
        tools.yosys(f"{read}; {copy}; {proof}", directory)
    except compiler.ToolError:
        return False
    return True


def test_equal_lanes_become_one_that_is_kept(tmp_path: Path) -> None:
    design = text(8, 8, 8)
    found = shared(design)
    assert (modules(design), modules(found)) == (4, 2)
    assert found.count("attribute \\keep_hierarchy 1") == 1
    assert same(design, found, tmp_path)


def test_what_differs_stays_apart(tmp_path: Path) -> None:
    design = text(8, 8, 7)
    found = shared(design)
    assert modules(found) == 3
    assert same(design, found, tmp_path)


def test_only_lanes_and_tiles_are_kept() -> None:
    found = shared(text(8, 8, name="part"))
    assert modules(found) == 2
    assert "keep_hierarchy" not in found


@pytest.mark.parametrize(("right", "wrong"), [("cell $add", "cell $sub"), ("connect \\i \\i", "connect \\i \\more")])
def test_another_design_is_told_apart(tmp_path: Path, right: str, wrong: str) -> None:
    design = text(8, 8, 8)
    assert right in design
    assert not same(design, shared(design.replace(right, wrong, 1)), tmp_path)
