"""After synthesis: the netlist that `loschmidt build` would place returns the golden model's integers, and a broken one is caught."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from loschmidt.host.blank import BlankDevice
from loschmidt.host.device import Device
from loschmidt.host.echo import Readout
from loschmidt.host.errors import DeviceError
from loschmidt.host.link import LinkError, LinkPort
from loschmidt.host.report import Report
from loschmidt.host.verify import verify
from loschmidt.host.word_device import WordDevice
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.rtl import BoardLine, tools
from loschmidt.sim.rtl.cells import every
from loschmidt.sim.rtl.netlist import FAMILIES, Netlist, NetlistError, netlist, simulate
from loschmidt.spec.board import Board, load
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.protocol import ProtocolError

#: Of each run.
STEPS = 3


def small(name: str, lanes: int) -> Board:
    """A board with few oscillators, short buffers and a fast line, else as it is built."""
    board = load(name)
    shape = replace(board.shape, oscillators=3, inputs=2, lanes=lanes, contexts=2, ways=1, input_depth=4, nudge_depth=4, trace_depth=4)
    return replace(board, shape=shape, link=replace(board.link, divisor=4, buffer=256))


BOARDS = {board.name: board for board in (small("icebreaker", 1), small("ulx3s-12f", 2), small("tang-nano-9k", 1))}


@cache
def synthesised(name: str) -> Netlist:
    return netlist(BOARDS[name])


def measured(board: Board, module: Netlist, hamiltonians: tuple[Hamiltonian, ...]) -> Report:
    """Forward, flip and back; a gradient by the unchanged driver; every integer that is read beside the golden model's.

    What the netlist sends before its reset is over is lost, and asked for again.
    """

    def device(_: object) -> Device:
        line = BoardLine(simulate(board, module))
        array = WordDevice(LinkPort(line, "netlist", 0.001, session=77), "netlist")
        assert array.build != 0
        return BlankDevice(array)

    shape = board.shape
    return verify(
        device,
        hamiltonians=hamiltonians,
        oscillators=shape.oscillators,
        inputs=shape.inputs,
        steps=STEPS,
        s=2,
        formats=shape.formats,
        readouts=(Readout.EVERY,),
        against=GoldenDevice,
        checks=("reversal", "agreement"),
    )


@pytest.mark.parametrize("name", BOARDS)
def test_golden_models_integers(name: str) -> None:
    report = measured(BOARDS[name], synthesised(name), tuple(Hamiltonian))
    assert [row for row in report.rows if not row.passed] == []
    agreements = [row.measured["integers"] for row in report.rows if row.check == "agreement"]
    assert len(agreements) == len(Hamiltonian)
    assert min(agreements) > 90


#: A board, which of its cells lose what, and so are a cycle early: multipliers without their registers, as a search for multipliers once
#: left those that were there already, and block RAMs without those that `hw.flow.registers` moves into them.
WITHOUT = {
    "multipliers": ("icebreaker", "SB_MAC16", {"A_REG": "0", "B_REG": "0"}),
    "block_rams": ("ulx3s-12f", "DP16KD", {"REGMODE_A": "NOREG", "REGMODE_B": "NOREG"}),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_cells_without_their_registers_are_caught(name: str) -> None:
    board, kind, lost = WITHOUT[name]
    wrong = copy.deepcopy(synthesised(board))
    blocks = [cell for cell in wrong["cells"].values() if cell["type"] == kind]
    for block in blocks:
        block["parameters"] |= lost
    assert blocks
    try:
        rows = measured(BOARDS[board], wrong, (Hamiltonian.LINEAR,)).rows
    except (LinkError, DeviceError, ProtocolError, ValueError):
        return
    assert not all(row.passed for row in rows)


def test_lookup_tables_are_what_yosys_says(tmp_path: Path) -> None:
    """For every entry of the table, and so, entries being independent, for every table."""
    for family, cells in FAMILIES.items():
        lines, alike = [], []
        for kind, inputs in cells.luts.items():
            size = 1 << len(inputs)
            for entry in range(size):
                ports, wire = ", ".join(f".{port}(i[{k}])" for k, port in enumerate(inputs)), f"{kind}_{entry}"
                lines.append(f"wire {wire}; {kind} #(.{cells.table}({size}'d{1 << entry})) at_{wire} (.{cells.output}({wire}), {ports});")
                alike.append(f"{wire} == (i[{len(inputs) - 1}:0] == {entry})")
        text = "\n".join(("module top(input [3:0] i, output alike);", *lines, f"assign alike = {' && '.join(alike)};", "endmodule"))
        (tmp_path / "top.v").write_text(text)
        (tmp_path / "cells.v").write_text(every(family))
        tools.yosys(
            "read_verilog -sv -defer cells.v; read_verilog top.v; hierarchy -top top; proc; flatten; sat -verify -prove alike 1", tmp_path
        )


def test_family_without_models_is_refused() -> None:
    with pytest.raises(NetlistError, match=r"^arty-a7-100: netlists of XILINX7 cannot be simulated: not all cells have models$"):
        simulate(small("arty-a7-100", 2), {})
