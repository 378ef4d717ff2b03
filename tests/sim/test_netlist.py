"""After synthesis: the netlist that `loschmidt build` would place returns the golden model's integers, and a broken one is caught."""

from __future__ import annotations

import copy
from dataclasses import replace
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


ICEBREAKER = small("icebreaker", 1)


@pytest.fixture(scope="module")
def synthesised() -> Netlist:
    return netlist(ICEBREAKER)


def measured(module: Netlist, hamiltonians: tuple[Hamiltonian, ...]) -> Report:
    """Forward, flip and back; a gradient by the unchanged driver; every integer that is read beside the golden model's.

    What the netlist sends before its reset is over is lost, and asked for again.
    """

    def device(_: object) -> Device:
        line = BoardLine(simulate(ICEBREAKER, module))
        return BlankDevice(WordDevice(LinkPort(line, "netlist", 0.001, session=77), "netlist"))

    shape = ICEBREAKER.shape
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


def test_golden_models_integers(synthesised: Netlist) -> None:
    report = measured(synthesised, tuple(Hamiltonian))
    assert [row for row in report.rows if not row.passed] == []
    agreements = [row.measured["integers"] for row in report.rows if row.check == "agreement"]
    assert len(agreements) == len(Hamiltonian)
    assert min(agreements) > 90


def test_multipliers_without_their_registers_are_caught(synthesised: Netlist) -> None:
    """What a search for multipliers once did to those that were there already."""
    wrong = copy.deepcopy(synthesised)
    blocks = [cell for cell in wrong["cells"].values() if cell["type"] == "SB_MAC16"]
    for block in blocks:
        block["parameters"] |= dict.fromkeys(("A_REG", "B_REG"), "0")
    assert blocks
    try:
        rows = measured(wrong, (Hamiltonian.LINEAR,)).rows
    except (LinkError, DeviceError, ProtocolError, ValueError):
        return
    assert not all(row.passed for row in rows)


def test_lookup_tables_are_what_yosys_says(tmp_path: Path) -> None:
    """For every entry of the table, and so, entries being independent, for every table."""
    for family, cells in FAMILIES.items():
        lines, alike, size = [], [], 1 << len(cells.inputs)
        for entry in range(size):
            ports = ", ".join(f".{port}(i[{k}])" for k, port in enumerate(cells.inputs))
            lines.append(
                f"wire o_{entry}; {cells.lut} #(.{cells.table}({size}'d{1 << entry})) at_{entry} (.{cells.output}(o_{entry}), {ports});"
            )
            alike.append(f"o_{entry} == (i == {entry})")
        text = "\n".join(("module top(input [3:0] i, output alike);", *lines, f"assign alike = {' && '.join(alike)};", "endmodule"))
        (tmp_path / "top.v").write_text(text)
        models = f"read_verilog -sv -defer +/{family.value}/cells_sim.v; read_verilog top.v"
        tools.yosys(f"{models}; hierarchy -top top; proc; flatten; sat -verify -prove alike 1", tmp_path)


def test_family_without_models_is_refused() -> None:
    with pytest.raises(NetlistError, match=r"^ulx3s-12f: netlists of ECP5 cannot be simulated: not all cells have models$"):
        simulate(small("ulx3s-12f", 2), {})
