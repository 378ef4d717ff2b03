"""Registers move into ECP5's block RAMs where nothing else would change, and only there."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.hw.flow.collisions import undefined
from loschmidt.hw.flow.registers import absorb, absorbed
from loschmidt.sim.rtl import tools

CLOCK, RESET = 2, 3


def ram(widths: tuple[int, int] = (18, 18), **connections: list[int]) -> dict[str, Any]:
    """A block RAM with outputs as given."""
    return {
        "type": "DP16KD",
        "parameters": {
            **{f"DATA_WIDTH_{side}": f"{width:032b}" for side, width in zip("AB", widths, strict=True)},
            **{f"REGMODE_{side}": "NOREG" for side in "AB"},
            **{f"CLK{side}MUX": f"CLK{side}" for side in "AB"},
        },
        "port_directions": {"CLKA": "input", "CLKB": "input", **dict.fromkeys(connections, "output")},
        "connections": {"CLKA": [CLOCK], "CLKB": [CLOCK], **connections},
    }


def flip_flop(d: int, q: int, clock: int = CLOCK, **parameters: str) -> dict[str, Any]:
    return {
        "type": "TRELLIS_FF",
        "parameters": {"CEMUX": "1 ", "CLKMUX": "CLK", "REGSET": "RESET", "SRMODE": "LSR_OVER_CE", **parameters},
        "port_directions": {"CLK": "input", "DI": "input", "LSR": "input", "Q": "output"},
        "connections": {"CLK": [clock], "DI": [d], "LSR": [RESET], "Q": [q]},
    }


def module(**cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": cells, "ports": {"clk": {"direction": "input", "bits": [CLOCK]}, "o": {"direction": "output", "bits": [90, 91]}}}


def test_both_bits_of_a_port_move() -> None:
    made = module(ram=ram(DOA0=[10], DOA1=[11]), first=flip_flop(10, 90), second=flip_flop(11, 91))
    assert absorbed(made) == 2
    assert list(made["cells"]) == ["ram"]
    found = made["cells"]["ram"]
    assert [found["connections"][port] for port in ("DOA0", "DOA1", "OCEA")] == [[90], [91], ["1"]]
    assert [found["parameters"][f"REGMODE_{side}"] for side in "AB"] == ["OUTREG", "NOREG"]


def test_bits_that_are_not_used_do_not_matter() -> None:
    assert absorbed(module(ram=ram(DOA0=[10], DOA1=[11]), first=flip_flop(10, 90))) == 1


def test_a_wide_word_goes_through_both_sides() -> None:
    made = module(ram=ram((36, 36), DOA0=[10], DOB0=[11]), first=flip_flop(10, 90), second=flip_flop(11, 91))
    assert absorbed(made) == 2
    assert [made["cells"]["ram"]["parameters"][f"REGMODE_{side}"] for side in "AB"] == ["OUTREG", "OUTREG"]


@pytest.mark.parametrize(
    "others",
    [
        {"second": flip_flop(11, 91, clock=4)},
        {"second": flip_flop(11, 91, CEMUX="CE")},
        {"second": flip_flop(11, 91, CLKMUX="INV")},
        {"second": flip_flop(11, 91, REGSET="SET")},
        {"second": flip_flop(11, 91), "third": flip_flop(11, 92)},
        {"second": {"type": "LUT4", "port_directions": {"A": "input", "Z": "output"}, "connections": {"A": [11], "Z": [91]}}},
    ],
    ids=["other clock", "enable", "other edge", "set", "two readers", "logic"],
)
@pytest.mark.parametrize("wide", [False, True])
def test_all_or_none(others: dict[str, Any], wide: bool) -> None:
    memory = ram((36, 36), DOA0=[10], DOB0=[11]) if wide else ram(DOA0=[10], DOA1=[11])
    made = module(ram=memory, first=flip_flop(10, 90), **others)
    before = copy.deepcopy(made)
    assert absorbed(made) == 0
    assert made == before


def test_output_of_the_module_is_a_reader() -> None:
    assert absorbed(module(ram=ram(DOA0=[90]), first=flip_flop(90, 12))) == 0


def test_registered_already() -> None:
    made = module(ram=ram(DOA0=[10]), first=flip_flop(10, 90))
    made["cells"]["ram"]["parameters"]["REGMODE_A"] = "OUTREG"
    assert absorbed(made) == 0


class Store(wiring.Component):
    """A memory and a register behind it."""

    def __init__(self) -> None:
        super().__init__({"at": In(8), "to": In(8), "value": In(18), "write": In(1), "word": Out(18)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(shape=18, depth=256, init=[])
        read, write = memory.read_port(), memory.write_port()
        word = Signal(18)
        m.d.comb += [read.addr.eq(self.at), write.addr.eq(self.to), write.data.eq(self.value), write.en.eq(self.write)]
        m.d.sync += word.eq(read.data)
        m.d.comb += self.word.eq(word)
        return m


def test_what_yosys_makes(tmp_path: Path) -> None:
    store = Store()
    ports = {name: (getattr(store, name), None) for name in store.signature.members}
    (tmp_path / "top.il").write_text(undefined(str(rtlil.convert(store, name="top", ports=ports, emit_src=False))))
    tools.yosys("read_rtlil top.il; synth_ecp5 -top top; write_json top.json", tmp_path)
    assert absorb(tmp_path / "top.json", "top") == 18
    cells = json.loads((tmp_path / "top.json").read_text())["modules"]["top"]["cells"]
    kinds = [cell["type"] for cell in cells.values()]
    assert kinds.count("DP16KD") == 1
    assert "TRELLIS_FF" not in kinds
