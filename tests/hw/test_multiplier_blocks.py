"""The families' multiplier blocks do what the behavioural multiplier does, and broken ones are caught."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from loschmidt.hw import multiplier
from loschmidt.hw.boards import multipliers
from loschmidt.hw.boards.target import Target, family
from loschmidt.sim.bench.simulator import Difference
from loschmidt.sim.rtl import tools
from loschmidt.sim.rtl.cells import multipliers as models
from loschmidt.sim.rtl.cells import ours, unlinted
from loschmidt.spec.part import Family

from .mutants import Fault, broken, with_imports
from .parts import Part, bay, run, sized
from .under import Under

#: One that is too wide for iCE40's block is left to synthesis.
GOOD = {
    "ecp5_18": (Family.ECP5, 18),
    "ecp5_9": (Family.ECP5, 9),
    "ice40_16": (Family.ICE40, 16),
    "ice40_9": (Family.ICE40, 9),
    "ice40_18": (Family.ICE40, 18),
    "gowin_18": (Family.GOWIN, 18),
    "gowin_9": (Family.GOWIN, 9),
}

BROKEN = {
    "ecp5_no_pipeline": (Family.ECP5, Fault('"INPUTB", "PIPELINE", "OUTPUT"', '"INPUTB", "OUTPUT"')),
    "ecp5_unsigned": (Family.ECP5, Fault("i_SIGNEDB=1", "i_SIGNEDB=0")),
    "ecp5_swapped_bit": (Family.ECP5, Fault('f"i_B{i}": right[i]', 'f"i_B{i}": right[i ^ 1]')),
    "ice40_no_pipeline": (Family.ICE40, Fault("p_PIPELINE_16x16_MULT_REG2=1", "p_PIPELINE_16x16_MULT_REG2=0")),
    "ice40_half_a_pipeline": (Family.ICE40, Fault("p_BOT_8x8_MULT_REG=1", "p_BOT_8x8_MULT_REG=0")),
    "ice40_unsigned": (Family.ICE40, Fault("p_A_SIGNED=1", "p_A_SIGNED=0")),
    "gowin_late_sign": (Family.GOWIN, Fault("i_ASIGN=1", "i_ASIGN=0")),
    "gowin_no_operand_register": (Family.GOWIN, Fault("p_AREG=1", "p_AREG=0")),
}


def good(name: str) -> Part:
    target, width = GOOD[name]
    return sized(lambda width: Under(multiplier.Multiplier(width), target), "multiplier", width)


def faulty(name: str) -> Part:
    target, fault = BROKEN[name]
    blocks = broken(multipliers, fault).BLOCKS
    copy = with_imports(multiplier, BLOCKS=blocks)
    return sized(lambda width: Under(copy.Multiplier(width), target), "multiplier", blocks[target][0])


PARTS = {**{name: good(name) for name in GOOD}, **{name: faulty(name) for name in BROKEN}}


@cache
def design() -> str:
    """All of them side by side, and the models of the blocks in them."""
    return unlinted(bay(PARTS) + models())


@pytest.mark.parametrize("name", GOOD)
def test_block_multiplies(name: str, tmp_path: Path) -> None:
    assert run(name, PARTS[name], design(), tmp_path) == 2


@pytest.mark.parametrize("name", BROKEN)
def test_broken_block_is_caught(name: str, tmp_path: Path) -> None:
    with pytest.raises(Difference, match=r"multiplier_bench failed \(extremes"):
        run(name, PARTS[name], design(), tmp_path)


def test_blocks_are_used_where_they_fit() -> None:
    text = bay(PARTS)
    for cell, count in (("MULT18X18D", 2 + 3), ("SB_MAC16", 2 + 3), ("MULT18X18", 2 + 2)):
        assert sum(line.split()[:1] == [cell] for line in text.splitlines()) == count, cell


def test_no_target_no_block() -> None:
    assert [family(None), family(object()), family(Target(Family.ECP5))] == [None, None, Family.ECP5]


#: Operands as 18 bits, whether each is signed, and their product as 36 bits, worked out by hand.
BY_HAND = [
    (0x3FFFF, 0x3FFFF, 1, 1, 0x000000001),  # -1 * -1
    (0x3FFFF, 0x3FFFF, 0, 0, 0xFFFF80001),  # (2^18 - 1)^2 = 2^36 - 2^19 + 1
    (0x3FFFF, 0x3FFFF, 1, 0, 0xFFFFC0001),  # -(2^18 - 1)
    (0x20000, 0x20000, 1, 1, 0x400000000),  # 2^34
    (0x20000, 0x1FFFF, 1, 1, 0xC00020000),  # -2^34 + 2^17
    (0x00003, 0x00005, 1, 1, 0x00000000F),
]


@pytest.mark.parametrize("cell", ["MULT18X18D", "MULT18X18"])
def test_models_without_registers_by_hand(cell: str, tmp_path: Path) -> None:
    """Yosys works out what the model says, so nothing of this project is between."""
    (tmp_path / "model.v").write_text(ours(cell.lower()))
    lines = [f"read_verilog -sv model.v; hierarchy -top {cell}; proc; flatten; opt -full"]
    for left, right, left_signed, right_signed, product in BY_HAND:
        if cell == "MULT18X18D":
            operands = [f"-set {side}{i} {value >> i & 1}" for side, value in (("A", left), ("B", right)) for i in range(18)]
            signs = f"-set SIGNEDA {left_signed} -set SIGNEDB {right_signed}"
            outputs = [f"-prove P{i} {product >> i & 1}" for i in range(36)]
        else:
            operands = [f"-set A 18'h{left:x} -set B 18'h{right:x}"]
            signs = f"-set ASIGN {left_signed} -set BSIGN {right_signed}"
            outputs = [f"-prove DOUT 36'h{product:x}"]
        lines.append(f"sat -verify {' '.join(operands)} {signs} {' '.join(outputs)}")
    tools.yosys("; ".join(lines), tmp_path)
